"""Say whether a marked picture would outlast what platforms do to pictures."""

import io

import numpy as np
from PIL import Image

from core.contracts.ids import VerifyId
from core.provenance.mark.base import Pixels
from core.provenance.mark.search import IS_READ, gains_of, read_turned, settle, turn
from core.provenance.mark.tile import Layout, placement_of
from core.provenance.mark.waves import Plane, grain, luminance

STRENGTHS_DB = (48.0, 45.0, 42.0, 39.0)
"""Weakest first. At 42 grain can be seen on flat areas, so only what needs it gets it."""
PREVIEW_PX = 550
"""What a chat shows of a picture, on its longer side."""
PREVIEW_QUALITY, KEPT_QUALITY = 80, 80
MARGIN = 1.4
"""By how much a simulated reading must stand out more than a real one has to: the real one does
not know where to look, and the real preview is made by another encoder."""


def outlasts_preview(layout: Layout, marked: Pixels, mark_id: VerifyId) -> bool:
    """Make the preview that a chat would show (WebP at 80), and read that; then cut off half."""
    image = Image.fromarray(marked)
    scale = min(1.0, PREVIEW_PX / max(image.size))
    size = (round(image.width * scale), round(image.height * scale))
    small = image.resize(size, Image.Resampling.LANCZOS) if scale < 1 else image
    preview = _encoded(small, "WEBP", PREVIEW_QUALITY)
    scales = (size[0] / image.width, size[1] / image.height)
    if not _reads(layout, preview, mark_id, scales):
        return False
    # The half of the area that is left of a cut; any half, so the one that is easily told.
    height, width = (round(side * 0.5**0.5) for side in marked.shape[:2])
    return _reads(layout, _encoded(Image.fromarray(marked[:height, :width]), "WEBP", 90), mark_id)


def outlasts_encoding(layout: Layout, marked: Pixels, mark_id: VerifyId) -> bool:
    """Encode it as JPEG at its own size, and read that."""
    return _reads(layout, _encoded(Image.fromarray(marked), "JPEG", KEPT_QUALITY), mark_id)


def _encoded(image: Image.Image, kind: str, quality: int) -> Pixels:
    encoded = io.BytesIO()
    image.save(encoded, kind, quality=quality)
    with Image.open(encoded) as again:
        return np.asarray(again.convert("RGB"))


def _reads(
    layout: Layout, pixels: Pixels, mark_id: VerifyId, scales: tuple[float, float] = (1, 1)
) -> bool:
    """Read at the known scale, from the known place."""
    found = Plane(grain(luminance(pixels))).carriers(layout, scales)
    placement = placement_of(layout, mark_id)
    height, width = pixels.shape[:2]
    # The middle between the outer pixels' middles, in marked pixels, counted from the first's.
    middle = (width / scales[0] / 2 - 0.5, height / scales[1] / 2 - 0.5)
    near = (placement.origin[0] - middle[0], placement.origin[1] - middle[1])
    score, shift = settle(layout, found, placement.pattern, near)
    if score < IS_READ * MARGIN:
        return False
    turned = turn(layout, found, shift)
    gains = gains_of(layout, turned, placement.pattern)
    return read_turned(layout, turned, placement.pattern, gains) == mark_id
