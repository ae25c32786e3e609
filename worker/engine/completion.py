"""Turn finished latents into pictures between the steps of the others, a piece at a time."""

import time
from collections.abc import Callable

from core.errors import AppError
from worker.engine.desk import Desk
from worker.engine.enlarging import Enlarging
from worker.engine.messages import DrawRequest
from worker.engine.pipelines import translated
from worker.engine.pixels import Pieces, Pixels
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
        """Do a piece of what is to be finished, and more as long as all costs less than a step.

        A piece of what was drawn and one of what is only to be enlarged are always done, so that
        neither waits for the end of the other.

        Args:
            step_s: How long the step before took, which the others are used to.

        Returns:
            False where there was nothing to do.
        """
        began = time.monotonic()
        drawn, brought = self._drawn(), self._brought()
        firsts = [*drawn[:1], *brought[:1]]
        for first in firsts:
            self._do_piece(*first)
        done = len(firsts)
        while ready := self._drawn() or self._brought():
            spent_s = time.monotonic() - began
            if spent_s * (done + 1) / done > step_s:
                break
            self._do_piece(*ready[0])
            done += 1
        return bool(firsts)

    def posted(self, request: DrawRequest, pixels: Pixels) -> Pieces:
        """Enlarge a picture to the size at which it is posted, where one is asked for."""
        if request.enlarge_to is None:
            return pixels
        enlarging = self._enlarging.for_post(pixels, request.enlarge_to, is_tile=request.is_tile)
        return (yield from enlarging)

    def _drawn(self) -> list[tuple[OpenRequest, Canvas]]:
        """List what was drawn and is to be decoded, the next one first."""
        return self._ordered(lambda _, canvas: canvas.is_to_finish)

    def _brought(self) -> list[tuple[OpenRequest, Canvas]]:
        """List what somebody brought to have enlarged, the next one first."""
        return self._ordered(
            lambda opened, canvas: opened.request.upscale is not None and canvas.drawn is None
        )

    def _ordered(
        self, is_meant: Callable[[OpenRequest, Canvas], bool]
    ) -> list[tuple[OpenRequest, Canvas]]:
        """List some pictures, first what brings its request nearest to its end."""
        found = [
            (opened, canvas)
            for opened in self._desk.requests
            for canvas in opened.canvases
            if is_meant(opened, canvas)
        ]
        return sorted(found, key=lambda each: (each[0].missing, each[0].arrived_at))

    def _do_piece(self, opened: OpenRequest, canvas: Canvas) -> None:
        began = time.monotonic()
        pixels = None
        try:
            with translated("draw_failed"):
                canvas.finishing = canvas.finishing or self._pieces(opened, canvas)
                pixels = _next_of(canvas.finishing)
        except AppError as error:
            note_cause(error)
            self._desk.fail(opened, error)
            return
        took_s = time.monotonic() - began
        canvas.gpu_s += took_s
        self._reports.pace(took_s)
        if pixels is not None:
            canvas.finishing = None
            self._desk.picture(opened, canvas, pixels)

    def _pieces(self, opened: OpenRequest, canvas: Canvas) -> Pieces:
        request = opened.request
        if canvas.drawing is None:
            assert request.image is not None, "only what is there can be enlarged"
            canvas.began_at = time.monotonic()
            enlarging = self._enlarging.upscaled(
                request.image, request.upscale or 1, is_tile=request.is_tile
            )
            return (yield from enlarging)
        resident = self._residents.find(request.model)
        assert resident is not None, "models of admitted requests stay"
        assert resident.family is not None, "whole pictures come decoded"
        return (yield from self.posted(request, resident.family.decode([canvas.drawing])[0]))


def _next_of(pieces: Pieces) -> Pixels | None:
    """Do the next piece; with the last one the picture is there."""
    try:
        next(pieces)
    except StopIteration as finished:
        pixels: Pixels = finished.value
        return pixels
    return None
