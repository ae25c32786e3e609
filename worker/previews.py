"""Turn half-finished latents into a small JPEG, cheaply enough to do it between steps."""

import io
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

PREVIEW_SIZE = 256
"""The longer side of a preview, in pixels, at most: enough to see what it becomes."""

_JPEG_QUALITY = 70
_FIT_PICTURES = 16
_FIT_SIZE = 64
_LATENT_DIMS = 4
_RGB = 3

_Decoder = Callable[[torch.Tensor], torch.Tensor]
"""Latents (1, C, h, w) to pixels (1, 3, H, W) in -1…1."""


class Previewer:
    """Make previews for one pipeline.

    A tiny autoencoder decodes its own latents. A large one costs as much as a step or more, so
    its latents are mapped to colours by a linear fit, made once for each model from pictures that
    the model's own encoder encodes: no table of constants for each model family.
    """

    def __init__(self, pipeline: Any) -> None:
        self._decode = _decoder_for(pipeline)

    @torch.inference_mode()
    def jpeg(self, latents: torch.Tensor) -> bytes | None:
        """Show latents as a JPEG; None where they are no plain grid that can be shown."""
        if self._decode is None or latents.dim() != _LATENT_DIMS:
            return None
        pixels = self._decode(latents[:1])[0].float().clamp(-1, 1)
        array = ((pixels + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        picture = Image.fromarray(array)
        picture.thumbnail((PREVIEW_SIZE, PREVIEW_SIZE))
        encoded = io.BytesIO()
        picture.save(encoded, "JPEG", quality=_JPEG_QUALITY)
        return encoded.getvalue()


def _decoder_for(pipeline: Any) -> _Decoder | None:
    vae = getattr(pipeline, "vae", None)
    if vae is None:
        return _as_pixels
    if type(vae).__name__ == "AutoencoderTiny":
        scale = float(vae.config.scaling_factor)

        def decode(latents: torch.Tensor) -> torch.Tensor:
            pixels: torch.Tensor = vae.decode(latents / scale).sample
            return pixels

        return decode
    if hasattr(vae, "encode") and vae.config.get("in_channels") == _RGB:
        return _linear_fit(vae)
    return None


def _as_pixels(latents: torch.Tensor) -> torch.Tensor:
    """Show what a pipeline without an autoencoder denoises: the pixels themselves."""
    return latents if latents.shape[1] == _RGB else latents[:, :1].expand(-1, _RGB, -1, -1)


@torch.inference_mode()
def _linear_fit(vae: Any) -> _Decoder | None:
    """Fit colour = latents * weights + bias by least squares on simple pictures."""
    pictures = _colour_pictures().to(device=vae.device, dtype=vae.dtype)
    latents = vae.encode(pictures).latent_dist.mode()
    if latents.dim() != _LATENT_DIMS:
        return None
    shift = float(vae.config.get("shift_factor") or 0.0)
    latents = ((latents - shift) * float(vae.config.get("scaling_factor", 1.0))).float()
    small = torch.nn.functional.adaptive_avg_pool2d(pictures.float(), latents.shape[-2:])
    points = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    ones = torch.ones_like(points[:, :1])
    colours = small.permute(0, 2, 3, 1).reshape(-1, _RGB)
    # On the CPU: the points are few, and not every device has the solver.
    known = torch.cat([points, ones], dim=1).cpu()
    weights: torch.Tensor = torch.linalg.lstsq(known, colours.cpu()).solution.to(vae.device)

    def decode(latents: torch.Tensor) -> torch.Tensor:
        mixed = torch.einsum("bchw,cr->brhw", latents.float(), weights[:-1])
        return mixed + weights[-1].view(1, _RGB, 1, 1)

    return decode


def _colour_pictures() -> torch.Tensor:
    """Make pictures of soft coloured patches, the same every time, in -1…1."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand((_FIT_PICTURES, _RGB, 4, 4), generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(
        coarse, size=(_FIT_SIZE, _FIT_SIZE), mode="bilinear", align_corners=True
    )
