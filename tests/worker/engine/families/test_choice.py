"""Only pipelines whose stock loop is known step by step are batched; the others draw whole."""

from types import SimpleNamespace

import pytest
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionPipeline

from tests.worker.engine.tiny_diffusion import TINY, tiny_sd
from tests.worker.engine.tiny_pipelines import tiny_sdxl
from worker.engine.families.choice import family_of
from worker.engine.families.sdxl import StableDiffusionXL
from worker.engine.families.stable_diffusion import StableDiffusion


@pytest.mark.parametrize(
    ("pipeline", "family"),
    [
        pytest.param(tiny_sd, StableDiffusion, id="SD"),
        pytest.param(
            lambda: tiny_sd(9, StableDiffusionInpaintPipeline), StableDiffusion, id="inpainting"
        ),
        pytest.param(tiny_sdxl, StableDiffusionXL, id="SDXL"),
    ],
)
def test_known_pipelines_have_a_family(pipeline, family):
    assert type(family_of(pipeline(), TINY)) is family


class OwnLoop(StableDiffusionPipeline):
    """A subclass, which may do anything."""


def test_the_shipped_model_is_batched(shipped):
    """Its autoencoder is a small one of another class."""
    assert type(family_of(shipped.pipeline, TINY)) is StableDiffusion


def refiner():
    pipeline = tiny_sdxl()
    pipeline.register_to_config(requires_aesthetics_score=True)
    return pipeline


@pytest.mark.parametrize(
    "pipeline",
    [
        pytest.param(lambda: tiny_sd(4, OwnLoop), id="a subclass"),
        pytest.param(lambda: tiny_sd(8), id="a network shown something else"),
        pytest.param(lambda: tiny_sd(num_class_embeds=3), id="a network told something else"),
        pytest.param(refiner, id="a refiner"),
        pytest.param(SimpleNamespace, id="something else"),
    ],
)
def test_others_have_none(pipeline):
    assert family_of(pipeline(), TINY) is None
