"""Settle the size of a picture: the model's own area, in the asked aspect."""

import math
from typing import Any

from core.contracts.generation import Aspect

_LEAST_MULTIPLE = 8
"""What the pipelines' own checks ask of both sides, whatever the model."""


def size_for(pipeline: Any, aspect: Aspect, native_size: int | None) -> tuple[int, int] | None:
    """Work out width and height in pixels; None where the model does not say its size.

    The area stays the model's native one, because that is what it was trained on, and both
    sides are rounded to what its denoiser divides by.

    Args:
        pipeline: Any diffusers pipeline.
        aspect: The asked ratio.
        native_size: Pixels a side by the model's profile; None asks the pipeline.
    """
    side = native_size or _native_size(pipeline)
    if side is None:
        return None
    multiple = _multiple(pipeline)
    ratio = math.sqrt(aspect.width / aspect.height)
    width, height = (max(1, round(ideal / multiple)) for ideal in (side * ratio, side / ratio))
    return width * multiple, height * multiple


def _native_size(pipeline: Any) -> int | None:
    """Read the trained size: the denoiser's sample size in latents, times the decoder's factor."""
    sample_size = getattr(pipeline, "default_sample_size", None)
    for name in ("unet", "transformer"):
        config = getattr(getattr(pipeline, name, None), "config", {})
        sample_size = sample_size or config.get("sample_size")
    if not isinstance(sample_size, int):
        return None
    return int(sample_size * getattr(pipeline, "vae_scale_factor", 1))


def _multiple(pipeline: Any) -> int:
    """Find what both sides must divide by, so that no level of the denoiser gets half a pixel."""
    factor = int(getattr(pipeline, "vae_scale_factor", 1))
    unet, transformer = getattr(pipeline, "unet", None), getattr(pipeline, "transformer", None)
    if unet is not None:
        factor *= 2 ** (len(unet.config.get("block_out_channels", (1,))) - 1)
    elif transformer is not None:
        # Flux's patches are two latents wide, though its configuration says one.
        factor *= max(int(transformer.config.get("patch_size") or 1), 2)
    return max(factor, _LEAST_MULTIPLE)
