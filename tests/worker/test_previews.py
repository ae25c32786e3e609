"""Previews are small JPEGs in about the right colours, made without a large decoder."""

import io
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from worker.previews import PREVIEW_SIZE, Previewer


class Blending:
    """An autoencoder whose latents are a fixed mix of the colours, an eighth of the size."""

    device, dtype = torch.device("cpu"), torch.float32
    mix = torch.tensor([[1.0, 0.2, 0.0], [0.0, 1.0, 0.3], [0.4, 0.0, 1.0], [0.3, 0.3, 0.3]])

    def __init__(self):
        self.config = {"in_channels": 3, "scaling_factor": 0.5, "shift_factor": 0.25}

    def encode(self, pictures):
        small = torch.nn.functional.avg_pool2d(pictures, 8)
        latents = torch.einsum("bchw,lc->blhw", small, self.mix)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))


def opened(jpeg) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def test_a_tiny_autoencoder_shows_its_own_picture(shipped):
    """Latents of the shipped model become its 128 pixels."""
    jpeg = shipped.previewer.jpeg(torch.zeros(1, 4, 16, 16))

    assert opened(jpeg).size == (128, 128)


def test_a_large_autoencoder_is_fitted_instead_of_run():
    """The fit finds the colours of latents that it has not seen, scale and shift included."""
    vae = Blending()
    colour = torch.tensor([0.8, -0.6, 0.2])
    latents = vae.encode(colour.view(1, 3, 1, 1).expand(1, 3, 64, 64)).latent_dist.mode()

    jpeg = Previewer(SimpleNamespace(vae=vae)).jpeg((latents - 0.25) * 0.5)

    expected = [round((float(value) + 1) * 127.5) for value in colour]
    assert opened(jpeg).getpixel((4, 4)) == pytest.approx(expected, abs=6)


def test_a_pipeline_without_an_autoencoder_shows_its_pixels():
    """What it denoises is the picture."""
    jpeg = Previewer(SimpleNamespace()).jpeg(torch.full((1, 1, 8, 8), 1.0))

    assert opened(jpeg).getpixel((0, 0)) == (255, 255, 255)


def test_a_preview_is_small():
    """However large the picture, its preview stays a few kilobytes."""
    jpeg = Previewer(SimpleNamespace()).jpeg(torch.zeros(1, 3, 300, 600))

    assert opened(jpeg).size == (PREVIEW_SIZE, PREVIEW_SIZE // 2)


@pytest.mark.parametrize(
    ("pipeline", "latents"),
    [
        pytest.param(SimpleNamespace(), torch.zeros(1, 64, 16), id="packed latents"),
        pytest.param(
            SimpleNamespace(vae=SimpleNamespace(config={"in_channels": 1})),
            torch.zeros(1, 4, 8, 8),
            id="an autoencoder of something else",
        ),
    ],
)
def test_what_can_not_be_shown_is_left_out(pipeline, latents):
    """No preview is no error: progress goes on without it."""
    assert Previewer(pipeline).jpeg(latents) is None
