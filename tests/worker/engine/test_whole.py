"""Whatever shares no batch is drawn whole, with the same progress, and says what it cannot do."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    PixArtAlphaPipeline,
    PixArtTransformer2DModel,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
)
from PIL import Image
from transformers import T5Config, T5EncoderModel

from core.errors import AppError, UserError
from tests.worker.engine.loras import merged, random_changes, save_lora, spelled
from tests.worker.engine.tiny_pipelines import tiny_sdxl, tiny_unconditional
from tests.worker.engines import request_for
from worker.engine.lora import LoraBank
from worker.engine.messages import ImageInput, LoraUse, ModelSource
from worker.engine.whole import Whole

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SIZE = 32
RGB = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def pipeline():
    pipeline = tiny_sdxl()
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def sdxl(pipeline):
    """SDXL shares batches, but draws whole as well: here it stands for those that do not."""
    return Whole(pipeline, ModelSource(source="tiny"), LoraBank(pipeline))


def draw(whole, request):
    steps = []
    pixels = whole.draw(request, 0, lambda report: steps.append((report.step, report.total_steps)))
    return pixels, steps


def picture(mask=None, strength=0.6):
    return ImageInput(rgb=RGB.tobytes(), width=SIZE, height=SIZE, strength=strength, mask=mask)


def left_half():
    mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
    mask[:, : SIZE // 2] = 255
    return mask.tobytes()


def as_pixels(output):
    return (output.images[0] * 255).round().astype(np.uint8)


def test_a_pipeline_of_another_kind_draws_with_progress():
    """No text, no size, no guidance, no callback: it draws, and every step is seen."""
    whole = Whole(tiny_unconditional(), ModelSource(source="tiny"))

    pixels, steps = draw(whole, request_for("whatever", steps=3))

    assert pixels.shape == (16, 16, 3)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert whole.guidance_in_force(5.0) == 0.0


def test_pixart_draws_from_words(pipeline):
    """A transformer with attention masks beside its embeddings."""
    torch.manual_seed(0)
    words = T5Config(
        vocab_size=2048, d_model=32, d_kv=8, d_ff=37, num_layers=1, num_heads=4, pad_token_id=2047
    )
    transformer = PixArtTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8,
        num_layers=1, cross_attention_dim=16, caption_channels=32, sample_size=32,
        use_additional_conditions=False, norm_num_groups=4,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(4, 4, 4, 4), norm_num_groups=4, latent_channels=4, sample_size=256,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    pixart = PixArtAlphaPipeline(
        pipeline.tokenizer, T5EncoderModel(words), vae, transformer, DPMSolverMultistepScheduler()
    )
    pixart.set_progress_bar_config(disable=True)
    whole = Whole(pixart, ModelSource(source="tiny"))

    apple, steps = draw(whole, request_for("a red apple", steps=3))
    boat, _ = draw(whole, request_for("a boat", steps=3))

    assert apple.shape == (256, 256, 3)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert not np.array_equal(apple, boat)
    for refused in (request_for("a cat::2 a dog"), request_for("a cat", image=picture())):
        with pytest.raises(UserError, match="model_flag_unsupported"):
            draw(whole, refused)


def test_a_cancel_ends_the_picture_at_a_step(sdxl):
    """Whatever the report raises passes through, and the next picture is drawn as ever."""
    before, _ = draw(sdxl, request_for("a cat", steps=3))
    seen = []

    def refuse(report):
        seen.append(report.step)
        raise AppError("cancelled")

    with pytest.raises(AppError, match="cancelled"):
        sdxl.draw(request_for("a dog", steps=3), 0, refuse)

    assert seen == [1]
    assert np.array_equal(draw(sdxl, request_for("a cat", steps=3))[0], before)


def test_a_picture_to_go_on_from_goes_through_the_class_for_that(pipeline, sdxl):
    """The very pixels of diffusers' own image-to-image pipeline; needless steps do not count."""
    pixels, steps = draw(sdxl, request_for("a cat", steps=5, image=picture()))

    kit = StableDiffusionXLImg2ImgPipeline(**pipeline.components)
    kit.set_progress_bar_config(disable=True)
    expected = kit(
        "a cat", image=Image.fromarray(RGB), strength=0.6, num_inference_steps=5,
        generator=torch.Generator().manual_seed(7), output_type="np",
    )  # fmt: skip
    assert np.array_equal(pixels, as_pixels(expected))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_mask_goes_through_the_class_for_that(pipeline, sdxl):
    """What is white is drawn anew."""
    pixels, _ = draw(sdxl, request_for("a cat", steps=3, image=picture(left_half(), 1.0)))

    kit = StableDiffusionXLInpaintPipeline(**pipeline.components)
    kit.set_progress_bar_config(disable=True)
    expected = kit(
        "a cat", image=Image.fromarray(RGB), strength=1.0, num_inference_steps=3,
        mask_image=Image.frombytes("L", (SIZE, SIZE), left_half()), height=SIZE, width=SIZE,
        guidance_scale=5.0, generator=torch.Generator().manual_seed(7), output_type="np",
    )  # fmt: skip
    assert np.array_equal(pixels, as_pixels(expected))


@pytest.mark.parametrize(
    ("image", "flag"),
    [
        pytest.param(picture(), "--image", id="picture"),
        pytest.param(picture(left_half()), "--mask", id="mask"),
    ],
)
def test_a_pipeline_that_cannot_go_on_from_a_picture_says_so(image, flag):
    """Drawing something else instead would be a lie."""
    whole = Whole(tiny_unconditional(), ModelSource(source="tiny"))

    with pytest.raises(UserError) as refused:
        draw(whole, request_for("whatever", image=image))

    assert (refused.value.code, refused.value.facts) == ("model_flag_unsupported", {"flag": flag})


def test_another_scheduler_is_lent_for_one_picture(pipeline, sdxl):
    """The model's own is back afterwards; one that it cannot use is refused."""
    own = pipeline.scheduler

    pixels, _ = draw(sdxl, request_for("a cat", steps=3, scheduler="DDIMScheduler"))

    assert pipeline.scheduler is own
    other = tiny_sdxl()
    other.set_progress_bar_config(disable=True)
    other.scheduler = DDIMScheduler.from_config(own.config)
    expected = other(
        "a cat", num_inference_steps=3, generator=torch.Generator().manual_seed(7), output_type="np"
    )
    assert np.array_equal(pixels, as_pixels(expected))
    with pytest.raises(UserError) as refused:
        draw(sdxl, request_for("a cat", scheduler="FlowMatchEulerDiscreteScheduler"))
    assert refused.value.code == "scheduler_unusable"


def test_a_lora_changes_words_and_picture(pipeline, sdxl, tmp_path):
    """As if it were merged into denoiser and text encoder, and only for this picture."""
    changes = random_changes(pipeline.unet, lambda name: name.endswith("to_q"))
    words = random_changes(pipeline.text_encoder, lambda name: name.endswith("fc1"), seed=1)
    tensors = spelled(changes, "peft") | spelled(words, "peft", "text_encoder")
    use = LoraUse(path=save_lora(tmp_path / "a.safetensors", tensors), scale=0.5)
    other = tiny_sdxl()
    other.unet = merged(pipeline.unet, (changes, 0.5))
    other.text_encoder = merged(pipeline.text_encoder, (words, 0.5))
    plain = request_for("a cat", steps=3)

    changed, _ = draw(sdxl, plain.model_copy(update={"loras": (use,)}))

    expected, _ = draw(Whole(other, ModelSource(source="tiny")), plain)
    unchanged, _ = draw(sdxl, plain)
    assert np.abs(changed.astype(int) - expected).max() <= 1
    assert np.abs(changed.astype(int) - unchanged).max() > 1


def test_a_lora_without_a_bank_is_refused(pipeline):
    """A picture without it would be another one."""
    request = request_for("a cat", loras=(LoraUse(path="a"),))

    with pytest.raises(UserError) as refused:
        draw(Whole(pipeline, ModelSource(source="tiny")), request)

    assert refused.value.code == "model_flag_unsupported"


class Painting:
    """A pipeline that answers with what it was given."""

    scheduler = None

    def __init__(self, **output):
        self.output = SimpleNamespace(**output)

    def __call__(self, output_type="np"):
        return self.output


@pytest.mark.parametrize(
    ("output", "code"),
    [
        pytest.param({"images": np.full((1, 2, 2, 3), np.nan)}, "picture_broken", id="no numbers"),
        pytest.param(
            {"images": np.zeros((1, 2, 2, 3)), "nsfw_content_detected": [True]},
            "model_withheld",
            id="the model's own safety checker",
        ),
        pytest.param({"frames": [[]]}, "model_draws_no_pictures", id="a film"),
    ],
)
def test_an_output_that_is_no_picture_is_refused(output, code):
    """Nothing black, broken or moving is posted as if it were the picture."""
    with pytest.raises(AppError) as refused:
        draw(Whole(Painting(**output), ModelSource(source="tiny")), request_for("a cat"))

    assert refused.value.code == code


def test_a_grey_picture_becomes_rgb_and_colours_are_clipped():
    """One channel is repeated, a fourth is dropped, and nothing wraps around."""
    grey = Painting(images=np.array([[[[0.5], [1.2]]]]))

    pixels, _ = draw(Whole(grey, ModelSource(source="tiny")), request_for("a cat"))

    assert pixels.tolist() == [[[128, 128, 128], [255, 255, 255]]]
