"""SDXL's own habits: an autoencoder that overflows in fp16, and latents with a mean."""

import pytest
import torch

from bench.engine_numerics import ask, difference, in_company, stock
from tests.worker.engine.tiny_diffusion import TINY
from tests.worker.engine.tiny_pipelines import tiny_sdxl
from worker.engine.families.sdxl import StableDiffusionXL

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SIZED = TINY.model_copy(update={"native_size": 16})


def like_stock(family, *requests):
    drawn = in_company(family, requests)

    return all(
        difference(pixels, stock(family, request))[1] <= 1
        for pixels, request in zip(drawn, requests, strict=True)
    )


def test_an_autoencoder_that_overflows_in_fp16_decodes_in_fp32_and_goes_back():
    family = StableDiffusionXL(tiny_sdxl().to(dtype=torch.float16), SIZED)
    family.pipeline.vae.register_to_config(force_upcast=True)
    seen = []
    decode = family.pipeline.vae.decode
    family.pipeline.vae.decode = lambda latents, **options: (
        seen.append(latents.dtype),
        decode(latents, **options),
    )[1]

    (pixels,) = in_company(family, [ask("a cat", steps=2)])

    assert pixels.shape == (16, 16, 3)
    assert seen == [torch.float32]
    assert family.pipeline.vae.dtype == torch.float16


def test_latents_with_a_mean_are_moved_back_before_they_are_decoded():
    family = StableDiffusionXL(tiny_sdxl(), SIZED)
    plain, _ = in_company(family, [ask("a cat", steps=2)] * 2)
    family.pipeline.vae.register_to_config(
        latents_mean=[0.5, -0.5, 0.2, 0.0], latents_std=[2.0, 1.0, 0.5, 1.0]
    )

    (moved,) = in_company(family, [ask("a cat", steps=2)])

    assert difference(moved, plain)[1] > 1
    assert like_stock(family, ask("a cat", steps=2))


@pytest.mark.parametrize("zeros", [True, False])
def test_nothing_to_keep_out_is_what_the_model_was_trained_with(zeros):
    """Zeros for some, an encoded empty text for others."""
    pipeline = tiny_sdxl()
    pipeline.register_to_config(force_zeros_for_empty_prompt=zeros)
    family = StableDiffusionXL(pipeline, SIZED)

    drawing = family.begin(ask("a cat"), 0)

    assert bool((drawing.rows["encoder_hidden_states"][0] == 0).all()) is zeros
    assert like_stock(family, ask("a cat", steps=2), ask("a dog", steps=2, negative="rain"))


def test_the_network_is_told_the_size():
    family = StableDiffusionXL(tiny_sdxl(), SIZED)

    drawing = family.begin(ask("a cat", aspect={"width": 2, "height": 1}), 0)

    assert drawing.rows["time_ids"].tolist() == [[8, 24, 0, 0, 8, 24]] * 2


def test_a_watermark_is_put_on_where_the_pipeline_has_one():
    class Mark:
        def apply_watermark(self, image):
            return torch.ones_like(image)

    family = StableDiffusionXL(tiny_sdxl(), SIZED)
    family.pipeline.watermark = Mark()

    (pixels,) = in_company(family, [ask("a cat", steps=1)])

    assert (pixels == 255).all()
