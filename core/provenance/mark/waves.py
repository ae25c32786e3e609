"""Measure how much of each carrier a picture has, at any scale.

Small differences between near pixels are what a mark is made of; large ones are the picture. So
differences are cut at a few grey levels before anything else: an edge then counts no more than
grain, and nothing of it leaks into what lies beside it. That alone reads a mark from line art
and flat posters, where dividing by the local contrast finds nothing.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.provenance.mark.base import Pixels
from core.provenance.mark.tile import FASTEST, PERIOD, Complexes, Floats, Layout

Floats64 = NDArray[np.floating]
"""Angles grow with the picture, so single numbers are too coarse for them."""
REACH = 2
"""Pixels between the two that are compared. 1 to 4 were tried on 24 pictures x 4 distortions."""
CUT = 4
"""Grey levels. 3 to 40 were tried; below 6 there is little between them."""
LOUDEST = 2.5
"""A carrier that stands out of its neighbours by more is the picture's own: a fence, a grid."""
_V, _U = np.arange(FASTEST + 1), np.arange(-FASTEST, FASTEST + 1)
"""Periods a tile down and across, of half a plane."""
_NEAR = 3
"""Neighbours on each side that a spectrum's line is measured against."""


def luminance(pixels: Pixels) -> Image.Image:
    """Take what the mark is written into."""
    return Image.fromarray(pixels).convert("L")


def grain(luma: Image.Image) -> Floats:
    """Keep what is small between near pixels: the second difference of cut first differences."""
    grey = np.asarray(luma, np.int16)
    summed = np.zeros(grey.shape, np.int16)
    across = np.clip(grey[:, REACH:] - grey[:, :-REACH], -CUT, CUT)
    summed[:, REACH:] += across
    summed[:, :-REACH] -= across
    down = np.clip(grey[REACH:] - grey[:-REACH], -CUT, CUT)
    summed[REACH:] += down
    summed[:-REACH] -= down
    return summed.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A picture's grain by frequency, flattened: looked up at a scale within microseconds."""

    lines: Complexes
    """Rows: periods down, and negative ones behind; columns: periods across. Phases are told from
    the picture's middle, so a scale that is a little off turns none of them."""
    padded: tuple[int, int]

    @classmethod
    def of(cls, grain: Floats) -> Self:
        """Transform once; what is louder than its neighbours is cut to them."""
        height, width = grain.shape
        padded = (_easy(height), _easy(width))
        # Single numbers in, single out; numpy tells types doubles.
        lines: Complexes = np.fft.rfft2(grain, s=padded).astype(np.complex64, copy=False)
        lines /= np.sqrt(_surroundings(lines) + np.float32(1e-9))
        lines *= np.minimum(1, LOUDEST / np.maximum(np.abs(lines), np.float32(1e-6)))
        down = np.fft.fftfreq(padded[0]) * (np.pi * (height - 1))
        across = np.fft.rfftfreq(padded[1]) * (np.pi * (width - 1))
        lines *= np.exp(1j * down).astype(np.complex64)[:, None]
        lines *= np.exp(1j * across).astype(np.complex64)[None, :]
        return cls(lines, padded)

    def sync_at(self, layout: Layout, scale: float, *, is_mirrored: bool) -> Complexes:
        """Look up the sync carriers by the nearest line; 0 where a picture has no such line."""
        u, v = layout.u[: layout.sync_count], layout.v[: layout.sync_count]
        if is_mirrored:
            u = -u
        height, width = self.padded
        is_left = u < 0
        column = np.rint(np.abs(u) * (width / (PERIOD * scale))).astype(np.int64)
        row = np.rint(np.where(is_left, -v, v) * (height / (PERIOD * scale))).astype(np.int64)
        is_there = (column < width // 2) & (np.abs(row) < height // 2)
        found = self.lines[np.where(is_there, row, 0), np.where(is_there, column, 0)]
        found = np.where(is_left, found.conj(), found)
        return np.where(is_there, found, 0)


class Plane:
    """A picture's grain, of which every carrier is measured exactly at any scale."""

    def __init__(self, grain: Floats) -> None:
        self._grain = np.ascontiguousarray(grain)
        self._down: tuple[float, Complexes] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Give width and height."""
        height, width = self._grain.shape
        return width, height

    def carriers(self, layout: Layout, scales: tuple[float, float]) -> Complexes:
        """Measure at a scale across and down, flattened, phases told from the middle.

        A sum over all pixels for each of 47 x 93 waves, which two products of matrices are: 6 ms
        for a million pixels, without making the picture anew at that scale.
        """
        summed = self._summed(scales)
        flat = summed / _levels(summed)
        flat *= np.minimum(1, LOUDEST / np.maximum(np.abs(flat), 1e-6))
        return np.asarray(flat[layout.v, layout.u + FASTEST], np.complex64)

    def raw(self, layout: Layout, scales: tuple[float, float]) -> tuple[Complexes, Floats]:
        """Measure the same without flattening, and what the level around each carrier is."""
        summed = self._summed(scales)
        column = layout.u + FASTEST
        return summed[layout.v, column], _levels(summed)[layout.v, column]

    def _summed(self, scales: tuple[float, float]) -> Complexes:
        columns = np.outer(angles(self.size[0], scales[0]), _U)
        turned = np.exp(-1j * columns).astype(np.complex64)
        return np.asarray(self._summed_down(scales[1]) @ turned, np.complex64)

    def _summed_down(self, scale: float) -> Complexes:
        """Do the larger of the two products; whoever tries widths alone needs it once."""
        if self._down is None or self._down[0] != scale:
            rows = np.outer(_V, angles(self.size[1], scale))
            halves = np.concatenate([np.cos(rows), -np.sin(rows)]).astype(np.float32) @ self._grain
            self._down = (scale, halves[: _V.size] + np.complex64(1j) * halves[_V.size :])
        return self._down[1]


def waves(
    layout: Layout, carriers: Complexes, scales: tuple[float, float], size: tuple[int, int]
) -> Floats:
    """Draw carriers of these sizes and phases, told from the middle: what `carriers` measures."""
    plane = np.zeros((_V.size, _U.size), np.complex64)
    plane[layout.v, layout.u + FASTEST] = carriers
    columns = np.outer(_U, angles(size[0], scales[0]))
    rows = np.outer(angles(size[1], scales[1]), _V)
    across = plane @ np.exp(1j * columns).astype(np.complex64)
    drawn = np.cos(rows).astype(np.float32) @ across.real
    drawn -= np.sin(rows).astype(np.float32) @ across.imag
    return np.asarray(drawn, np.float32)


def angles(length: int, scale: float) -> Floats64:
    """Give the angle of one period a tile at each pixel, none in the middle."""
    middle = (length - 1) / 2
    return np.linspace(-middle, middle, length) * (2 * np.pi / (PERIOD * scale))


def _levels(summed: Complexes, near: int = 2) -> Floats:
    """Say how large waves are around each; the half plane is mirrored where it ends."""
    power = np.abs(summed) ** 2
    power = np.concatenate([power[near:0:-1, ::-1], power])
    power = np.pad(power, ((0, near), (near, near)), mode="edge")
    return np.asarray(np.sqrt(_boxed(power, near) + 1e-9), np.float32)


def _surroundings(lines: Complexes) -> Floats:
    """Average the power around each line of half a spectrum, which wraps and mirrors."""
    power = lines.real**2 + lines.imag**2
    power = np.concatenate([power[-_NEAR:], power, power[:_NEAR]])
    left = power[:, _NEAR:0:-1]
    power = np.concatenate([left, power, power[:, -_NEAR:]], axis=1)
    return _boxed(power, _NEAR)


def _boxed(power: Floats, near: int) -> Floats:
    """Average over boxes, by running sums; the result is smaller by `near` on each side."""
    side = 2 * near + 1
    sums = np.cumsum(np.cumsum(np.pad(power, ((1, 0), (1, 0))), axis=0, dtype=np.float64), axis=1)
    boxes = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return (np.maximum(boxes, 0) / side**2).astype(np.float32)


def _easy(length: int) -> int:
    """Find the next length that transforms fast: a power of two, or 3, 5, 9, 15 times one."""
    return min(
        factor << max(0, (-(-length // factor) - 1).bit_length()) for factor in (1, 3, 5, 9, 15)
    )
