"""Take a flow-matching drawing one step further: along a straight line towards the picture."""

from dataclasses import dataclass

import torch
from diffusers import FluxPipeline

from worker.engine.drawing import BatchKey, Drawing, Repaint


@dataclass(frozen=True, slots=True)
class FlowRepaint(Repaint):
    """Keep what lies outside a mask, noised the way of flow matching."""

    def applied(self, drawing: Drawing) -> torch.Tensor:
        """Blend the drawing's latents with what is kept, at the noise level of its next step."""
        kept = self.kept
        if not drawing.is_done:
            level = torch.tensor([drawing.timestep])
            kept = drawing.scheduler.scale_noise(kept, level, self.noise)
        return (1 - self.mask) * kept + self.mask * drawing.latents


@dataclass(slots=True, eq=False)
class FlowDrawing(Drawing):
    """One picture under way, as a row of patches."""

    def advance(self, prediction: torch.Tensor) -> None:
        """Take one step, and see where its straight line would end."""
        velocity = self.guidance.applied(prediction)
        level = float(self.timestep) / self.scheduler.config.num_train_timesteps
        clear = self.latents - level * velocity
        self.latents = self.scheduler.step(
            velocity, self.timestep, self.latents, **self.step_options, return_dict=False
        )[0]
        self.estimate = unpacked(clear, self.key, self.patch)
        self.index += 1
        if self.repaint is not None:
            self.latents = self.repaint.applied(self)

    @property
    def patch(self) -> int:
        """Pixels a side that one patch of latents stands for."""
        return int(self.key.extra[1])


def unpacked(latents: torch.Tensor, key: BatchKey, patch: int) -> torch.Tensor:
    """Lay patches out as the grid that they stand for."""
    unpack = FluxPipeline._unpack_latents  # noqa: SLF001 - it has no public name.
    grid: torch.Tensor = unpack(latents, key.height, key.width, patch // 2)
    return grid
