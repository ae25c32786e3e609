"""Run the steps of a training stage: the same loop for each of them.

A stage brings a model and says what its loss is; the loop owns the optimiser, the learning rate,
the averaging over processes and over time, and the checkpoint.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from worker.train import checkpoints
from worker.train.parallel import Team
from worker.train.schedules import Stopwatch, learning_rate

log = logging.getLogger(__name__)

_BETAS = (0.9, 0.99)
_AVERAGE_EVERY = 2  # Steps; the average moves twice as far at each.
_SAVES_LEAST = 4
"""Checkpoints of a stage that is planned in steps: a short one is kept more often."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a stage is taught."""

    name: str
    peak: float
    clip: float = 1.0
    weight_decay: float = 0.01
    decay: float | None = None
    """How much of the running average of the weights stays at each step; None: no average."""
    log_every: int = 100
    save_every: int = 500


@dataclass
class Loop:
    """A stage under way.

    Whatever chance a step needs is its own, so that a stage that goes on from a checkpoint takes
    the very steps that it would have taken.
    """

    lesson: Lesson
    model: nn.Module
    team: Team
    watch: Stopwatch
    folder: Path
    step: int = 0
    average: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, betas=_BETAS, weight_decay=self.lesson.weight_decay, fused=True
        )
        state = checkpoints.load(self.path)
        if state is not None:
            self._restore(state)
        elif self.lesson.decay is not None:
            self.average = _copied(self.model)

    @property
    def path(self) -> Path:
        """Where the checkpoint lies."""
        return self.folder / f"{self.lesson.name}.pt"

    def run(self, loss: Callable[[float], Tensor], saved: Callable[[], None] | None = None) -> None:
        """Take steps until the time is spent: `loss` is given the share of it that is."""
        losses: list[float] = []
        save_every, kept = self._save_every(), -1
        while (share := self.team.agree(self.watch.tick(self.step))) < 1:
            torch.manual_seed(int(self.chance(1).integers(2**63)))
            losses.append(self._advance(loss(share), share))
            if not self.team.is_leader:
                continue
            if self.step % self.lesson.log_every == 0:
                mean = sum(losses) / len(losses)
                losses.clear()
                spent = self.watch.spent_s
                log.info("%s: step %d, %.0f s, loss %.4f", self.lesson.name, self.step, spent, mean)
            if self.step % save_every == 0:
                kept = self.step
                self._save(saved)
        if self.team.is_leader and kept != self.step:
            self._save(saved)
        self.team.gather()

    def chance(self, purpose: int = 0) -> np.random.Generator:
        """Give the chance of the step that is next, each process its own.

        torch's own is set anew at each step, too.
        """
        return np.random.default_rng([self.team.rank, self.step, purpose])

    def _save_every(self) -> int:
        if self.watch.steps is None:
            return self.lesson.save_every
        return max(1, min(self.lesson.save_every, self.watch.steps // _SAVES_LEAST))

    def _advance(self, loss: Tensor, share: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.lesson.peak, share, self.step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped.
        self.team.share(self.parameters)
        nn.utils.clip_grad_norm_(self.parameters, self.lesson.clip)
        self.optimizer.step()
        self.step += 1
        if self.lesson.decay is not None and self.step % _AVERAGE_EVERY == 0:
            self._average(self.lesson.decay)
        return loss.item()

    @torch.no_grad()
    def _average(self, decay: float) -> None:
        # A young average forgets faster, so that it does not remember the first, random weights.
        kept = min(decay, (1 + self.step) / (20 + self.step)) ** _AVERAGE_EVERY
        now = self.model.state_dict()
        names = [name for name, weight in now.items() if weight.is_floating_point()]
        torch._foreach_lerp_(
            [self.average[name] for name in names], [now[name] for name in names], 1 - kept
        )

    def _save(self, saved: Callable[[], None] | None) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "spent_s": self.watch.spent_s,
        }
        checkpoints.save(self.path, state)
        if saved is not None:
            saved()
        self.watch.pause()

    def _restore(self, state: checkpoints.State) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.step, self.watch.spent_s = state["step"], state["spent_s"]


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}
