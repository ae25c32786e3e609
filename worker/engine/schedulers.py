"""Give each drawing a scheduler object of its own.

A scheduler remembers what it has seen between two steps, so two drawings that shared one would
fail at best and blend into each other at worst. diffusers' own pipelines share theirs, which is
why one pipeline can only draw one request at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers

from core.errors import UserError


@dataclass(frozen=True, slots=True)
class Recipe:
    """Name a scheduler class with what makes a variant of it."""

    class_name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the model's own scheduler configuration."""
    step: Mapping[str, float] = field(default_factory=dict)
    """What every step is told."""


SCHEDULERS: Mapping[str, Recipe] = {
    "DDIMScheduler": Recipe("DDIMScheduler"),
    "DDIMScheduler+eta": Recipe("DDIMScheduler", step={"eta": 1.0}),
    "EulerDiscreteScheduler": Recipe("EulerDiscreteScheduler"),
    "EulerDiscreteScheduler+karras": Recipe(
        "EulerDiscreteScheduler", config={"use_karras_sigmas": True}
    ),
    "EulerAncestralDiscreteScheduler": Recipe("EulerAncestralDiscreteScheduler"),
    "DPMSolverMultistepScheduler": Recipe("DPMSolverMultistepScheduler"),
    "DPMSolverMultistepScheduler+karras": Recipe(
        "DPMSolverMultistepScheduler", config={"use_karras_sigmas": True}
    ),
    "DPMSolverMultistepScheduler+sde": Recipe(
        "DPMSolverMultistepScheduler", config={"algorithm_type": "sde-dpmsolver++"}
    ),
    "UniPCMultistepScheduler": Recipe("UniPCMultistepScheduler"),
    "HeunDiscreteScheduler": Recipe("HeunDiscreteScheduler"),
    "PNDMScheduler": Recipe("PNDMScheduler"),
    "DEISMultistepScheduler": Recipe("DEISMultistepScheduler"),
    "KDPM2DiscreteScheduler": Recipe("KDPM2DiscreteScheduler"),
    "DDPMScheduler": Recipe("DDPMScheduler"),
    "LCMScheduler": Recipe("LCMScheduler"),
}
"""Every scheduler that a request may name instead of its model's own.

LMS and DPM-Solver SDE are not here: they need scipy and torchsde. A model that comes with one of
those keeps it.
"""


def new_scheduler(own: Any, asked: str | None) -> tuple[Any, Mapping[str, float]]:
    """Make a scheduler for one drawing, and say what its steps are told.

    Args:
        own: The pipeline's scheduler: of many classes, and never used itself.
        asked: A name of SCHEDULERS; None for the model's own.

    Raises:
        UserError: `scheduler_unusable` for a name that is not known.
    """
    if asked is None:
        return type(own).from_config(own.config), {}
    if asked not in SCHEDULERS:
        raise UserError("scheduler_unusable", value=asked)
    recipe = SCHEDULERS[asked]
    scheduler_class = getattr(diffusers, recipe.class_name)
    return scheduler_class.from_config(own.config, **recipe.config), recipe.step


def set_steps(scheduler: Any, steps: int, asked: str | None) -> None:
    """Lay out a scheduler's timesteps, on the CPU.

    Raises:
        UserError: `scheduler_unusable` where it cannot take that many steps.
    """
    try:
        scheduler.set_timesteps(steps, device="cpu")
    except ValueError as error:  # LCM was distilled from fifty steps and can take no more.
        raise UserError("scheduler_unusable", value=asked or type(scheduler).__name__) from error
