"""Find where a picture lies over the thumbnail of the one it is said to be."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.provenance.examine.planes import Mask, Placement, Plane, detail, luma, moved, shrunk

_COARSE = 128
"""The longer side of the thumbnail for the first search over all places; ample to find one by."""
_LEAST_OVERLAP = 0.3
"""Of the smaller of the two: with less, two pictures fit by accident."""
_STRONG = 12.0
"""Grey levels of detail."""
_STEPS = (1.0, 0.5, 0.25)
"""Of the fine search, in pixels of the thumbnail."""
_SCALE_STEP = 0.002
"""Of the fine search, for each step above: over 320 pixels that moves an edge by 0.6."""
_LATTICE_SLACK = 2.5
"""How far from its lattice a place may lie, in pixels of the coarse thumbnail."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a mark tells of how the picture lies: its scale, and its place but for whole periods."""

    scale_x: float
    scale_y: float
    is_mirrored: bool = False
    origin: tuple[float, float] = (0.0, 0.0)
    period: int = 0
    """0: nothing is known of its place."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A picture laid over a thumbnail: both in one frame."""

    thumbnail: Plane
    picture: Plane
    mask: Mask
    """Where there is something of the picture."""
    placement: Placement
    likeness: float
    """From -1 to 1: how well their details go together."""


@dataclass(frozen=True, slots=True)
class Original:
    """The record's side: its thumbnail, and the size of the picture that it is of."""

    thumbnail: Image.Image
    width: int
    height: int


class _Frame:
    """The thumbnail at one size, and the picture at about the same scale."""

    def __init__(
        self, picture: Image.Image, original: Original, geometry: Geometry, longest: int
    ) -> None:
        self.original, self.picture_size = original, picture.size
        scale = min(geometry.scale_x, geometry.scale_y)
        # Never larger than the picture was: what a small copy lost is not held against it.
        factor = min(scale, longest / max(original.width, original.height), _shrinking_of(original))
        self.thumbnail = shrunk(
            original.thumbnail, original.width * factor, original.height * factor
        )
        self.picture = shrunk(
            picture,
            picture.width * factor / geometry.scale_x,
            picture.height * factor / geometry.scale_y,
        )
        height, width = self.thumbnail.shape[:2]
        self.factor_x, self.factor_y = width / original.width, height / original.height

    def draw(self, plane: Plane, placement: Placement) -> tuple[Plane, Mask]:
        """Draw the picture, or its brightness, over the thumbnail's frame."""
        height, width = self.thumbnail.shape[:2]
        by_x = plane.shape[1] / self.picture_size[0]
        by_y = plane.shape[0] / self.picture_size[1]
        step = (
            placement.scale_x * by_x / self.factor_x,
            placement.scale_y * by_y / self.factor_y,
        )
        start = (
            -placement.left * placement.scale_x * by_x,
            -placement.top * placement.scale_y * by_y,
        )
        return moved(plane, (width, height), step, start)


def _shrinking_of(original: Original) -> float:
    return original.thumbnail.width / original.width


def lay(picture: Image.Image, original: Original, geometry: Geometry) -> Laid | None:
    """Lay a picture, turned back where it is mirrored, over a thumbnail; None: it fits nowhere.

    Args:
        picture: RGB.
        original: What it is said to come from.
        geometry: By which scale, and maybe where.
    """
    coarse = _Frame(picture, original, geometry, _COARSE)
    places = _places(coarse, geometry)
    frame = _Frame(picture, original, geometry, max(original.thumbnail.size))
    best: tuple[float, Placement] | None = None
    for place in places:
        found = _refined(frame, place)
        if best is None or found[0] > best[0]:
            best = found
    if best is None:
        return None
    drawn, mask = frame.draw(frame.picture, best[1])
    return Laid(frame.thumbnail, drawn, mask, best[1], best[0])


def _places(frame: _Frame, geometry: Geometry) -> Iterator[Placement]:
    """Yield the best places, on the mark's lattice where there is one: by light, and by detail.

    A white banner outweighs all the light of a dark picture; its edge alone is little detail. A
    picture of sky has no detail to speak of.
    """
    thumbnail, picture = luma(frame.thumbnail), luma(frame.picture)
    by_light = _place(frame, geometry, _likeness_by_shift(thumbnail, picture))
    by_detail = _place(frame, geometry, _likeness_by_shift(_marked(thumbnail), _marked(picture)))
    yield from dict.fromkeys(place for place in (by_detail, by_light) if place is not None)


def _marked(plane: Plane) -> Plane:
    """Take the detail, none of it stronger than what most pictures are made of."""
    return np.clip(detail(plane), -_STRONG, _STRONG)


def _place(frame: _Frame, geometry: Geometry, likeness: Plane) -> Placement | None:
    rows, columns = frame.picture.shape[:2]
    # Index i stands for a shift of i - (length - 1) pixels of the thumbnail.
    left = (np.arange(likeness.shape[1]) - (columns - 1)) / frame.factor_x
    top = (np.arange(likeness.shape[0]) - (rows - 1)) / frame.factor_y
    allowed = np.isfinite(likeness)
    if geometry.period:
        slack = _LATTICE_SLACK / frame.factor_x
        allowed &= _near(top, geometry.origin[1], geometry.period, slack)[:, None]
        allowed &= _near(left, geometry.origin[0], geometry.period, slack)[None, :]
    if not allowed.any():
        return None
    row, column = np.unravel_index(np.argmax(np.where(allowed, likeness, -2)), likeness.shape)
    x, y = float(left[column]), float(top[row])
    if geometry.period:
        x = _snapped(x, geometry.origin[0], geometry.period)
        y = _snapped(y, geometry.origin[1], geometry.period)
    return Placement(geometry.scale_x, geometry.scale_y, x, y)


def _near(values: Plane, origin: float, period: int, slack: float) -> Mask:
    away = np.abs((values - origin + period / 2) % period - period / 2)
    return np.asarray(away <= slack)


def _snapped(value: float, origin: float, period: int) -> float:
    return origin + period * round((value - origin) / period)


def _likeness_by_shift(thumbnail: Plane, picture: Plane) -> Plane:
    """Correlate at every shift over what then lies over each other.

    As D. Padfield, "Masked object registration in the Fourier domain", 2012; minus infinity where
    too little lies over each other.
    """
    shape = tuple(
        one + other - 1 for one, other in zip(thumbnail.shape, picture.shape, strict=True)
    )
    padded = tuple(_smooth_length(length) for length in shape)
    one, other = thumbnail - thumbnail.mean(), (picture - picture.mean())[::-1, ::-1]

    def turned(plane: Plane) -> np.ndarray[tuple[int, int], np.dtype[np.complex128]]:
        return np.fft.rfft2(plane, padded)

    def crossed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.fft.irfft2(left * right, padded)[: shape[0], : shape[1]]

    ones_t, ones_p = turned(np.ones_like(one)), turned(np.ones_like(other))
    of_t, of_p = turned(one), turned(other)
    count = np.maximum(crossed(ones_t, ones_p), 1)
    sum_t, sum_p = crossed(of_t, ones_p), crossed(ones_t, of_p)
    spread_t = crossed(turned(one * one), ones_p) - sum_t**2 / count
    spread_p = crossed(ones_t, turned(other * other)) - sum_p**2 / count
    shared = crossed(of_t, of_p) - sum_t * sum_p / count
    # Below a spread of one grey level squared there is nothing to correlate but rounding.
    sound = (spread_t > count) & (spread_p > count)
    likeness = np.where(sound, shared / np.sqrt(np.maximum(spread_t * spread_p, 1)), 0)
    enough = count >= _LEAST_OVERLAP * min(one.size, other.size)
    return np.where(enough, likeness, -np.inf).astype(np.float32)


def _smooth_length(length: int) -> int:
    """Round up to a length that a Fourier transform takes quickly."""
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1


def _refined(frame: _Frame, place: Placement) -> tuple[float, Placement]:
    """Move and stretch by ever smaller steps as long as the details go together better."""
    thumbnail, picture = _marked(luma(frame.thumbnail)), luma(frame.picture)

    def likeness(at: Placement) -> float:
        drawn, mask = frame.draw(picture, at)
        return _correlated(thumbnail[mask], _marked(drawn)[mask])

    best = (likeness(place), place)
    for step in _STEPS:
        for _ in range(2):
            before = best
            for candidate in _around(best[1], step, frame):
                best = max(best, (likeness(candidate), candidate), key=lambda each: each[0])
            if best is before:
                break
    return best


def _around(place: Placement, step: float, frame: _Frame) -> Iterator[Placement]:
    across, down = step / frame.factor_x, step / frame.factor_y
    for sign in (-1, 1):
        yield replace(place, left=place.left + sign * across)
        yield replace(place, top=place.top + sign * down)
        stretch = 1 + sign * step * _SCALE_STEP
        yield replace(place, scale_x=place.scale_x * stretch, scale_y=place.scale_y * stretch)


def _correlated(one: Plane, other: Plane) -> float:
    if one.size < 2:  # noqa: PLR2004 - nothing to correlate.
        return -1.0
    one, other = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / spread if spread > 1 else 0.0
