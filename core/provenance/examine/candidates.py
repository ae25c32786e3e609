"""Hold what a file claims to be against the record of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.contracts.examination import Confirmation, Evidence, PublicRecord
from core.contracts.ids import VerifyId
from core.contracts.registry import Fingerprints, ProvenanceRecord
from core.provenance.authority_time import roots_in
from core.provenance.distance import distance
from core.provenance.examine.answers import Fitting, LayQuestion, MarkFound, Seen
from core.provenance.examine.process import PixelProcess
from core.provenance.late_stamps import proven_state
from core.storage import Store
from core.storage.session import Unit

_PDQ_MOST, _PDQ_QUALITY = 31, 50
_PHASH_MOST, _PHASH_QUALITY = 40, 10
"""As `alike` has them, where their sources stand; that module loads numpy."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that a file claims to be, and what comparing found."""

    verify_id: VerifyId
    evidence: tuple[Evidence, ...]
    record: ProvenanceRecord | None
    confirmed_by: Confirmation | None = None
    fitting: Fitting = field(default_factory=lambda: Fitting(fit="unclear"))

    @property
    def is_same(self) -> bool:
        """Tell whether the picture is the record's."""
        return self.confirmed_by is not None

    @property
    def is_other(self) -> bool:
        """Tell whether the picture is certainly another one."""
        return self.confirmed_by is None and self.fitting.fit == "other"


def outcome_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """Pick what a file is best said to be: the same, then unclear, then another with our label."""
    return max(candidates, key=lambda each: (each.is_same, not each.is_other), default=None)


class Records:
    """Read the registry as the ladder needs it."""

    def __init__(self, store: Store, time_roots: Path | None = None) -> None:
        """Take where the registry is, and whom to believe its time stamps."""
        self._store = store
        self._time_roots = roots_in(time_roots)

    def by_sha256(self, sha256: str) -> ProvenanceRecord | None:
        """Find the file with exactly these bytes."""
        with self._store.reading() as unit:
            return unit.registry.by_sha256(sha256)

    def find(self, verify_id: VerifyId) -> ProvenanceRecord | None:
        """Find a record by its id."""
        with self._store.reading() as unit:
            return unit.registry.find(verify_id)

    def public(self, record: ProvenanceRecord) -> PublicRecord:
        """Take what anybody may know."""
        with self._store.reading() as unit:
            is_standing = _is_standing(unit, record)
        return PublicRecord(
            verify_id=record.verify_id,
            original=record.original,
            kind=record.kind,
            model=record.model,
            policy_name=record.policy_name,
            policy_version=record.policy_version,
            created_at=record.created_at.replace(microsecond=0),
            mode=record.mode,
            source_type=record.source_type,
            media_type=record.media_type,
            width=record.width,
            height=record.height,
            mark=record.mark.state,
            time_state=proven_state(self._store, record, self._time_roots),
            is_standing=is_standing,
        )

    def standing(self, verify_ids: Sequence[VerifyId]) -> set[VerifyId]:
        """Pick those that can still be seen where they were posted."""
        with self._store.reading() as unit:
            return unit.pictures.shown_among(verify_ids)

    def compare(
        self,
        verify_id: VerifyId,
        evidence: tuple[Evidence, ...],
        pixels: PixelProcess,
        mark: MarkFound | None,
        *,
        seen: Seen | None,
    ) -> Candidate:
        """Hold a picture against the record of an id that was found in it."""
        record, thumbnail = self._with_thumbnail(verify_id)
        if record is None:
            return Candidate(verify_id, evidence, None)
        if thumbnail is None:
            is_near = seen is not None and _is_near(record.fingerprints, seen, mark)
            confirmed_by = Confirmation.LOOKS if is_near else None
            fitting = Fitting(fit="unclear", is_mirrored=mark is not None and mark.is_mirrored)
            return Candidate(verify_id, evidence, record, confirmed_by, fitting)
        question = LayQuestion(
            thumbnail=thumbnail,
            width=record.width,
            height=record.height,
            is_by_mark=mark is not None,
        )
        fitting = pixels.fit(question)
        confirmed_by = Confirmation.THUMBNAIL if fitting.fit == "same" else None
        return Candidate(verify_id, evidence, record, confirmed_by, fitting)

    def _with_thumbnail(self, verify_id: VerifyId) -> tuple[ProvenanceRecord | None, bytes | None]:
        """Find a record and its thumbnail; a copy shows what its original shows."""
        with self._store.reading() as unit:
            record = unit.registry.find(verify_id)
            if record is None:
                return None, None
            thumbnail = unit.registry.thumbnail(verify_id)
            if thumbnail is None and record.original is not None:
                original = unit.registry.find(record.original)
                if original is not None:
                    return original, unit.registry.thumbnail(record.original)
            return record, thumbnail


def _is_standing(unit: Unit, record: ProvenanceRecord) -> bool:
    """Tell whether a picture can still be seen; a canary's sample, of no job, always can."""
    if record.job_id is None:
        return True
    pictures = [each.verify_id for each in unit.pictures.of_job(record.job_id)]
    shown = unit.pictures.shown_among(pictures)
    own = record.original or record.verify_id
    # A grid is no picture of its own: it stands while any of its tiles does.
    return own in shown if own in pictures else bool(shown)


def _is_near(known: Fingerprints | None, seen: Seen, mark: MarkFound | None) -> bool:
    """Tell whether the whole picture looks like the record's."""
    if known is None:
        return False
    looks = seen.mirrored_looks if mark is not None and mark.is_mirrored else seen.looks
    quality = min(known.pdq_quality, looks.pdq_quality)
    if quality >= _PDQ_QUALITY and distance(known.pdq, looks.pdq) <= _PDQ_MOST:
        return True
    return quality >= _PHASH_QUALITY and distance(known.phash, looks.phash) <= _PHASH_MOST
