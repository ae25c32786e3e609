"""Watch every denoising step of any pipeline, through its scheduler.

diffusers offers `callback_on_step_end` on some pipelines, an older `callback` on others and
nothing on the rest, but all of them call `scheduler.step`. Watching that one call gives progress
and cancelling everywhere, and the scheduler's own estimate of the finished picture, which makes
a far clearer preview than the noisy latents that a callback is given.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step that a scheduler has taken."""

    step: int
    total_steps: int
    latents: torch.Tensor
    """The scheduler's estimate of the finished latents, or the latents where it makes none."""


OnStep = Callable[[StepReport], None]
"""Called after each step; raising stops the pipeline there."""


@contextmanager
def watched(scheduler: Any, steps: int, on_step: OnStep) -> Iterator[None]:  # any scheduler class
    """Report each step of a scheduler for the length of one draw.

    Args:
        scheduler: The pipeline's, or None where it has none: then nothing is reported.
        steps: The steps that were asked for; second-order schedulers evaluate more often, and
            their evaluations are scaled to these.
        on_step: Told of each step that is new.
    """
    if scheduler is None:
        yield
        return
    take_step = scheduler.step
    evaluations = 0
    told = 0

    def step(*args: Any, **kwargs: Any) -> Any:  # the signature is the scheduler's own
        nonlocal evaluations, told
        taken = take_step(*args, **kwargs)
        evaluations += 1
        due = math.ceil(evaluations * steps / max(len(scheduler.timesteps), 1))
        if told < due <= steps:
            told = due
            on_step(StepReport(due, steps, clearest(taken)))
        return taken

    scheduler.step = step
    try:
        yield
    finally:
        del scheduler.step


def clearest(taken: Any) -> torch.Tensor:  # a tuple, or one of many output classes
    """Pick the estimate of the finished picture out of a scheduler's answer, else its sample."""
    values = taken if isinstance(taken, tuple) else tuple(taken.values())
    sample: torch.Tensor = values[0]
    estimate = values[1] if len(values) > 1 else None
    if isinstance(estimate, torch.Tensor) and estimate.shape == sample.shape:
        return estimate
    return sample
