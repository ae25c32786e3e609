"""Find a mark in a picture of unknown scale, cut and side."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts.ids import VerifyId
from core.provenance.mark.base import Effort
from core.provenance.mark.tile import (
    FASTEST,
    PERIOD,
    SLOWEST,
    SYNC_PATTERNS,
    Complexes,
    Floats,
    Layout,
    read,
)
from core.provenance.mark.waves import Plane, Spectrum

USUAL_WIDTHS = (512, 640, 768, 832, 896, 1024, 1152, 1216, 1280, 1344, 1536, 2048, 3072, 4096)
"""Widths that models draw at; a preview of the whole has one of these scales."""
USUAL_SCALES = (0.5, 2.0, 0.75, 1.5, 0.25)
SCALES = (0.24, 2.2)
"""What a full search covers; outside of it too few carriers are left, or too few tiles."""
LARGEST_MARKED = 2400
"""Pixels a side of what a full search takes a picture to be a part of; usual sizes go further."""
LARGEST_USUAL = 4.2
"""A small picture enlarged to four times its sides keeps its mark, and is marked anew."""
CPU_S = 1.8
"""What a search may take, whatever the picture; unmarked ones of 1024 px take less."""
MAY_BE = 5.6
"""Standard deviations that make a second look worthwhile. The best of a full search's 800 tries
of an unmarked picture is 5.7 to 6.3."""
IS_READ = 6.4
"""Below this nothing is read: in 24 bits of tag there is always a chance to be wrong."""
SECOND_LOOKS = 4
_GRID = 96
"""Places across and down where a tile's beginning is looked for: 2 x 46 waves need 93."""
_STEP = 0.6
"""How far the carrier at 30 periods may be off its line, in lines, between two scales."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A scale at which a sync pattern seems to be there."""

    score: float
    scale: float
    is_mirrored: bool
    pattern: int
    shift: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """An id that was read, and where its tiles lie."""

    mark_id: VerifyId
    score: float
    scales: tuple[float, float]
    is_mirrored: bool
    pattern: int
    shift: tuple[float, float]
    """From the picture's middle to a tile's beginning, in marked pixels."""
    gains: Floats
    """How well carriers came through, from the slowest to the fastest in equal steps."""


class Search:
    """Look for marks of one layout in one picture; the spectrum is shared by all."""

    def __init__(self, layout: Layout, grain: Floats, spectrum: Spectrum) -> None:
        self._layout, self._spectrum = layout, spectrum
        self._sides = (Plane(grain), Plane(grain[:, ::-1]))

    def run(self, effort: Effort, started: float) -> Reading | None:
        """Try scales in turn; the first that stands out and reads is the answer.

        Args:
            effort: Which scales.
            started: By `time.thread_time`; the search ends `CPU_S` later.
        """
        tried: list[Guess] = []
        for scale, is_mirrored in self._scales(effort):
            if time.thread_time() - started > CPU_S:
                break
            guess = self._guess(scale, is_mirrored=is_mirrored)
            if guess.score >= IS_READ + 1.6:
                reading = self.look(guess, is_usual=effort is Effort.QUICK)
                if reading is not None:
                    return reading
            if guess.score >= MAY_BE:
                tried.append(guess)
        tried.sort(key=lambda guess: -guess.score)
        for guess in tried[:SECOND_LOOKS]:
            if time.thread_time() - started > CPU_S:
                break
            reading = self.look(guess, is_usual=effort is Effort.QUICK)
            if reading is not None:
                return reading
        return None

    def _scales(self, effort: Effort) -> Iterator[tuple[float, bool]]:
        width, height = self._sides[0].size
        if effort is Effort.QUICK:
            usual = (1.0, *USUAL_SCALES, *(width / each for each in USUAL_WIDTHS))
            scales = [each for each in dict.fromkeys(usual) if SCALES[0] <= each <= LARGEST_USUAL]
        else:
            scales = steps(max(height, width))
        for is_mirrored in (False, True):
            yield from ((scale, is_mirrored) for scale in scales)

    def _guess(self, scale: float, *, is_mirrored: bool) -> Guess:
        found = self._spectrum.sync_at(self._layout, scale, is_mirrored=is_mirrored)
        score, pattern, shift = correlate(self._layout, found)
        return Guess(score, scale, is_mirrored, pattern, shift)

    def look(self, guess: Guess, *, is_usual: bool) -> Reading | None:
        """Measure exactly at a guess; close in on the scale first where it is no usual one."""
        plane = self._sides[guess.is_mirrored]
        scales = (guess.scale, guess.scale)
        placed = _placed(self._layout, plane, scales, guess.pattern, guess.shift)
        reading = self._read(placed, guess) if is_usual else None
        if reading is not None:
            return reading
        for step in (0.002, 0.001, 0.0005):
            placed = self._closer(plane, placed, guess.pattern, step)
        return self._read(placed, guess)

    def _closer(self, plane: Plane, placed: "_Placed", pattern: int, step: float) -> "_Placed":
        """Go up the hill, both sides together, then each alone."""
        for across, down in ((1, 1), (1, 0), (0, 1)):
            for sign in (1, -1):
                while True:
                    scales = (
                        placed.scales[0] * (1 + sign * across * step),
                        placed.scales[1] * (1 + sign * down * step),
                    )
                    nearer = _placed(self._layout, plane, scales, pattern, placed.shift)
                    if nearer.score <= placed.score:
                        break
                    placed = nearer
        return placed

    def _read(self, placed: "_Placed", guess: Guess) -> Reading | None:
        if placed.score < IS_READ:
            return None
        gains = gains_of(self._layout, placed.turned, guess.pattern)
        mark_id = read_turned(self._layout, placed.turned, guess.pattern, gains)
        if mark_id is None:
            return None
        return Reading(
            mark_id=mark_id,
            score=placed.score,
            scales=placed.scales,
            is_mirrored=guess.is_mirrored,
            pattern=guess.pattern,
            shift=placed.shift,
            gains=gains,
        )


def steps(longest: int) -> list[float]:
    """List the scales of a full search, those near 1 first.

    They lie so close that the carriers of 30 periods a tile miss their line by half a step at
    most; a picture that shows more tiles needs more of them.
    """
    scale, scales = max(SCALES[0], min(longest / LARGEST_MARKED, 1.0)), []
    while scale < SCALES[1]:
        scales.append(scale)
        scale *= 1 + _STEP * PERIOD * scale / (30 * max(longest, PERIOD))
    return sorted(scales, key=lambda each: abs(np.log(each)))


def correlate(layout: Layout, found: Complexes) -> tuple[float, int, tuple[float, float]]:
    """Try all sync patterns at all places of a tile's beginning.

    Returns:
        How far the best stands out, which pattern it is, and where (x, y from the middle).
    """
    u, v = layout.u[: layout.sync_count], layout.v[: layout.sync_count]
    likeness = found[None] * layout.sync.conj()
    plane = np.zeros((SYNC_PATTERNS, _GRID, _GRID // 2 + 1), np.complex64)
    plane[:, u, v] = likeness
    on_axis = v == 0
    plane[:, -u[on_axis], 0] = likeness[:, on_axis].conj()
    places = np.fft.irfft2(plane, s=(_GRID, _GRID)).reshape(SYNC_PATTERNS, -1)
    pattern = int(places.max(axis=1).argmax())
    best = int(places[pattern].argmax())
    # Parseval: what the places' deviation is where no pattern is there.
    deviation = float(np.sqrt(2 * (np.abs(found) ** 2).sum())) / _GRID**2
    x, y = divmod(best, _GRID)
    score = float(places[pattern, best]) / max(deviation, 1e-12)
    return score, pattern, (x * PERIOD / _GRID, y * PERIOD / _GRID)


@dataclass(frozen=True, slots=True)
class _Placed:
    """Carriers measured at a scale and turned to where a tile begins."""

    score: float
    scales: tuple[float, float]
    shift: tuple[float, float]
    turned: Complexes


def _placed(
    layout: Layout,
    plane: Plane,
    scales: tuple[float, float],
    pattern: int,
    near: tuple[float, float],
) -> _Placed:
    found = plane.carriers(layout, scales)
    score, shift = settle(layout, found, pattern, near)
    return _Placed(score, scales, shift, turn(layout, found, shift))


def settle(
    layout: Layout, found: Complexes, pattern: int, near: tuple[float, float]
) -> tuple[float, tuple[float, float]]:
    """Close in on the place of a tile's beginning, to a quarter of a pixel."""
    count = layout.sync_count
    likeness = found[:count] * layout.sync[pattern].conj()
    x, y = near
    best = 0.0
    for step in (1.0, 0.5, 0.25):
        offsets = np.arange(-2, 3) * step
        across = np.exp(2j * np.pi / PERIOD * np.outer(x + offsets, layout.u[:count]))
        down = np.exp(2j * np.pi / PERIOD * np.outer(layout.v[:count], y + offsets))
        sums = ((across * likeness) @ down).real
        i, j = np.unravel_index(int(sums.argmax()), sums.shape)
        x, y, best = x + offsets[i], y + offsets[j], float(sums[i, j])
    deviation = float(np.sqrt((np.abs(likeness) ** 2).sum() / 2))
    return best / max(deviation, 1e-12), (float(x), float(y))


def turn(layout: Layout, found: Complexes, shift: tuple[float, float]) -> Complexes:
    """Turn all carriers to a tile that begins in the middle."""
    angles = (2 * np.pi / PERIOD) * (layout.u * shift[0] + layout.v * shift[1])
    return np.asarray(found * np.exp(1j * angles), np.complex64)


_BANDS = 7


def gains_of(layout: Layout, turned: Complexes, pattern: int) -> Floats:
    """Learn from the sync carriers how well slow and fast ones came through."""
    count = layout.sync_count
    agreement = (turned[:count] * layout.sync[pattern].conj()).real
    band = bands_of(layout)[:count]
    summed = np.bincount(band, agreement, minlength=_BANDS)
    mean = summed / np.maximum(np.bincount(band, minlength=_BANDS), 1)
    # Not nothing: a band may be judged by a few dozen carriers that all had bad luck.
    return np.maximum(mean, 0.02).astype(np.float32)


def read_turned(layout: Layout, turned: Complexes, pattern: int, gains: Floats) -> VerifyId | None:
    """Read the id, each carrier weighed by how well its like came through."""
    weights = weights_of(layout, gains)[layout.sync_count :]
    return read(layout, pattern, (turned[layout.sync_count :] * weights).astype(np.complex64))


def weights_of(layout: Layout, gains: Sequence[float] | Floats) -> NDArray[np.float64]:
    """Spread the bands' gains over all carriers."""
    return np.interp(_bands(layout), np.arange(_BANDS) + 0.5, gains)


def bands_of(layout: Layout) -> NDArray[np.int64]:
    """Say which of the bands, from slow to fast, each carrier belongs to."""
    return np.clip(_bands(layout).astype(np.int64), 0, _BANDS - 1)


def _bands(layout: Layout) -> NDArray[np.float64]:
    distance = np.hypot(layout.u, layout.v)
    return (distance - SLOWEST) / (FASTEST - SLOWEST) * _BANDS
