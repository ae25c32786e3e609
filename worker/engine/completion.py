"""Turn finished latents into pictures between the steps of the others, a piece at a time."""

import time

from core.errors import AppError
from worker.engine.desk import Desk
from worker.engine.enlarging import Enlarging
from worker.engine.messages import DrawRequest
from worker.engine.pipelines import translated
from worker.engine.pixels import Pixels
from worker.engine.reports import Reports
from worker.engine.residents import Residents
from worker.engine.stepping import note_cause
from worker.engine.under_way import Canvas, OpenRequest


class Completion:
    """Decode what is denoised, and enlarge what is to be larger."""

    def __init__(self, desk: Desk, residents: Residents, reports: Reports) -> None:
        self._desk = desk
        self._residents = residents
        self._reports = reports
        self._enlarging = Enlarging(residents.device.name)

    def run(self, step_s: float) -> bool:
        """Finish one picture, and more as long as all of it costs less than a step.

        Args:
            step_s: How long the step before took, which the others are used to.

        Returns:
            False where there was none.
        """
        began = time.monotonic()
        ready = self._ready()
        for count, (opened, canvas) in enumerate(ready, start=1):
            if self._desk.is_open(opened):
                self._finish(opened, canvas)
            spent_s = time.monotonic() - began
            if spent_s * (count + 1) / count > step_s:
                break
        return bool(ready)

    def posted(self, request: DrawRequest, pixels: Pixels) -> Pixels:
        """Enlarge a picture to the size at which it is posted, where one is asked for."""
        if request.enlarge_to is None:
            return pixels
        return self._enlarging.for_post(pixels, request.enlarge_to, is_tile=request.is_tile)

    def _ready(self) -> list[tuple[OpenRequest, Canvas]]:
        """List what can be finished, first what brings its request nearest to its end."""
        ready = [
            (opened, canvas)
            for opened in self._desk.requests
            for canvas in opened.canvases
            if canvas.is_to_finish or (opened.request.upscale and canvas.drawn is None)
        ]
        return sorted(ready, key=lambda each: (each[0].missing, each[0].arrived_at))

    def _finish(self, opened: OpenRequest, canvas: Canvas) -> None:
        began = time.monotonic()
        try:
            with translated("draw_failed"):
                pixels = self._pixels(opened, canvas)
        except AppError as error:
            note_cause(error)
            self._desk.fail(opened, error)
            return
        took_s = time.monotonic() - began
        canvas.gpu_s += took_s
        self._reports.pace(took_s)
        self._desk.picture(opened, canvas, pixels)

    def _pixels(self, opened: OpenRequest, canvas: Canvas) -> Pixels:
        request = opened.request
        if canvas.drawing is None:
            assert request.image is not None, "only what is there can be enlarged"
            canvas.began_at = time.monotonic()
            return self._enlarging.upscaled(
                request.image, request.upscale or 1, is_tile=request.is_tile
            )
        resident = self._residents.find(request.model)
        assert resident is not None, "models of admitted requests stay"
        assert resident.family is not None, "whole pictures come decoded"
        return self.posted(request, resident.family.decode([canvas.drawing])[0])
