"""Make edges meet for `--tile`: convolutions wrap around instead of padding with zeros."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from core.errors import UserError


@contextmanager
def tiled(pipeline: Any) -> Iterator[None]:  # any diffusers pipeline
    """Wrap every padded convolution of the denoiser and the decoder, for the length of one draw.

    Raises:
        UserError: `model_flag_unsupported`; a transformer sees positions, not borders, and its
            edges cannot be made to meet this way.
    """
    denoiser, decoder = getattr(pipeline, "unet", None), getattr(pipeline, "vae", None)
    if denoiser is None or decoder is None:
        raise UserError("model_flag_unsupported", flag="--tile")
    wrapped = [
        layer
        for part in (denoiser, decoder)
        for layer in part.modules()
        if isinstance(layer, nn.Conv2d) and layer.padding != (0, 0)
    ]
    for layer in wrapped:
        layer.padding_mode = "circular"
    try:
        yield
    finally:
        for layer in wrapped:
            layer.padding_mode = "zeros"
