"""Hash what a picture looks like as PDQ does: the same to the eye, the same but for a few bits.

PDQ is as Facebook's ThreatExchange describes it (`pdq/` of facebook/ThreatExchange, "The TMK+PDQF
Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019): luma, smoothed twice and
brought to 64 by 64, its 16 by 16 lowest cosine coefficients but the constant ones, one bit each:
above their median or not. Two pictures are one where at most 31 of 256 bits differ. A picture with
little in it (quality below 50) has a hash that says nothing, and is never compared.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.provenance.distance import distance

MIN_QUALITY = 50
"""Of 100: below it PDQ's own documentation calls a hash unreliable."""

_SIDE, _KEPT = 64, 16
_LONGEST = 512
"""Larger pictures are brought to this first, as PDQ's own programs do."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PictureHash:
    """What a picture looks like, in 256 bits."""

    digits: str
    """Sixty-four hexadecimal digits, as PDQ's programs write them."""
    quality: int
    """From 0 to 100: how much there is to tell it by."""

    @property
    def is_reliable(self) -> bool:
        """Tell whether the picture can be known again by it."""
        return self.quality >= MIN_QUALITY

    def distance(self, other: "PictureHash") -> int:
        """Count the bits that differ."""
        return distance(self.digits, other.digits)


def picture_hash(image: Any) -> PictureHash:  # Any: a PIL image, which nobody here imports.
    """Hash a picture."""
    rgb = image.convert("RGB")
    if max(rgb.size) > _LONGEST:
        rgb = rgb.resize([min(side, _LONGEST) for side in rgb.size])
    small = _shrunk(np.asarray(rgb, np.float32) @ _LUMA)
    waves = _WAVES @ small @ _WAVES.T
    ordered = np.sort(waves, axis=None)
    # The lower of the two in the middle, as PDQ's own search for the median finds.
    bits = (waves > ordered[ordered.size // 2 - 1]).ravel()
    number = int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")
    return PictureHash(f"{number:064x}", _quality(small))


def _waves() -> Plane:
    rows, columns = np.mgrid[1 : _KEPT + 1, 0:_SIDE]
    cosines = np.cos(math.pi / (2 * _SIDE) * rows * (2 * columns + 1))
    return np.asarray(math.sqrt(2 / _SIDE) * cosines, np.float32)


_WAVES = _waves()


def _shrunk(luma: Plane) -> Plane:
    """Smooth twice each way, so that every pixel counts, and pick 64 by 64."""
    for axis in (0, 1):
        window = -(-luma.shape[axis] // (2 * _SIDE))
        for _ in range(2):
            luma = _smoothed(luma, axis, window)
    rows, columns = (
        ((np.arange(_SIDE) + 0.5) * length / _SIDE).astype(int) for length in luma.shape
    )
    return np.asarray(luma[np.ix_(rows, columns)], np.float32)


def _smoothed(luma: Plane, axis: int, window: int) -> Plane:
    """Average over a window, which at the edges holds what there is."""
    length = luma.shape[axis]
    ahead = (window + 2) // 2
    last = np.minimum(np.arange(length) + ahead, length)
    first = np.maximum(np.arange(length) + ahead - window, 0)
    sums = np.cumsum(luma, axis=axis, dtype=np.float64)
    sums = np.concatenate([np.zeros_like(sums.take([0], axis)), sums], axis)
    shape = (-1, 1) if axis == 0 else (1, -1)
    inside = (last - first).reshape(shape)
    smooth: Plane = ((sums.take(last, axis) - sums.take(first, axis)) / inside).astype(np.float32)
    return smooth


def _quality(small: Plane) -> int:
    """Add up the steps between neighbours; 90 of them in full make the best quality."""
    steps = sum(
        float(np.abs(np.trunc(np.diff(small, axis=axis) * 100 / 255)).sum()) for axis in (0, 1)
    )
    return min(100, int(steps / 90))
