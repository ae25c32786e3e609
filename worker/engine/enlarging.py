"""Enlarge what is posted and what people ask to have enlarged: by a network, or without one.

It is done in pieces, since a large picture takes many times as long as a step of the others.
"""

from fractions import Fraction
from functools import cached_property
from math import ceil

import numpy as np
import structlog
from PIL import Image

from worker.engine.enlarge import Enlarger
from worker.engine.messages import ImageInput
from worker.engine.pixels import Pieces, Pixels

log = structlog.get_logger()

_RIM = 16
"""Pixels of a tiling picture's other end that are enlarged with each edge: more than the network
looks around itself, or Lanczos."""


class Enlarging:
    """The enlarging network, read when it is first needed; without its files, Lanczos."""

    def __init__(self, device: str) -> None:
        self._device = device

    def for_post(self, pixels: Pixels, post_size: int, *, is_tile: bool = False) -> Pieces:
        """Bring a picture's shorter side to what is posted; a larger one stays as it is."""
        height, width, _ = pixels.shape
        if min(height, width) >= post_size:
            return pixels
        scale = Fraction(post_size, min(height, width))
        return (yield from self._scaled(pixels, scale, is_tile=is_tile))

    def upscaled(self, image: ImageInput, factor: int, *, is_tile: bool = False) -> Pieces:
        """Enlarge a picture that somebody brought."""
        pixels = np.frombuffer(image.rgb, np.uint8).reshape(image.height, image.width, 3)
        return (yield from self._scaled(pixels, Fraction(factor), is_tile=is_tile))

    def _scaled(self, pixels: Pixels, scale: Fraction, *, is_tile: bool) -> Pieces:
        height, width, _ = pixels.shape
        if not is_tile:
            return (yield from self._enlarged(pixels, round(scale * max(height, width))))
        # What lies across an edge is the other end of the picture; without it, enlarging would
        # draw each edge by itself, and they would no longer meet.
        rim = scale.denominator * ceil(_RIM / scale.denominator)  # Whole pixels once enlarged.
        framed = np.pad(pixels, ((rim, rim), (rim, rim), (0, 0)), mode="wrap")
        large = yield from self._enlarged(framed, round(scale * (max(height, width) + 2 * rim)))
        top = left = int(scale * rim)
        return np.ascontiguousarray(
            large[top : top + round(scale * height), left : left + round(scale * width)]
        )

    def _enlarged(self, pixels: Pixels, side: int) -> Pieces:
        if self._network is not None:
            return (yield from self._network.enlarging(pixels, side))
        height, width, _ = pixels.shape
        scale = side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))

    @cached_property
    def _network(self) -> Enlarger | None:
        try:
            return Enlarger.load(None, self._device)
        except OSError:
            log.warning("enlarger_missing")
            return None
