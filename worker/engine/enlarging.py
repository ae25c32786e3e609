"""Enlarge what is posted and what people ask to have enlarged: by a network, or without one."""

from functools import cached_property

import numpy as np
import structlog
from PIL import Image

from worker.engine.enlarge import Enlarger
from worker.engine.messages import ImageInput
from worker.engine.pixels import Pixels

log = structlog.get_logger()


class Enlarging:
    """The enlarging network, read when it is first needed; without its files, Lanczos."""

    def __init__(self, device: str) -> None:
        self._device = device

    def for_post(self, pixels: Pixels, post_size: int) -> Pixels:
        """Bring a picture's shorter side to what is posted; a larger one stays as it is."""
        height, width, _ = pixels.shape
        if min(height, width) >= post_size:
            return pixels
        return self._enlarged(pixels, round(post_size * max(height, width) / min(height, width)))

    def upscaled(self, image: ImageInput, factor: int) -> Pixels:
        """Enlarge a picture that somebody brought."""
        pixels = np.frombuffer(image.rgb, np.uint8).reshape(image.height, image.width, 3)
        return self._enlarged(pixels, factor * max(image.width, image.height))

    def _enlarged(self, pixels: Pixels, side: int) -> Pixels:
        if self._network is not None:
            return self._network.enlarge(pixels, side)
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
