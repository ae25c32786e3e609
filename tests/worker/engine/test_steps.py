"""Every step of any scheduler is seen once, and the scheduler is left as it was."""

import pytest
import torch
from diffusers import DDIMScheduler, HeunDiscreteScheduler, UniPCMultistepScheduler

from worker.engine.steps import watched

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def run(scheduler, steps, on_step):
    """Denoise nothing in particular, as a pipeline would."""
    scheduler.set_timesteps(steps)
    sample = torch.ones(1, 4, 2, 2)
    with watched(scheduler, steps, on_step):
        for timestep in scheduler.timesteps:
            sample = scheduler.step(sample * 0.1, timestep, sample, return_dict=False)[0]
    return sample


@pytest.mark.parametrize(
    "scheduler_class",
    [
        pytest.param(DDIMScheduler, id="one evaluation a step"),
        pytest.param(HeunDiscreteScheduler, id="two evaluations a step"),
        pytest.param(UniPCMultistepScheduler, id="no estimate of the finished picture"),
    ],
)
def test_each_step_is_reported_once_and_in_order(scheduler_class):
    """Progress counts the steps that were asked for, whatever the scheduler makes of them."""
    reports = []

    run(scheduler_class(), 5, reports.append)

    assert [report.step for report in reports] == [1, 2, 3, 4, 5]
    assert {report.total_steps for report in reports} == {5}
    assert reports[0].latents.shape == (1, 4, 2, 2)


def test_watching_changes_no_number():
    """A watched draw gives the very same latents."""
    unwatched = run(DDIMScheduler(), 5, lambda _report: None)

    assert torch.equal(run(DDIMScheduler(), 5, lambda _report: None), unwatched)


def test_the_estimate_of_the_finished_picture_is_preferred():
    """A preview shows where the picture goes, not the noise on its way."""
    scheduler = DDIMScheduler()
    scheduler.set_timesteps(5)
    sample = torch.ones(1, 4, 2, 2)
    expected = scheduler.step(sample * 0.1, scheduler.timesteps[0], sample).pred_original_sample
    reports = []

    run(scheduler, 5, reports.append)

    assert torch.equal(reports[0].latents, expected)


def test_a_raise_in_the_report_stops_the_draw_and_leaves_the_scheduler_clean():
    """Cancelling works by raising, and the next draw finds an unwatched scheduler."""
    scheduler = DDIMScheduler()
    seen = []

    def refuse(report):
        seen.append(report.step)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scheduler, 5, refuse)

    assert seen == [1]
    assert "step" not in vars(scheduler)


def test_a_pipeline_without_a_scheduler_is_let_be():
    """No scheduler, no progress, no error."""
    with watched(None, 5, pytest.fail):
        pass
