"""Flux requests that share steps are drawn as diffusers' own pipelines draw each of them."""

import os

import numpy as np
import pytest
import torch
from diffusers import FluxImg2ImgPipeline, FluxInpaintPipeline
from PIL import Image

from core.errors import AppError, UserError
from tests.worker.engine.loras import merged, random_changes, save_lora, spelled
from tests.worker.engine.tiny_flux import SIZE, tiny_flux
from tests.worker.engines import request_for
from worker.engine import batch
from worker.engine.families.choice import family_of
from worker.engine.families.flow import Flux
from worker.engine.lora import LoraBank
from worker.engine.messages import ImageInput, LoraUse, ModelSource

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SOURCE = ModelSource(source="tiny-flux", native_size=SIZE)
WIDE = {"width": 2, "height": 1}


@pytest.fixture(scope="module")
def pipeline():
    return tiny_flux()


@pytest.fixture(scope="module")
def flux(pipeline):
    family = family_of(pipeline, SOURCE, LoraBank(pipeline))
    assert isinstance(family, Flux)
    return family


def picture(mask=None, strength=0.6):
    """A picture to go on from, of this very size."""
    rgb = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    return ImageInput(rgb=rgb.tobytes(), width=SIZE, height=SIZE, strength=strength, mask=mask)


def left_half():
    mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
    mask[:, : SIZE // 2] = 255
    return mask.tobytes()


def ask(prompt, seed=7, **fields):
    return request_for(prompt, seed=seed, model=SOURCE, **fields)


REQUESTS = [
    ask("a red apple", seed=1, steps=8, guidance_scale=2.0),
    ask("a blue boat", seed=2, steps=5),
    ask("a cat", seed=3, steps=7, image=picture(), guidance_scale=6.0),
    ask("a green tree", seed=4, steps=6, image=picture(left_half(), strength=0.8)),
]
"""Text, picture and mask, with other steps and other guidance: they share a batch."""

AGAINST = [
    ask("a red apple", seed=1, steps=6, negative="rain", guidance_scale=2.0),
    ask("a cat", seed=5, steps=4, negative="snow", image=picture()),
]
"""True guidance takes two rows; these share another."""


def stock(pipeline, request):
    """Draw with diffusers' own pipeline for this kind of request."""
    order = request.pictures[0]
    arguments = {
        "prompt": order.parts[0].text,
        "num_inference_steps": request.steps,
        "generator": torch.Generator().manual_seed(order.seed),
        "height": SIZE,
        "width": SIZE * request.aspect.width // request.aspect.height,
        "output_type": "np",
        # Those for pictures default to 7; here one model has one default, whatever is asked of it.
        "guidance_scale": 3.5 if request.guidance_scale is None else request.guidance_scale,
    }
    if request.negative:
        arguments |= {"negative_prompt": request.negative, "true_cfg_scale": 4.0}
    image = request.image
    if image is not None:
        arguments["image"] = Image.frombytes("RGB", (SIZE, SIZE), image.rgb)
        arguments["strength"] = image.strength
        kind = FluxImg2ImgPipeline if image.mask is None else FluxInpaintPipeline
        pipeline = kind(**pipeline.components)
        pipeline.set_progress_bar_config(disable=True)
    if image is not None and image.mask is not None:
        arguments["mask_image"] = Image.frombytes("L", (SIZE, SIZE), image.mask)
    return (pipeline(**arguments).images[0] * 255).round().astype(np.uint8)


def draw(flux, requests, bucket=0, joining=1):
    """Draw requests that join one after another, `joining` steps apart."""
    drawings, waiting, steps = [], list(requests), 0
    while waiting or not all(drawing.is_done for drawing in drawings):
        if waiting and steps % joining == 0:
            drawings.append(flux.begin(waiting.pop(0), 0))
        under_way = [drawing for drawing in drawings if not drawing.is_done]
        assert len({drawing.key for drawing in drawings}) == 1
        batch.step(flux, under_way, bucket)
        steps += 1
    return flux.decode(drawings)


@pytest.mark.parametrize("requests", [REQUESTS, AGAINST], ids=["distilled", "true guidance"])
def test_requests_that_join_under_way_come_out_as_from_the_stock_pipelines(
    pipeline, flux, requests
):
    """At most one 8-bit value in a thousand differs, by at most one."""
    drawn = draw(flux, requests)

    for request, pixels in zip(requests, drawn, strict=True):
        difference = np.abs(pixels.astype(int) - stock(pipeline, request).astype(int))
        assert difference.max() <= 1, request.request_id
        assert (difference > 0).mean() <= 0.001, request.request_id


def test_a_wide_picture_is_shifted_as_the_stock_pipeline_shifts_it(pipeline, flux):
    """Dynamic shifting follows the number of patches."""
    request = ask("a red apple", aspect=WIDE, steps=3)

    (drawn,) = draw(flux, [request])

    own = flux.begin(request, 0)
    square = flux.begin(ask("a red apple", steps=3), 0)
    assert drawn.shape == (8 * round(SIZE / 8 / 2**0.5), 24, 3)
    assert own.timesteps[1] != square.timesteps[1]
    assert own.key != square.key
    expected = pipeline(
        "a red apple", height=drawn.shape[0], width=drawn.shape[1], num_inference_steps=3,
        generator=torch.Generator().manual_seed(7), output_type="np",
    ).images[0]  # fmt: skip
    assert np.abs(drawn - (expected * 255).round()).max() <= 1


@pytest.mark.parametrize("requests", [REQUESTS, AGAINST], ids=["distilled", "true guidance"])
def test_in_a_fixed_bucket_company_changes_no_bit(flux, requests):
    """Alone or with others, early or late: the very same pixels."""
    alone = [draw(flux, [request], bucket=4)[0] for request in requests]

    together = draw(flux, requests, bucket=4, joining=2)

    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("request_", [REQUESTS[0], REQUESTS[3], AGAINST[0]])
def test_a_frozen_drawing_goes_on_with_the_very_same_bits(flux, request_):
    """Between any two steps, in another drawing object."""
    (expected,) = draw(flux, [request_], bucket=2)
    drawing = flux.begin(request_, 0)
    for _ in range(2):
        batch.step(flux, [drawing], 2)

    thawed = flux.thaw(request_, 0, flux.freeze(drawing))
    while not thawed.is_done:
        batch.step(flux, [thawed], 2)

    assert np.array_equal(flux.decode([thawed])[0], expected)


def test_progress_counts_what_is_drawn_and_previews_show_where_it_goes(flux):
    """A picture to go on from skips steps; the estimate is a grid that can be shown."""
    drawing = flux.begin(REQUESTS[2], 0)
    steps = []

    while not drawing.is_done:
        batch.step(flux, [drawing])
        steps.append((drawing.step, drawing.total_steps))

    assert steps == [(each, 5) for each in range(1, 6)], "7 steps at strength 0.6"
    assert drawing.estimate.shape == (1, 4, SIZE // 2, SIZE // 2)
    last = flux.pipeline._pack_latents(drawing.estimate, 1, 4, SIZE // 2, SIZE // 2)
    assert torch.allclose(last, drawing.latents, atol=1e-5), "the last estimate is the picture"


def test_each_request_follows_its_own_lora(pipeline, flux, tmp_path):
    """In one batch, and as if the weights were merged; text encoders included."""
    changes = random_changes(pipeline.transformer, lambda name: name.endswith(("to_q", "net.2")))
    words = random_changes(pipeline.text_encoder, lambda name: name.endswith("fc1"), seed=1)
    tensors = spelled(changes, "peft", "transformer") | spelled(words, "peft", "text_encoder")
    use = LoraUse(path=save_lora(tmp_path / "a.safetensors", tensors), scale=0.5)
    other = tiny_flux()
    other.transformer = merged(pipeline.transformer, (changes, 0.5))
    other.text_encoder = merged(pipeline.text_encoder, (words, 0.5))
    plain = ask("a red apple", steps=4)
    changed = plain.model_copy(update={"loras": (use,)})

    drawn = draw(flux, [plain, changed])

    for pixels, expected in zip(drawn, (stock(pipeline, plain), stock(other, plain)), strict=True):
        assert np.abs(pixels.astype(int) - expected).max() <= 1
    assert np.abs(drawn[0].astype(int) - drawn[1]).max() > 1


def test_a_lora_trained_further_changes_words_that_were_encoded_before(pipeline, flux, tmp_path):
    """The file has the same name, but not the same content."""
    path = tmp_path / "a.safetensors"
    requests = []
    for seed in (1, 2):
        words = random_changes(pipeline.text_encoder, lambda name: name.endswith("fc1"), seed=seed)
        save_lora(path, spelled(words, "peft", "text_encoder"))
        os.utime(path, ns=(seed, seed))
        requests.append(flux.begin(ask("a cat", loras=(LoraUse(path=str(path)),)), 0))

    before, after = (drawing.rows["pooled_projections"] for drawing in requests)
    assert not torch.equal(before, after)


def test_weighted_parts_lie_between_their_texts(flux):
    """`::` is a mean of embeddings, and a negative weight is a picture's negative."""
    apple, boat, both, against = (
        flux.begin(ask(prompt, steps=2), 0)
        for prompt in ("apple", "boat", "apple::3 boat::1", "apple::2 boat::-1")
    )

    for name in ("encoder_hidden_states", "pooled_projections"):
        expected = 0.75 * apple.rows[name] + 0.25 * boat.rows[name]
        assert torch.allclose(both.rows[name], expected, atol=1e-6)
        assert torch.equal(against.rows[name], torch.cat((boat.rows[name], apple.rows[name])))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"is_tile": True}, "model_flag_unsupported", id="tile"),
        pytest.param({"scheduler": "DDIMScheduler"}, "scheduler_unusable", id="scheduler"),
    ],
)
def test_what_flow_matching_cannot_do_is_refused(flux, fields, code):
    """Edges of a transformer cannot be made to meet, and DDIM predicts no velocity."""
    with pytest.raises(UserError) as refused:
        flux.begin(ask("a cat", **fields), 0)

    assert refused.value.code == code


def test_a_snapshot_of_another_picture_is_refused(flux):
    """Its latents would be somebody else's."""
    frozen = flux.freeze(flux.begin(REQUESTS[0], 0))

    with pytest.raises(AppError) as refused:
        flux.thaw(REQUESTS[1], 0, frozen)

    assert refused.value.code == "snapshot_unusable"


def test_a_model_without_guidance_embedding_is_told_none():
    """Flux schnell takes no guidance at all; the stock pipeline ignores what is asked."""
    pipeline = tiny_flux(is_guided=False)
    family = family_of(pipeline, SOURCE)
    requests = [ask("a cat", steps=3, guidance_scale=scale) for scale in (1.0, 9.0)]

    low, high = draw(family, requests)

    assert np.array_equal(low, high)
    assert np.abs(low.astype(int) - stock(pipeline, requests[0])).max() <= 1
