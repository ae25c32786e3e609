"""Find out which layers of a sample's label are left in what a platform hands out of it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.contracts.ids import VerifyId
from core.contracts.label_checks import Fate, RenditionCheck, Sign
from core.contracts.provenance import ProvenanceReport, ProvenanceState
from core.contracts.registry import Fingerprints
from core.provenance.alike import PHASH_MAX_DISTANCE
from core.provenance.distance import MAX_DISTANCE, distance
from core.provenance.keys import Anchors
from core.provenance.mark.base import Effort
from core.provenance.pdq import MIN_QUALITY
from core.provenance.read import read

if TYPE_CHECKING:
    from core.provenance.mark.marker import Marker

_WITH_MANIFEST = frozenset(
    {ProvenanceState.VALID, ProvenanceState.VALID_UNTRUSTED, ProvenanceState.INVALID}
)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one file shows of a label."""

    report: ProvenanceReport
    mark_id: VerifyId | None = None
    looks: Fingerprints | None = None


class Survival:
    """Hold what comes back of one sample to what the sample itself shows.

    What can not be read in the sample's own bytes was never given, and no platform loses it.
    """

    def __init__(self, sample: bytes, anchors: Anchors | None, marker: "Marker") -> None:
        self._anchors, self._marker = anchors, marker
        # Nothing was done to it yet: a mark that is in it is found at once.
        self._sample = self._evidence(sample, Effort.QUICK)

    def of(self, data: bytes) -> RenditionCheck:
        """Say what is left in one rendition; a file that is no picture has lost everything."""
        # A mark that was never there is not searched for, which takes longest of all.
        effort = None if self._sample.mark_id is None else Effort.FULL
        found = self._evidence(data, effort)
        return RenditionCheck(
            media_type=found.report.media_type or "",
            width=found.report.width or 0,
            height=found.report.height or 0,
            size_bytes=len(data),
            fates={sign: self._fate(sign, found) for sign in _READ_BY},
        )

    def _fate(self, sign: Sign, found: _Evidence) -> Fate:
        if _READ_BY[sign](self._sample, self._sample) is not Fate.KEPT:
            return Fate.NOT_GIVEN
        return _READ_BY[sign](self._sample, found)

    def _evidence(self, data: bytes, effort: Effort | None) -> _Evidence:
        report = read(data, anchors=self._anchors)
        if report.state is ProvenanceState.UNREADABLE:
            return _Evidence(report)
        return self._seen(report, data, effort)

    def _seen(self, report: ProvenanceReport, data: bytes, effort: Effort | None) -> _Evidence:
        """Look at the pixels, whose number `read` has bounded."""
        import numpy as np
        from PIL import Image

        from core.provenance.looks import looks_of

        try:
            with Image.open(io.BytesIO(data)) as image:
                pixels = image.convert("RGB")
        except (OSError, SyntaxError, ValueError):  # What Pillow raises for a file that is broken.
            return _Evidence(report)
        mark = self._marker.detect(np.asarray(pixels), effort) if effort else None
        return _Evidence(report, mark.mark_id if mark else None, looks_of(pixels))


def _bytes(sample: _Evidence, found: _Evidence) -> Fate:
    return Fate.KEPT if found.report.sha256 == sample.report.sha256 else Fate.LOST


def _manifest(sample: _Evidence, found: _Evidence) -> Fate:
    if found.report.is_ours and found.report.verify_id == sample.report.verify_id:
        return Fate.KEPT
    return Fate.BROKEN if found.report.state in _WITH_MANIFEST else Fate.LOST


def _metadata(sample: _Evidence, found: _Evidence) -> Fate:
    here, there = _xmp_of(sample), _xmp_of(found)
    if not any(there):
        return Fate.LOST
    return Fate.KEPT if there == here else Fate.BROKEN


def _xmp_of(found: _Evidence) -> tuple[str | None, str | None]:
    return found.report.xmp_digital_source_type, found.report.xmp_ai_system


def _mark(sample: _Evidence, found: _Evidence) -> Fate:
    is_read = found.mark_id is not None and found.mark_id == sample.mark_id
    return Fate.KEPT if is_read else Fate.LOST


def _looks(sample: _Evidence, found: _Evidence) -> Fate:
    here, there = sample.looks, found.looks
    if here is None or there is None:
        return Fate.LOST
    is_told = min(here.pdq_quality, there.pdq_quality) >= MIN_QUALITY
    is_alike = is_told and distance(here.pdq, there.pdq) <= MAX_DISTANCE
    is_alike |= distance(here.phash, there.phash) <= PHASH_MAX_DISTANCE
    return Fate.KEPT if is_alike else Fate.LOST


_READ_BY: dict[Sign, Callable[[_Evidence, _Evidence], Fate]] = {
    Sign.BYTES: _bytes,
    Sign.C2PA: _manifest,
    Sign.XMP: _metadata,
    Sign.MARK: _mark,
    Sign.FINGERPRINT: _looks,
}
"""How each sign that a file carries is read, in the order in which they are shown."""
