"""Make edges meet for `--tile`: convolutions wrap around instead of padding with zeros."""

from collections.abc import Iterator, Sequence
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
    if getattr(pipeline, "unet", None) is None or getattr(pipeline, "vae", None) is None:
        raise UserError("model_flag_unsupported", flag="--tile")
    with wrapped_around(padded_layers(pipeline)):
        yield


def padded_layers(pipeline: Any) -> list[nn.Conv2d]:  # any pipeline with a UNet
    """Find every padded convolution of the denoiser and the autoencoder."""
    return [
        layer
        for part in (pipeline.unet, pipeline.vae)
        for layer in part.modules()
        if isinstance(layer, nn.Conv2d) and layer.padding != (0, 0)
    ]


@contextmanager
def wrapped_around(layers: Sequence[nn.Conv2d]) -> Iterator[None]:
    """Let convolutions wrap around for a while."""
    for layer in layers:
        layer.padding_mode = "circular"
    try:
        yield
    finally:
        for layer in layers:
            layer.padding_mode = "zeros"
