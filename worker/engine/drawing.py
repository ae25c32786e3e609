"""Keep one picture that is being drawn: everything that its next step depends on.

Many drawings share a forward of the network, but nothing else: each has its own scheduler object
(they keep state between steps), its own timesteps and its own random numbers, so it neither
knows nor notices who it travels with.
"""

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from worker.engine.messages import LoraUse, ModelSource
from worker.engine.steps import clearest


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Tell which drawings may share a forward: those whose keys are equal."""

    source: ModelSource
    height: int
    width: int
    is_tile: bool = False
    extra: tuple[str | int, ...] = ()
    """What else must be equal, as the family sees it; prompts of one length, for example."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """Say how strongly a picture follows its words against what it must not be."""

    scale: float
    is_split: bool
    """The network is asked twice each step, without and with the words: two rows."""
    rescale: float = 0.0

    def joined(self, without: torch.Tensor, with_words: torch.Tensor) -> torch.Tensor:
        """Lay out what a drawing's rows are told."""
        return torch.cat((without, with_words)) if self.is_split else with_words

    def applied(self, rows: torch.Tensor) -> torch.Tensor:
        """Make one prediction of a drawing's rows, in the very operations that diffusers uses."""
        if not self.is_split:
            return rows
        without, with_words = rows.chunk(2)
        guided = without + self.scale * (with_words - without)
        return _rescaled(guided, with_words, self.rescale) if self.rescale > 0 else guided


@dataclass(frozen=True, slots=True)
class Repaint:
    """Keep what lies outside a mask as it was, noised as far as the drawing is at each step."""

    kept: torch.Tensor
    """The latents of the picture that is gone on from."""
    noise: torch.Tensor
    mask: torch.Tensor
    """One where the picture is drawn anew."""

    def applied(self, drawing: "Drawing") -> torch.Tensor:
        """Blend the drawing's latents with what is kept, at the noise level of its next step."""
        kept = self.kept
        if not drawing.is_done:
            level = torch.tensor([drawing.timestep])
            kept = drawing.scheduler.add_noise(kept, self.noise, level)
        return (1 - self.mask) * kept + self.mask * drawing.latents


@dataclass(slots=True, eq=False)
class Drawing:
    """One picture under way; `batch.step` takes it one evaluation of the network further."""

    request_id: str
    picture: int
    key: BatchKey
    scheduler: Any
    """One of many classes of diffusers; nobody else uses this object."""
    timesteps: torch.Tensor
    """What the scheduler goes through for this picture, on the CPU: indexing a GPU's syncs."""
    latents: torch.Tensor
    generator: torch.Generator
    guidance: Guidance
    rows: Mapping[str, torch.Tensor]
    """What the network is told beside latents and timestep; one row, or two where guided."""
    total_steps: int
    """Steps as the person counts them; some schedulers evaluate the network twice in one."""
    extra_channels: torch.Tensor | None = None
    """Channels beside the latents that inpainting networks are shown: mask and masked picture."""
    repaint: Repaint | None = None
    loras: tuple[LoraUse, ...] = ()
    is_reproducible: bool = False
    """It is to come out bitwise the same in any company."""
    fingerprint: str = ""
    """Names all that its pixels depend on; see `snapshots`."""
    step_options: Mapping[str, Any] = field(default_factory=dict)
    """What the scheduler's `step` is told beside its tensors: the generator, and eta."""
    index: int = 0
    """Evaluations done."""
    estimate: torch.Tensor | None = None
    """The picture as it looks from here: the scheduler's guess, or else the noisy latents."""
    parked: tuple[torch.Tensor, ...] = ()
    """What of it was moved out of a card's memory; see `parking`."""

    @property
    def total(self) -> int:
        """Evaluations of the network from beginning to end."""
        return len(self.timesteps)

    @property
    def remaining(self) -> int:
        """Evaluations that are left."""
        return self.total - self.index

    @property
    def is_done(self) -> bool:
        """Tell whether only decoding is left."""
        return self.index >= self.total

    @property
    def step(self) -> int:
        """Steps taken, as the person counts them."""
        return math.ceil(self.index * self.total_steps / max(self.total, 1))

    @property
    def timestep(self) -> torch.Tensor:
        """Where the next evaluation is, as a scalar on the CPU."""
        return self.timesteps[self.index]

    @property
    def row_count(self) -> int:
        """Rows that it takes in a forward."""
        return 2 if self.guidance.is_split else 1

    def model_input(self) -> torch.Tensor:
        """Make what the network sees of the latents: one row, whatever the guidance."""
        scale = getattr(self.scheduler, "scale_model_input", None)
        scaled = self.latents if scale is None else scale(self.latents, self.timestep)
        if self.extra_channels is None:
            return scaled
        return torch.cat((scaled, self.extra_channels), dim=1)

    def advance(self, prediction: torch.Tensor) -> None:
        """Take one step with what the network said of this drawing's rows."""
        taken = self.scheduler.step(
            self.guidance.applied(prediction),
            self.timestep,
            self.latents,
            **self.step_options,
            return_dict=False,
        )
        self.latents, self.estimate = taken[0], clearest(taken)
        self.index += 1
        if self.repaint is not None:
            self.latents = self.repaint.applied(self)


def step_options(scheduler: Any, generator: torch.Generator, **others: float) -> dict[str, Any]:
    """Choose what a scheduler's `step` takes of what it may be told, as the pipelines do."""
    accepted = inspect.signature(scheduler.step).parameters
    offered = {"generator": generator, **others}
    return {name: value for name, value in offered.items() if name in accepted}


def _rescaled(guided: torch.Tensor, with_words: torch.Tensor, share: float) -> torch.Tensor:
    """Bring guidance's contrast back towards the unguided one (arXiv 2305.08891, section 3.4)."""
    others = list(range(1, guided.ndim))
    wanted = with_words.std(dim=others, keepdim=True)
    rescaled = guided * (wanted / guided.std(dim=others, keepdim=True))
    return share * rescaled + (1 - share) * guided
