"""Tell the worker how each request gets on: steps, previews, pictures, and how it ended."""

import time
from collections.abc import Callable

import numpy as np
import torch

from core.errors import AppError
from worker.engine.messages import (
    DrawFailed,
    DrawFinished,
    DrawProgress,
    FromEngine,
    Pace,
    PictureDrawn,
)
from worker.engine.pixels import Pixels
from worker.engine.residents import Resident
from worker.engine.under_way import Canvas, OpenRequest

_PACE_GROWTH = 1.25
"""The longest step is told again once it has grown by this."""


class Reports:
    """What is said of the requests under way."""

    def __init__(self, say: Callable[[FromEngine], None], preview_interval_s: float) -> None:
        self._say = say
        self._preview_interval_s = preview_interval_s
        self._pace_s = 0.0

    def pace(self, longest_s: float) -> None:
        """Tell how long the engine may be silent while all is well, where that is news."""
        if longest_s > self._pace_s * _PACE_GROWTH:
            self._pace_s = longest_s
            self._say(Pace(longest_s=longest_s))

    def step(
        self,
        opened: OpenRequest,
        canvas: Canvas,
        resident: Resident,
        reached: tuple[int, int],
        estimate: torch.Tensor | None,
    ) -> None:
        """Tell of a step, with a preview now and then.

        Args:
            opened: Whose.
            canvas: Which picture.
            resident: What draws it.
            reached: The step, and how many there are.
            estimate: The latents to show, where there are any.
        """
        step, total = reached
        if step <= canvas.step_told:
            return
        canvas.step_told = step
        now = time.monotonic()
        preview = None
        is_due = now - canvas.previewed_at >= self._preview_interval_s
        if is_due and opened.request.has_previews and estimate is not None:
            canvas.previewed_at = now
            preview = resident.model.previewer.jpeg(estimate)
        self._say(
            DrawProgress(
                request_id=opened.request_id,
                picture=canvas.index,
                step=step,
                total_steps=total,
                preview_jpeg=preview,
            )
        )

    def picture(self, opened: OpenRequest, canvas: Canvas, pixels: Pixels) -> None:
        """Hand a finished picture over; the canvas keeps it until the request is answered."""
        height, width, _ = pixels.shape
        duration_s = canvas.duration_s + max(0.0, time.monotonic() - canvas.began_at)
        canvas.drawn = PictureDrawn(
            request_id=opened.request_id,
            picture=canvas.index,
            width=width,
            height=height,
            rgb=np.ascontiguousarray(pixels).tobytes(),
            seed=opened.request.pictures[canvas.index].seed,
            duration_s=duration_s,
            gpu_s=canvas.gpu_s,
        )
        canvas.drawing = None
        self._say(canvas.drawn)

    def finished(self, opened: OpenRequest, resident: Resident | None) -> None:
        """Say that a request is done; None: nothing but enlarging was."""
        request = opened.request
        self._say(
            DrawFinished(
                request_id=opened.request_id,
                model_sha256="" if resident is None else resident.model.sha256,
                scheduler="" if resident is None else request.scheduler or resident.model.scheduler,
                steps=0 if resident is None else request.steps,
                guidance_scale=0.0
                if resident is None
                else resident.whole.guidance_in_force(request.guidance_scale),
            )
        )

    def failed(self, opened: OpenRequest, error: AppError) -> None:
        """Say that a request is over without all its pictures."""
        self._say(DrawFailed(request_id=opened.request_id, code=error.code, facts=error.facts))
