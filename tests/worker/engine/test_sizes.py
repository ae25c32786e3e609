"""A picture has the model's own area in the asked aspect, in steps that its denoiser divides by."""

from types import SimpleNamespace

import pytest

from core.contracts.generation import Aspect
from worker.engine.sizes import size_for


def unet_pipeline(levels: int, sample_size: int | None, factor: int = 8):
    config = {"block_out_channels": (8,) * levels, "sample_size": sample_size}
    return SimpleNamespace(unet=SimpleNamespace(config=config), vae_scale_factor=factor)


SD15 = unet_pipeline(levels=4, sample_size=64)
SDXL = unet_pipeline(levels=3, sample_size=128)
SMALL = unet_pipeline(levels=2, sample_size=16, factor=4)
FLUX = SimpleNamespace(
    transformer=SimpleNamespace(config={"patch_size": 1}),
    default_sample_size=128,
    vae_scale_factor=8,
)
PIXELS = SimpleNamespace(unet=SimpleNamespace(config={"sample_size": 32}))


@pytest.mark.parametrize(
    ("pipeline", "aspect", "native_size", "size"),
    [
        pytest.param(SD15, "1:1", None, (512, 512), id="SD 1.5 square"),
        pytest.param(SD15, "3:2", None, (640, 448), id="SD 1.5 in steps of 64"),
        pytest.param(SDXL, "16:9", None, (1376, 768), id="SDXL wide, in steps of 32"),
        pytest.param(SDXL, "9:16", None, (768, 1376), id="SDXL tall"),
        pytest.param(SDXL, "1:1", 768, (768, 768), id="a profile's size wins"),
        pytest.param(SMALL, "1:1", None, (64, 64), id="a small model"),
        pytest.param(SMALL, "64:1", None, (512, 8), id="never nothing"),
        pytest.param(FLUX, "1:1", None, (1024, 1024), id="transformer"),
        pytest.param(PIXELS, "1:1", None, (32, 32), id="no autoencoder"),
        pytest.param(SimpleNamespace(), "1:1", None, None, id="a model that does not say"),
    ],
)
def test_size_follows_the_model_and_the_aspect(pipeline, aspect, native_size, size):
    """Area stays, ratio follows, both sides divide."""
    width, height = (int(side) for side in aspect.split(":"))

    assert size_for(pipeline, Aspect(width=width, height=height), native_size) == size
