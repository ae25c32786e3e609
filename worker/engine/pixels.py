"""Turn a decoder's picture into 8-bit RGB."""

import numpy as np

from core.errors import AppError

_RGB = 3

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""Height, width, RGB."""


def to_pixels(image: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Pixels:
    """Round one picture of height, width and channels, zero to one, to 8-bit RGB.

    Raises:
        AppError: `picture_broken` for pixels that are not numbers.
    """
    if not np.isfinite(image).all():
        raise AppError("picture_broken")
    image = np.repeat(image, _RGB, axis=2) if image.shape[2] == 1 else image[..., :_RGB]
    return np.ascontiguousarray((image * 255).round().clip(0, 255).astype(np.uint8))
