"""Say how a picture was changed since its record's thumbnail was made, by laying it over that."""

import math
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image, ImageOps

from core.contracts.examination import Box
from core.provenance.examine.align import Geometry, Original, lay
from core.provenance.examine.answers import Fitting
from core.provenance.examine.differ import Difference, Fit, compare
from core.provenance.examine.planes import Placement

_LONGEST = 2048
"""Pixels of the longer side that are laid over: thumbnails have 320."""
_EDGE = 0.01
"""Share of a side that must be gone, or added, to be spoken of; a place is found to half of it."""
_RESIZED = 0.015
_NEAR = 0.03
"""How far the mark's one scale may lie from the mean of the two of a picture that was squeezed."""


def fit(picture: Image.Image, original: Original, geometry: Geometry | None) -> Fitting:
    """Compare a picture with what it is said to come from; the first way to lie that fits counts.

    Args:
        picture: RGB, as it was given.
        original: The record's side.
        geometry: As a mark says; None: no mark was found, and the usual ways are tried.
    """
    small = picture
    if max(picture.size) > _LONGEST:
        small = ImageOps.contain(picture, (_LONGEST, _LONGEST), Image.Resampling.BOX)
    shrunk = small.width / picture.width
    fits = set()
    for way in _ways(picture, original, geometry):
        turned = ImageOps.mirror(small) if way.is_mirrored else small
        at = replace(way, scale_x=way.scale_x * shrunk, scale_y=way.scale_y * shrunk)
        laid = lay(turned, original, at)
        if laid is None:
            continue
        found = compare(laid.thumbnail, laid.picture, laid.mask)
        if found.fit is Fit.SAME:
            return _said(_unshrunk(laid.placement, shrunk), picture, original, way, found)
        fits.add(found.fit)
    return Fitting(fit=Fit.OTHER if fits == {Fit.OTHER} else Fit.UNCLEAR)


def _ways(
    picture: Image.Image, original: Original, geometry: Geometry | None
) -> Iterator[Geometry]:
    whole = Geometry(picture.width / original.width, picture.height / original.height)
    if geometry is not None:
        yield geometry
        mean = math.sqrt(whole.scale_x * whole.scale_y)
        if abs(mean / geometry.scale_x - 1) < _NEAR and abs(whole.scale_x / mean - 1) > _EDGE:
            yield replace(whole, is_mirrored=geometry.is_mirrored)
        return
    yield whole
    if picture.size != (original.width, original.height):
        # Cut, or with a frame around it, at its own size. What turns a picture over keeps no label.
        yield Geometry(1.0, 1.0)


def _unshrunk(placement: Placement, shrunk: float) -> Placement:
    return replace(
        placement, scale_x=placement.scale_x / shrunk, scale_y=placement.scale_y / shrunk
    )


def _said(
    at: Placement, picture: Image.Image, original: Original, way: Geometry, found: Difference
) -> Fitting:
    """Put what was found in shares of the two pictures' sides."""
    across = _overlap(at.left, picture.width / at.scale_x, original.width)
    down = _overlap(at.top, picture.height / at.scale_y, original.height)
    (kept_x, placed_x), (kept_y, placed_y) = across, down
    kept, placed = _box(kept_x, kept_y), _box(placed_x, placed_y)
    region = None if found.region is None else _in_file(found.region, at, picture, original)
    if way.is_mirrored:
        placed, region = _mirrored(placed), region and _mirrored(region)
    return Fitting(
        fit=Fit.SAME,
        scale=math.sqrt(at.scale_x * at.scale_y),
        is_resized=max(abs(at.scale_x - 1), abs(at.scale_y - 1)) > _RESIZED,
        is_mirrored=way.is_mirrored,
        is_recoloured=found.is_recoloured,
        kept=kept if _is_less(kept) else None,
        placed=placed if _is_less(placed) else None,
        region=region,
    )


Span = tuple[float, float]


def _overlap(start: float, length: float, original: float) -> tuple[Span, Span]:
    """Tell what of the original's side is seen, and where in the picture's it lies, in shares."""
    first, last = max(0.0, start), min(original, start + length)
    kept = (first / original, last / original)
    return kept, ((first - start) / length, (last - start) / length)


def _box(across: Span, down: Span) -> Box:
    left, right = (min(1.0, max(0.0, each)) for each in across)
    top, bottom = (min(1.0, max(0.0, each)) for each in down)
    return Box(left=left, top=top, width=max(0.0, right - left), height=max(0.0, bottom - top))


def _is_less(box: Box) -> bool:
    ends = (box.left, box.top, 1 - box.left - box.width, 1 - box.top - box.height)
    return max(ends) > _EDGE


def _in_file(box: Box, at: Placement, picture: Image.Image, original: Original) -> Box:
    def across(share: float) -> float:
        return (share * original.width - at.left) * at.scale_x / picture.width

    def down(share: float) -> float:
        return (share * original.height - at.top) * at.scale_y / picture.height

    return _box(
        (across(box.left), across(box.left + box.width)),
        (down(box.top), down(box.top + box.height)),
    )


def _mirrored(box: Box) -> Box:
    return box.model_copy(update={"left": max(0.0, 1 - box.left - box.width)})
