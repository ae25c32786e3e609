"""Write a tile into a picture at a strength: more where there is much to see, less where not."""

import numpy as np
from PIL import Image, ImageFilter

from core.contracts.ids import VerifyId
from core.provenance.mark.base import Pixels
from core.provenance.mark.tile import PERIOD, Floats, Layout, tile_of
from core.provenance.mark.waves import luminance

_BOX = 8
"""Pixels around each that say how busy the picture is there."""
_QUIET, _BUSIEST, _POWER = 3.0, 10.0, 0.5
"""Grey levels of mean deviation that count as none and as much; the root of it is taken. Between
the busiest and the quietest place lies a factor of 2. More was tried: it hides a mark no better
from SSIM, and flat pictures lose it."""


def masked_tile(layout: Layout, pixels: Pixels, mark_id: VerifyId) -> Floats:
    """Lay the tile all over a picture, masked, with a mean square of 1."""
    height, width = pixels.shape[:2]
    repeats = (-(-height // PERIOD), -(-width // PERIOD))
    laid = np.tile(tile_of(layout, mark_id), repeats)[:height, :width]
    laid *= mask_of(pixels)
    return np.asarray(laid / np.sqrt(np.mean(laid**2)), np.float32)


def written(pixels: Pixels, masked: Floats, strength_db: float) -> Pixels:
    """Add a masked tile as strongly as a PSNR says; grey, so that no colour turns."""
    amplitude = 255 * 10 ** (-strength_db / 20)
    added = pixels + (amplitude * masked)[..., None]
    return np.clip(np.rint(added), 0, 255).astype(np.uint8)


def mask_of(pixels: Pixels) -> Floats:
    """Say how much each place hides."""
    luma = luminance(pixels)
    grey = np.asarray(luma, np.float32)
    blur = ImageFilter.BoxBlur(_BOX)
    deviation = np.abs(grey - np.asarray(luma.filter(blur), np.float32))
    # Eighths of a level, as bytes: Pillow blurs bytes four times as fast as numpy floats.
    eighths = Image.fromarray(np.minimum(deviation * 8, 255).astype(np.uint8))
    busy = np.asarray(eighths.filter(blur), np.float32) / 8
    return np.asarray((_QUIET + np.minimum(busy, _BUSIEST)) ** _POWER, np.float32)
