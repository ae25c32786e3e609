"""Tell whether a picture that was laid over a thumbnail is the same one, and where it is not."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.contracts.examination import Box
from core.provenance.examine.planes import Mask, Plane, detail, luma, smoothed

_BLOCK = 8
"""Side of the squares that are judged one by one, in pixels of the thumbnail: 1/40 of its side."""
_STRUCTURE = 2.5
"""Standard deviation of the detail in a square, in grey levels, from which there is something to
tell it by; a 320 px JPEG's own noise stays near 1."""
_ALIKE = 0.5
"""Correlation of a square's detail: of what was compressed anew nine tenths of the squares lie
above, of other pictures' squares one in twenty."""
_LEAST_BLOCKS = 24
"""Squares with structure that it takes to judge by; with fewer the light alone is compared."""
_SAME, _OTHER = 0.5, 0.25
"""Shares of the squares with structure that are alike: from the first on it is the same picture,
below the second it is another; between them nobody can tell."""
_LEAST_EVEN = 0.4
"""Share of the picture that must not differ, or there is more new in it than old."""
_LEAST_COVER = 0.02
"""Share of the thumbnail that a piece must cover: smaller ones are like many pictures."""
_FLAT_LIKENESS, _MOSTLY_EVEN = 0.97, 0.9
_FLAT_SPREAD = 4.0
"""What it takes of a picture without structure: most of it goes with the thumbnail, and there is
some light and shade, in grey levels, that could go otherwise."""
_TOLERANCE, _BY_EDGES = 9.0, 0.6
"""Grey levels that any square may differ by, and how much of its own contrast besides."""
_MOSTLY_ODD = 0.4
_LEAST_REGION = 0.002
"""Share of the picture; smaller spots are compression's."""
_GAINS, _FOUND_GAINS = (0.3, 3.0), (0.1, 10.0)
"""Contrast that a picture may have lost or gained and still be compared; and what is looked for."""
_PLAIN = 6.0
"""Grey levels: what compression and rounding do to light and shade; more was done on purpose."""
_CALM = 100.0
"""Variance, in grey levels squared, below which a colour says little of contrast."""
_BLACK, _WHITE = 3.0, 252.0
_ENOUGH = 0.25
"""Share of pixels that are neither black nor white, to find the light by."""


class Fit(StrEnum):
    """Whether a picture is the one of the thumbnail."""

    SAME = "same"
    UNCLEAR = "unclear"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Difference:
    """What comparing found."""

    fit: Fit
    alike_share: float
    """Of the squares with structure, how many are alike."""
    is_recoloured: bool
    region: Box | None
    """What was painted over, in shares of the thumbnail."""


def compare(thumbnail: Plane, picture: Plane, mask: Mask) -> Difference:
    """Compare what is laid over each other, whatever became of brightness and contrast.

    Args:
        thumbnail: Height x width x 3.
        picture: The same size.
        mask: Where there is something of the picture.
    """
    if mask.mean() < _LEAST_COVER:
        return Difference(Fit.UNCLEAR, 0.0, is_recoloured=False, region=None)
    light = _light(thumbnail, picture, mask)
    odd = _odd(thumbnail, picture, mask, light)
    alike, structured = _blocks(luma(thumbnail), luma(picture * light.gains), mask)
    share = float(alike[structured].mean()) if structured.any() else 0.0
    even = mask & ~odd
    if structured.sum() >= _LEAST_BLOCKS:
        fit = _fit_by_structure(share, even.sum() / mask.sum())
    else:
        fit = _fit_by_light(luma(thumbnail), luma(picture), mask, even)
        if light.is_changed:
            # One sky in other colours is another sky: only structure tells more than that.
            fit = Fit.UNCLEAR if fit is Fit.SAME else fit
    if fit is Fit.SAME and not light.is_plausible:
        fit = Fit.UNCLEAR
    if fit is not Fit.SAME:
        return Difference(fit, share, is_recoloured=False, region=None)
    return Difference(fit, share, light.is_changed, _region(odd))


@dataclass(frozen=True, slots=True)
class _Light:
    """How the picture's colours go over into the thumbnail's."""

    gains: Plane
    offsets: Plane
    shifts: Plane
    """How much brighter each colour's middle is in the thumbnail."""
    reach: Plane
    """Standard deviation of each colour, in grey levels: without any a gain says nothing."""

    @property
    def is_plausible(self) -> bool:
        return bool(np.all((self.gains > _GAINS[0]) & (self.gains < _GAINS[1])))

    @property
    def is_changed(self) -> bool:
        """Tell whether more was done to the light than compression and rounding do."""
        # By how much the colours at one deviation from their middle moved.
        moved = np.abs(self.gains - 1) * self.reach
        return bool(np.any(moved > _PLAIN) or np.any(np.abs(self.shifts) > _PLAIN))


def _light(thumbnail: Plane, picture: Plane, mask: Mask) -> _Light:
    """Find by which gain and offset each colour goes over, by the half that goes best.

    A part that was painted over would otherwise bend the light of all the rest; what is cut off
    at black or white tells nothing of it.
    """
    one, other = picture[mask], thumbnail[mask]
    seen = ((one > _BLACK) & (one < _WHITE)).all(axis=1)
    if seen.mean() > _ENOUGH:
        one, other = one[seen], other[seen]
    kept = np.ones(len(one), bool)
    middle = aims = spread = offsets = np.zeros(3, np.float32)
    gains = np.ones(3, np.float32)
    for _ in range(6):
        middle, aims = one[kept].mean(axis=0), other[kept].mean(axis=0)
        spread = ((one[kept] - middle) ** 2).mean(axis=0)
        shared = ((one[kept] - middle) * (other[kept] - aims)).mean(axis=0)
        # A colour with little light and shade of its own has no contrast to be found: leave it.
        gains = (shared + _CALM) / (spread + _CALM)
        gains = np.clip(gains, *_FOUND_GAINS).astype(np.float32)
        offsets = (aims - gains * middle).astype(np.float32)
        away = np.abs(one * gains + offsets - other).max(axis=1)
        kept = away <= max(float(np.median(away)), _TOLERANCE)
    return _Light(gains, offsets, aims - middle, np.sqrt(spread))


def _odd(thumbnail: Plane, picture: Plane, mask: Mask, light: _Light) -> Mask:
    """Mark what differs by more than light, edges and compression explain."""
    # What the picture would show there, cut off at black and white as its own colours are.
    expected = np.clip((thumbnail - light.offsets) / light.gains, 0, 255)
    away = smoothed((np.abs(picture - expected) * light.gains).max(axis=2), 2)
    # By colour: compression smears those over edges that brightness alone does not show.
    contrast = smoothed(thumbnail * thumbnail, 2) - smoothed(thumbnail, 2) ** 2
    contrast = np.sqrt(np.maximum(contrast.max(axis=2), 0))
    usual = min(float(np.median(away[mask])), _TOLERANCE)
    return np.asarray(mask & (away > _TOLERANCE + 2 * usual + _BY_EDGES * contrast))


def _blocks(thumbnail: Plane, picture: Plane, mask: Mask) -> tuple[Mask, Mask]:
    """Tell of each square whether it is alike, and whether there is structure to tell it by."""
    # Where only a part of a square is covered, neither side shows anything beyond the edge.
    one = np.where(mask, detail(thumbnail), 0)
    other = np.where(mask, detail(np.where(mask, picture, thumbnail)), 0)
    of_one, of_other = _summed(one * one), _summed(other * other)
    likeness = _summed(one * other) / np.sqrt(np.maximum(of_one * of_other, 1))
    covered = _summed(mask.astype(np.float32)) > 0.7 * _BLOCK**2
    enough = _STRUCTURE**2 * _BLOCK**2
    structured = covered & (of_one > enough)
    return likeness > _ALIKE, structured


def _summed(plane: Plane) -> Plane:
    """Add up each square; what does not fill one at the right and lower edge is left out."""
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    whole = plane[: rows * _BLOCK, : columns * _BLOCK]
    return np.asarray(whole.reshape(rows, _BLOCK, columns, _BLOCK).sum(axis=(1, 3)))


def _fit_by_structure(share: float, even: float) -> Fit:
    if share >= _SAME and even >= _LEAST_EVEN:
        return Fit.SAME
    return Fit.OTHER if share < _OTHER else Fit.UNCLEAR


def _fit_by_light(thumbnail: Plane, picture: Plane, mask: Mask, even: Mask) -> Fit:
    """Compare light and shade, of a picture that has no more than that."""
    if thumbnail[mask].std() < _FLAT_SPREAD:
        return Fit.UNCLEAR
    share = float(even.sum() / mask.sum())
    if share < _MOSTLY_EVEN:
        return Fit.OTHER if share < _LEAST_EVEN else Fit.UNCLEAR
    one, other = thumbnail[even], picture[even]
    likeness = float(np.corrcoef(one, other)[0, 1]) if min(one.std(), other.std()) > 1 else 0.0
    return Fit.SAME if likeness >= _FLAT_LIKENESS else Fit.UNCLEAR


def _region(odd: Mask) -> Box | None:
    """Put a box around all that differs, but for spots."""
    blocks = _summed(odd.astype(np.float32)) > _MOSTLY_ODD * _BLOCK**2
    least = _LEAST_REGION * blocks.size
    kept = [group for group in _groups(blocks) if len(group) >= max(2, least)]
    if not kept:
        return None
    cells = np.array([cell for group in kept for cell in group])
    (top, left), (bottom, right) = cells.min(axis=0), cells.max(axis=0) + 1
    height, width = odd.shape
    return Box(
        left=float(left * _BLOCK / width),
        top=float(top * _BLOCK / height),
        width=float((right - left) * _BLOCK / width),
        height=float((bottom - top) * _BLOCK / height),
    )


def _groups(cells: Mask) -> list[list[tuple[int, int]]]:
    """List the connected groups; squares that touch at a corner belong together."""
    left = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    groups = []
    while left:
        waiting = [left.pop()]
        group = []
        while waiting:
            row, column = waiting.pop()
            group.append((row, column))
            around = {(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1)} & left
            left -= around
            waiting += around
        groups.append(group)
    return groups
