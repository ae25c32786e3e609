"""Give each drawing a scheduler object of its own.

A scheduler remembers what it has seen between two steps, so two drawings that shared one would
fail at best and blend into each other at worst. diffusers' own pipelines share theirs, which is
why one pipeline can only draw one request at a time.
"""

import copy
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


_ETA = 0.999
"""As random as DDIM gets, less a thousandth. Where a model's last timestep is all but pure noise
(the shipped model's is) 1 makes it take the root of what rounds to a negative number."""

SCHEDULERS: Mapping[str, Recipe] = {
    "DDIMScheduler": Recipe("DDIMScheduler"),
    "DDIMScheduler+eta": Recipe("DDIMScheduler", step={"eta": _ETA}),
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
    # Its Runge-Kutta start is not for latents: Stable Diffusion's own PNDM leaves it out.
    "PNDMScheduler": Recipe("PNDMScheduler", config={"skip_prk_steps": True}),
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
    """Build a scheduler, and say what its steps are told.

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


class Schedulers:
    """Make schedulers for the drawings of one pipeline, quickly.

    Some schedulers take long to build (KDPM2 a second), so each kind is built once and copied.
    """

    def __init__(self, own: Any) -> None:
        self._own = own
        self._unused: dict[str | None, tuple[Any, Mapping[str, float]]] = {}

    def new(self, asked: str | None, steps: int) -> tuple[Any, Mapping[str, float]]:
        """Make one with its steps laid out on the CPU, and say what its steps are told.

        Raises:
            UserError: `scheduler_unusable` for an unknown name, or more steps than it can take.
        """
        if asked not in self._unused:
            self._unused[asked] = new_scheduler(self._own, asked)
        unused, options = self._unused[asked]
        scheduler = _copied(unused)
        _set_steps(scheduler, steps, asked)
        return scheduler, options


def _copied(unused: Any) -> Any:
    """Copy a scheduler that has taken no step.

    Its tables may be shared, nobody writes into them. Its lists are written into, and not all of
    them are made anew by `set_timesteps` (UniPC's timesteps are not).
    """
    scheduler = copy.copy(unused)
    lists = {name: list(value) for name, value in vars(unused).items() if isinstance(value, list)}
    vars(scheduler).update(lists)
    return scheduler


def _set_steps(scheduler: Any, steps: int, asked: str | None) -> None:
    try:
        scheduler.set_timesteps(steps, device="cpu")
    except ValueError as error:  # LCM was distilled from fifty steps and can take no more.
        raise UserError("scheduler_unusable", value=asked or type(scheduler).__name__) from error
