"""The engine draws what diffusers' own pipelines draw, whoever shares the steps."""

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg

from bench.engine_numerics import ask, difference, finished, in_company, mixed, picture, stock
from core.errors import AppError, UserError
from core.prompts import weigh
from tests.worker.engine.tiny_diffusion import (
    SIDE,
    TINY,
    family_inpaint,
    family_sd,
    family_sdxl,
    tiny_sd,
)
from tests.worker.engines import SHIPPED
from worker.engine import batch
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.messages import PictureOrder

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]

SHARE, MOST = 0.001, 1
"""What of a picture's 8-bit values may differ from the stock pipeline's, and by how much."""


def family_shipped(shipped):
    return StableDiffusion(shipped.pipeline, SHIPPED)


def assert_like_stock(family, requests):
    drawn = in_company(family, requests)

    for pixels, request in zip(drawn, requests, strict=True):
        share, most = difference(pixels, stock(family, request))
        assert share <= max(SHARE, 1 / pixels.size)  # One value of a tiny picture is more.
        assert most <= MOST


@pytest.mark.parametrize(
    "family", [pytest.param(family_sd, id="SD"), pytest.param(family_sdxl, id="SDXL")]
)
def test_text_picture_and_mask_share_a_batch_and_equal_the_stock_pipelines(family):
    """Four requests with four schedulers, joining and leaving mid-flight."""
    key = family().key(ask("any"))

    assert_like_stock(family(), mixed(key.width, key.height))


def test_the_shipped_model_equals_its_stock_pipelines(shipped):
    family = family_shipped(shipped)
    key = family.key(ask("any"))

    assert_like_stock(family, mixed(key.width, key.height, seed=5)[1:])


def test_a_network_made_for_inpainting_is_shown_mask_and_picture():
    """Nine channels: the masked picture lies beside the latents, and nothing is blended."""
    family = family_inpaint()
    requests = [
        ask("a cat", 1, steps=3, image=picture(SIDE, SIDE, 1.0, is_masked=True)),
        ask("a dog", 2, steps=4, image=picture(SIDE, SIDE, 0.7, is_masked=True)),
    ]

    assert_like_stock(family, requests)


def test_a_network_made_for_inpainting_draws_from_words_alone_too():
    """Everything is masked, and no picture shows through."""
    family = family_inpaint()
    size = {"width": SIDE, "height": SIDE}
    everything = picture(SIDE, SIDE, 1.0).model_copy(update={"mask": b"\xff" * SIDE * SIDE})

    (alone,) = in_company(family, [ask("a cat", 1, steps=3)])

    assert size == {"width": alone.shape[1], "height": alone.shape[0]}
    assert np.array_equal(alone, stock(family, ask("a cat", 1, steps=3, image=everything)))


def test_what_lies_outside_a_mask_stays():
    """The corner keeps the encoded picture's latents, exactly; the middle does not."""
    family = family_sd()
    image = picture(SIDE, SIDE, 1.0, is_masked=True)

    drawing = family.begin(ask("a cat", steps=3, image=image), 0)
    latents = finished(family, drawing, 0)

    assert torch.equal(latents[..., :2, :], drawing.repaint.kept[..., :2, :])
    assert not torch.equal(latents[..., 3:5, 3:5], drawing.repaint.kept[..., 3:5, 3:5])


def test_unguided_drawings_take_one_row_and_travel_with_guided_ones(monkeypatch):
    family = family_sd()
    monkeypatch.setattr(family, "_traced", None)  # A trace passes hooks by.
    rows = []

    def watch(_module, arguments, _answer):
        rows.append(len(arguments[0]))

    guided = family.begin(ask("a cat", guidance_scale=5.0), 0)
    unguided = family.begin(ask("a dog", guidance_scale=1.0), 0)
    handle = family.pipeline.unet.register_forward_hook(watch)
    try:
        batch.step(family, [unguided, guided])
        batch.step(family, [unguided, guided], bucket=4)
    finally:
        handle.remove()

    assert rows == [3, 8]


def test_a_networks_own_guidance_input_is_told_the_scale():
    """UNets distilled to take the scale as a number (LCM) get it, and one row does."""
    family = StableDiffusion(tiny_sd(time_cond_proj_dim=8), TINY)
    requests = [
        ask("a cat", scheduler="LCMScheduler", guidance_scale=scale, steps=2) for scale in (2, 7)
    ]

    assert [family.begin(each, 0).row_count for each in requests] == [1, 1]
    assert_like_stock(family, requests)


def test_weighted_words_and_a_negative_reach_each_picture():
    """Parts of negative weight push away; equal pictures of a request share their encoding."""
    family = family_sd()
    orders = tuple(
        PictureOrder(parts=weigh(words), seed=1)
        for words in ("a cat::2 a dog::1", "a cat::2 a dog::-1", "a cat::2 a dog::1")
    )
    request = ask("a").model_copy(update={"pictures": orders, "negative": "rain"})

    first, pushed, same = (family.begin(request, place) for place in range(3))

    assert first.rows is same.rows
    assert not torch.equal(
        first.rows["encoder_hidden_states"], pushed.rows["encoder_hidden_states"]
    )


def test_a_tile_is_its_own_batch_and_its_edges_meet():
    """A tile's numbers do not depend on where it is cut: rolling the noise rolls the answer."""
    family = family_sd()
    tile = family.begin(ask("a cat", is_tile=True), 0)
    plain = family.begin(ask("a cat"), 0)

    def rolls(drawing):
        (still,) = family.predict([drawing], 0)
        drawing.latents = drawing.latents.roll(2, dims=3)
        (rolled,) = family.predict([drawing], 0)
        return torch.allclose(still.roll(2, dims=3), rolled, atol=1e-5)

    assert tile.key != plain.key
    assert rolls(tile)
    assert not rolls(plain)
    assert {layer.padding_mode for layer in family._layers} == {"zeros"}


def test_an_aspect_and_a_picture_of_another_shape_give_the_asked_size():
    family = family_sd()
    wide = ask("a cat", steps=2, aspect={"width": 2, "height": 1}, image=picture(40, 30, 0.9))

    (pixels,) = in_company(family, [wide])

    assert pixels.shape == (8, 24, 3)


def test_the_least_strength_still_takes_one_step():
    drawing = family_sd().begin(ask("a cat", steps=4, image=picture(SIDE, SIDE, 0.01)), 0)

    assert (drawing.total, drawing.total_steps) == (1, 1)


def test_guidance_is_rescaled_as_diffusers_does():
    family = StableDiffusion(tiny_sd(), TINY)
    family._guidance_rescale = 0.7
    rows = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    guidance = family.begin(ask("a cat", guidance_scale=6.0), 0).guidance

    guided = rows[:1] + 6.0 * (rows[1:] - rows[:1])
    assert torch.equal(guidance.applied(rows), rescale_noise_cfg(guided, rows[1:], 0.7))


def test_the_models_own_safety_checker_withholds():
    family = StableDiffusion(tiny_sd(), TINY)
    vars(family.pipeline)["safety_checker"] = object()
    family.pipeline.run_safety_checker = lambda image, device, dtype: (image, [True])
    drawing = family.begin(ask("a cat", steps=1), 0)
    batch.step(family, [drawing])

    with pytest.raises(UserError) as refused:
        family.decode([drawing])

    assert refused.value.code == "model_withheld"


def test_numbers_out_of_range_are_no_picture():
    family = family_sd()
    drawing = family.begin(ask("a cat", steps=1), 0)
    batch.step(family, [drawing])
    drawing.latents = drawing.latents * torch.nan

    with pytest.raises(AppError) as refused:
        family.decode([drawing])

    assert refused.value.code == "picture_broken"


def test_a_forward_that_fails_changes_no_drawing(monkeypatch):
    """Out of memory: the same step is tried again with fewer."""
    family = family_sd()
    drawing = family.begin(ask("a cat", 9, steps=3, scheduler="DPMSolverMultistepScheduler"), 0)
    batch.step(family, [drawing])
    before = drawing.latents.clone()
    with monkeypatch.context() as patch:
        patch.setattr(family, "_traced", None)
        patch.setattr(family, "_ask", lambda *_: (_ for _ in ()).throw(MemoryError()))
        with pytest.raises(MemoryError):
            batch.step(family, [drawing])

    assert (drawing.index, torch.equal(drawing.latents, before)) == (1, True)
    again = family.begin(ask("a cat", 9, steps=3, scheduler="DPMSolverMultistepScheduler"), 0)
    assert torch.equal(finished(family, drawing, 0), finished(family, again, 0))


def test_an_inpainting_pipeline_with_an_ordinary_network_is_served():
    family = StableDiffusion(tiny_sd(4, StableDiffusionInpaintPipeline), TINY)

    assert_like_stock(family, [ask("a cat", steps=2)])
