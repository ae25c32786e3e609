"""Shrink, smooth and move pictures as arrays: what laying one over another takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
"""Height x width, or height x width x 3."""
Mask = NDArray[np.bool_]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture lies over the original it came from, in the original's pixels.

    What lies at (x, y) in the picture lies at (x / scale_x + left, y / scale_y + top) in the
    original; left and top are negative where something was added around it.
    """

    scale_x: float
    scale_y: float
    left: float
    top: float


def shrunk(image: Image.Image, width: float, height: float) -> Plane:
    """Bring a picture to about a size, so that every pixel of it counts."""
    size = (max(1, round(width)), max(1, round(height)))
    if size == image.size:
        return np.asarray(image, np.float32)
    # Bounded by the size asked for; the gap lets Pillow take whole steps before the fine one.
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), np.float32)


def luma(plane: Plane) -> Plane:
    """Take the brightness alone."""
    return np.asarray(plane @ _LUMA, np.float32)


def moved(
    plane: Plane, size: tuple[int, int], step: tuple[float, float], start: tuple[float, float]
) -> tuple[Plane, Mask]:
    """Draw a plane into a frame, where pixel (0, 0) of the frame shows the plane at `start`.

    Args:
        plane: What to draw.
        size: The frame's width and height.
        step: Pixels of the plane by pixel of the frame, each way.
        start: In the plane, as coordinates of edges: 0 is the left edge of its first pixel.

    Returns:
        The frame, and where in it there is something of the plane.
    """
    across = _taps(plane.shape[1], size[0], step[0], start[0])
    down = _taps(plane.shape[0], size[1], step[1], start[1])
    rows = _mixed(plane, 0, down)
    return _mixed(rows, 1, across), down.inside[:, None] & across.inside[None, :]


@dataclass(frozen=True, slots=True)
class _Taps:
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    share: Plane
    """Of the second."""
    inside: Mask


def _taps(length: int, wanted: int, step: float, start: float) -> _Taps:
    edges = start + (np.arange(wanted) + 0.5) * step
    at = edges - 0.5
    low = np.floor(at)
    first = np.clip(low, 0, length - 1).astype(np.intp)
    second = np.clip(low + 1, 0, length - 1).astype(np.intp)
    share = (at - low).astype(np.float32)
    return _Taps(first, second, share, (edges >= 0) & (edges <= length))


def _mixed(plane: Plane, axis: int, taps: _Taps) -> Plane:
    shape = [1] * plane.ndim
    shape[axis] = -1
    share = taps.share.reshape(shape)
    return plane.take(taps.first, axis) * (1 - share) + plane.take(taps.second, axis) * share


def smoothed(plane: Plane, reach: int) -> Plane:
    """Average over a square of 2 x reach + 1, which at the edges is filled with the edge."""
    for axis in (0, 1):
        width = [(0, 0)] * plane.ndim
        width[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(plane, width, "edge"), axis=axis, dtype=np.float64)
        length = plane.shape[axis]
        upper = sums.take(range(2 * reach + 1, 2 * reach + 1 + length), axis)
        lower = sums.take(range(length), axis)
        plane = ((upper - lower) / (2 * reach + 1)).astype(np.float32)
    return plane


def detail(plane: Plane) -> Plane:
    """Take away what changes slowly: light that falls in alike on two different pictures."""
    return plane - smoothed(plane, 4)
