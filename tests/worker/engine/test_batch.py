"""In a fixed bucket no company changes a bit of a picture, with any scheduler."""

import pytest
import torch

from bench.engine_numerics import ask, is_reproducible
from tests.worker.engine.tiny_diffusion import family_sd
from worker.engine import batch
from worker.engine.families.base import NO_PADDING, rows_for
from worker.engine.schedulers import SCHEDULERS

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_fixed_bucket_makes_company_invisible(scheduler):
    """Others come and go around it, guided and not, with pictures and masks."""
    assert is_reproducible(family_sd(), scheduler)


@pytest.mark.parametrize("scheduler", ["HeunDiscreteScheduler", "KDPM2DiscreteScheduler"])
def test_progress_counts_the_steps_that_were_asked_for(scheduler):
    """Schedulers of second order ask the network twice a step."""
    family = family_sd()
    drawing = family.begin(ask("a cat", steps=4, scheduler=scheduler), 0)
    steps = []

    while not drawing.is_done:
        batch.step(family, [drawing])
        steps.append(drawing.step)

    assert (drawing.total, drawing.total_steps, drawing.remaining) == (7, 4, 0)
    assert steps == [1, 2, 2, 3, 3, 4, 4]


def test_a_preview_shows_the_schedulers_estimate_where_it_gives_one():
    family = family_sd()
    euler = family.begin(ask("a cat", scheduler="EulerDiscreteScheduler"), 0)
    unipc = family.begin(ask("a cat", scheduler="UniPCMultistepScheduler"), 0)

    batch.step(family, [euler, unipc])

    assert euler.estimate.shape == euler.latents.shape
    assert not torch.equal(euler.estimate, euler.latents)
    assert unipc.estimate is unipc.latents


def test_rows_are_counted_for_a_bucket():
    """A bucket has room for two rows a drawing; without one, rows are as many as needed."""
    family = family_sd()
    guided = family.begin(ask("a cat"), 0)
    unguided = family.begin(ask("a cat", guidance_scale=1.0), 0)

    assert rows_for([guided, unguided], NO_PADDING) == 3
    assert rows_for([guided, unguided], 2) == rows_for([unguided], 2) == 4
    assert rows_for([guided] * 9, 8) == 18
