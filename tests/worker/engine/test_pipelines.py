"""Any diffusers pipeline loads by its folder and draws; what can not be said so clearly."""

import shutil

import numpy as np
import pytest
import torch

from core.errors import AppError, UserError
from tests.worker.engine.tiny_pipelines import save_sdxl, save_unconditional
from tests.worker.engines import SHIPPED, request_for
from worker.engine.messages import ModelSource, Start
from worker.engine.pipelines import load, prepare, translated
from worker.engine.whole import Whole

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def load_folder(folder):
    start = Start(model=ModelSource(source=str(folder)))
    prepare(start)
    return load(start.model, start)


def draw(model, request):
    steps = []
    whole = Whole(model.pipeline, model.source)
    pixels = whole.draw(request, 0, lambda report: steps.append(report.step))
    return pixels, steps


def test_a_seed_gives_the_same_pixels_again_and_another_seed_others(shipped):
    """Bit for bit, whatever was drawn in between."""
    first, _ = draw(shipped, request_for("a red apple", seed=7))
    other, _ = draw(shipped, request_for("a red apple", seed=8))

    again, _ = draw(shipped, request_for("a red apple", seed=7))

    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_words_steps_and_guidance_reach_the_picture(shipped):
    """The apple is red, its background is blue, and each knob turns something."""
    plain = request_for("a red apple on a blue background", steps=12, guidance_scale=4.0)
    pixels, steps = draw(shipped, plain)
    centre, corner = pixels[48:80, 48:80].mean(axis=(0, 1)), pixels[:12, :12].mean(axis=(0, 1))

    other_guidance, _ = draw(shipped, plain.model_copy(update={"guidance_scale": 1.5}))
    other_negative, _ = draw(shipped, plain.model_copy(update={"negative": "a red apple"}))

    assert steps == list(range(1, 13))
    assert centre[0] > 2 * centre[2], "red in the middle"
    assert corner[2] > 2 * corner[0], "blue in the corner"
    assert not np.array_equal(pixels, other_guidance)
    assert not np.array_equal(pixels, other_negative)


def test_a_model_is_known_by_its_weights(shipped, tmp_path):
    """The hash does not depend on where the folder lies; it changes with a single weight's byte."""
    moved = tmp_path / "moved"
    shutil.copytree(SHIPPED.source, moved)

    assert load_folder(moved).sha256 == shipped.sha256

    weights = moved / "vae" / "diffusion_pytorch_model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert load_folder(moved).sha256 != shipped.sha256


def test_a_pipeline_of_another_kind_draws_whole_with_progress(tmp_path):
    """No text, no size, no guidance, no callback: it draws, and every step is seen."""
    save_unconditional(tmp_path)
    model = load_folder(tmp_path)

    pixels, steps = draw(model, request_for("whatever", steps=3))

    assert pixels.shape == (16, 16, 3)
    assert steps == [1, 2, 3]
    assert model.scheduler == "DDPMScheduler"


def test_the_sdxl_family_draws_with_weights_negative_aspect_and_tiling(tmp_path):
    """Two text encoders and a full autoencoder follow the same requests; None is SDXL's own 5."""
    save_sdxl(tmp_path)
    model = load_folder(tmp_path)
    request = request_for(
        "a cat::2 a dog", negative="rain", aspect={"width": 3, "height": 2}, is_tile=True, steps=2
    )

    pixels, steps = draw(model, request)

    assert pixels.shape == (24, 40, 3)
    assert steps == [1, 2]
    whole = Whole(model.pipeline, model.source)
    assert (model.scheduler, whole.guidance_in_force(None)) == ("EulerDiscreteScheduler", 5.0)


def broken_folder(folder, breakage):
    shutil.copytree(SHIPPED.source, folder)
    breakage(folder)
    return folder


def remove_index(folder):
    (folder / "model_index.json").unlink()


def truncate_weights(folder):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def pickle_weights(folder):
    """Leave only a pickle, which could run code when loaded."""
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, folder / "vae" / "diffusion_pytorch_model.bin")


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(remove_index, id="no pipeline"),
        pytest.param(truncate_weights, id="cut short"),
        pytest.param(pickle_weights, id="pickled weights"),
    ],
)
def test_a_damaged_folder_says_so(breakage, tmp_path):
    """One code for everything that is wrong inside a folder; the cause is kept for the log."""
    with pytest.raises(AppError) as refused:
        load_folder(broken_folder(tmp_path / "model", breakage))

    assert refused.value.code == "model_unreadable"
    assert refused.value.__cause__ is not None


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("/no/such/folder", id="absolute path"),
        pytest.param("./no-such-folder", id="relative path"),
        pytest.param("a/b/c", id="no hub id"),
    ],
)
def test_a_missing_folder_says_so_without_asking_the_hub(source):
    """A path is never mistaken for an id."""
    with pytest.raises(UserError) as refused:
        load_folder(source)

    assert (refused.value.code, refused.value.facts) == ("model_not_found", {"value": source})


def test_a_device_that_is_not_there_is_named():
    """A wrong setting is not blamed on the model."""
    with pytest.raises(UserError) as refused:
        load(SHIPPED, Start(model=SHIPPED, device="cuda:99"))

    assert (refused.value.code, refused.value.facts) == ("device_not_found", {"value": "cuda:99"})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(torch.OutOfMemoryError(), "out_of_memory", id="device"),
        pytest.param(MemoryError(), "out_of_memory", id="Python"),
        pytest.param(
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "out_of_memory",
            id="torch on a CPU",
        ),
        pytest.param(RuntimeError("shapes do not match"), "draw_failed", id="runtime error"),
        pytest.param(KeyError("missing"), "draw_failed", id="anything"),
        pytest.param(UserError("model_withheld"), "model_withheld", id="our own"),
    ],
)
def test_what_libraries_raise_gets_a_code(error, code):
    """Out of memory is told apart; our own errors pass unchanged."""
    with pytest.raises(AppError) as raised, translated("draw_failed"):
        raise error

    assert raised.value.code == code
