"""Each drawing gets a scheduler object of its own, of the class that its request names."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler

from core.errors import UserError
from worker.engine.drawing import step_options
from worker.engine.schedulers import SCHEDULERS, Schedulers, new_scheduler

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_named_scheduler_is_made_on_the_models_own_betas(name):
    own = DDIMScheduler(beta_end=0.0123, prediction_type="v_prediction")

    scheduler, _ = new_scheduler(own, name)

    assert type(scheduler).__name__ == name.split("+")[0]
    assert scheduler.config.beta_end == 0.0123
    assert scheduler.config.prediction_type == "v_prediction"


def test_fifteen_schedulers_are_known():
    assert len(SCHEDULERS) >= 15


def test_without_a_name_it_is_the_models_own_kind_but_another_object():
    own = DDIMScheduler(beta_end=0.0123)

    scheduler, options = new_scheduler(own, None)

    assert scheduler is not own
    assert (type(scheduler), scheduler.config.beta_end) == (DDIMScheduler, 0.0123)
    assert options == {}


@pytest.mark.parametrize("name", ["AutoencoderKL", "DiffusionPipeline", "", "os"])
def test_a_name_that_is_no_scheduler_is_refused(name):
    with pytest.raises(UserError) as refused:
        new_scheduler(DDIMScheduler(), name)

    assert (refused.value.code, refused.value.facts) == ("scheduler_unusable", {"value": name})


def test_more_steps_than_a_scheduler_can_take_are_refused():
    """LCM was distilled from fifty."""
    with pytest.raises(UserError) as refused:
        Schedulers(DDIMScheduler()).new("LCMScheduler", 60)

    assert refused.value.code == "scheduler_unusable"


@pytest.mark.parametrize("name", SCHEDULERS)
def test_two_schedulers_of_a_kind_know_nothing_of_each_other(name):
    """One that has taken steps leaves the next as new."""
    schedulers = Schedulers(DDIMScheduler())
    used, options = schedulers.new(name, 4)
    sample = torch.ones(1, 4, 2, 2)
    generator = torch.Generator().manual_seed(1)
    for timestep in used.timesteps:
        scaled = used.scale_model_input(sample, timestep)
        taken = used.step(
            scaled * 0.1, timestep, sample, **step_options(used, generator, **options)
        )
        sample = taken.prev_sample

    fresh, _ = schedulers.new(name, 3)
    other, _ = Schedulers(DDIMScheduler()).new(name, 3)

    assert fresh is not used
    assert same(vars(fresh), vars(other))


def same(one, other):
    """Compare values that hold tensors."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, torch.Tensor | np.ndarray):
        return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)
    return one == other
