"""Mark by `easel.ss64`: a keyed spread spectrum on a tile that repeats all over the picture."""

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkFacts, MarkState
from core.provenance.mark.base import Detected, Effort, Embedded, Pixels
from core.provenance.mark.erasing import erased
from core.provenance.mark.keys import MarkKey, MarkKeys
from core.provenance.mark.search import Reading, Search
from core.provenance.mark.strength import STRENGTHS_DB, outlasts_encoding, outlasts_preview
from core.provenance.mark.threads import one_thread
from core.provenance.mark.tile import PERIOD, Floats, Layout, layout_of, placement_of
from core.provenance.mark.waves import Spectrum, grain, luminance
from core.provenance.mark.writing import masked_tile, written

LEAST_SIDE = PERIOD
"""A shorter side holds no whole tile; what is cut from such a picture holds even less."""
_LEAST_LOOK = 96
"""Pixels on the shorter side below which no mark can be read."""
_MOST_LOOK = 1536
"""Pixels on the longer side beyond which a picture is made smaller before it is looked at."""

_MOST_MARKS = 3
"""Earlier marks that are taken out: of a picture, its enlargement, and the one before."""


class SpreadSpectrum:
    """Write with the newest key, read with all."""

    name: Final = "easel.ss64"

    def __init__(self, keys: MarkKeys) -> None:
        self._keys = keys

    def embed(self, pixels: Pixels, mark_id: VerifyId) -> Embedded:
        """Write at the least strength whose simulated preview can still be read.

        Where none is strong enough, at the least that outlasts JPEG at the picture's own size,
        and the facts say that it is weak.
        """
        if min(pixels.shape[:2]) < LEAST_SIDE:
            return Embedded(pixels, MarkFacts(state=MarkState.TOO_SMALL))
        layout = _layout(self._keys.newest)
        with one_thread():
            bare = self._without_marks(pixels)
            masked = masked_tile(layout, bare, mark_id)
            marked, strength, state = self._least(layout, bare, masked, mark_id)
        facts = MarkFacts(
            state=state,
            backend=self.name,
            mark_id=mark_id,
            key_version=self._keys.newest.version,
            strength_db=strength,
        )
        return Embedded(marked, facts)

    def embed_as(self, pixels: Pixels, facts: MarkFacts) -> Pixels:
        """Write the mark that the facts tell of.

        Raises:
            ValueError: they tell of none of this method, or its key is gone.
        """
        key = self._keys.of(facts.key_version)
        if facts.backend != self.name or facts.mark_id is None or facts.strength_db is None:
            raise ValueError(facts.backend)
        if key is None:
            raise ValueError(facts.key_version)
        with one_thread():
            bare = self._without_marks(pixels)
            masked = masked_tile(_layout(key), bare, facts.mark_id)
            return written(bare, masked, facts.strength_db)

    def detect(self, pixels: Pixels, *, effort: Effort) -> Detected | None:
        """Find a mark by any key, the newest first."""
        with one_thread():
            found = self._found(pixels, effort)
        return None if found is None else self._detected(found)

    def _found(self, pixels: Pixels, effort: Effort) -> "_Found | None":
        started = time.thread_time()
        luma = luminance(pixels)
        shrunk = min(1.0, _MOST_LOOK / max(luma.size))
        if min(luma.size) * shrunk < _LEAST_LOOK:  # A stroke would shrink to nothing.
            return None
        if shrunk < 1:
            size = (round(luma.width * shrunk), round(luma.height * shrunk))
            luma = luma.resize(size, Image.Resampling.LANCZOS)
        looked_at = grain(luma)
        spectrum = Spectrum.of(looked_at)
        for key in reversed(self._keys.versions):
            layout = _layout(key)
            reading = Search(layout, looked_at, spectrum).run(effort, started)
            if reading is not None:
                return _Found(key, layout, reading, luma.size, shrunk)
        return None

    def _without_marks(self, pixels: Pixels) -> Pixels:
        """Take out what earlier marks a picture has at the usual scales."""
        seen: set[str] = set()
        while len(seen) < _MOST_MARKS:
            found = self._found(pixels, Effort.QUICK)
            # On flat ground a trace of it is still read; it no longer stands against another.
            if found is None or found.reading.mark_id in seen:
                break
            seen.add(found.reading.mark_id)
            pixels = erased(pixels, found.layout, found.reading, found.shrunk)
        return pixels

    def _least(
        self, layout: Layout, pixels: Pixels, masked: Floats, mark_id: VerifyId
    ) -> tuple[Pixels, float, MarkState]:
        for strength in STRENGTHS_DB:
            marked = written(pixels, masked, strength)
            if outlasts_preview(layout, marked, mark_id):
                return marked, strength, MarkState.MARKED
        for strength in STRENGTHS_DB:
            marked = written(pixels, masked, strength)
            if outlasts_encoding(layout, marked, mark_id):
                break
        return marked, strength, MarkState.WEAK

    def _detected(self, found: "_Found") -> Detected:
        reading = found.reading
        across, down = reading.scales
        begins = placement_of(found.layout, reading.mark_id).origin
        return Detected(
            mark_id=reading.mark_id,
            backend=self.name,
            key_version=found.key.version,
            scale=float(np.sqrt(across * down)) / found.shrunk,
            is_mirrored=reading.is_mirrored,
            score=reading.score,
            origin=(
                (begins[0] + 0.5 - reading.shift[0] - found.size[0] / across / 2) % PERIOD,
                (begins[1] + 0.5 - reading.shift[1] - found.size[1] / down / 2) % PERIOD,
            ),
            period=PERIOD,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A reading, by which key, and the size of what was looked at."""

    key: MarkKey
    layout: Layout
    reading: Reading
    size: tuple[int, int]
    shrunk: float
    """By how much the picture had been made smaller."""


def _layout(key: MarkKey) -> Layout:
    return layout_of(key.secret.get_secret_value())
