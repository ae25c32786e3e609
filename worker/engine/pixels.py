"""Turn a decoder's picture into 8-bit RGB, and name how work on one is laid down in between."""

from collections.abc import Generator

import numpy as np

from core.errors import AppError

_RGB = 3

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""Height, width, RGB."""

Pieces = Generator[None, None, Pixels]
"""Make a picture a piece at a time: others may have their turn at each yield."""


def at_once(pieces: Pieces) -> Pixels:
    """Do all the work on a picture without a pause."""
    while True:
        try:
            next(pieces)
        except StopIteration as finished:
            pixels: Pixels = finished.value
            return pixels


def to_pixels(image: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Pixels:
    """Round one picture of height, width and channels, zero to one, to 8-bit RGB.

    Raises:
        AppError: `picture_broken` for pixels that are not numbers.
    """
    if not np.isfinite(image).all():
        raise AppError("picture_broken")
    image = np.repeat(image, _RGB, axis=2) if image.shape[2] == 1 else image[..., :_RGB]
    return np.ascontiguousarray((image * 255).round().clip(0, 255).astype(np.uint8))
