"""Keep the open requests, and close each of them once: with its pictures, or with a reason."""

import time
from collections.abc import Callable

from core.errors import AppError
from worker.engine.drawing import Drawing
from worker.engine.messages import DrawRequest, ModelSource
from worker.engine.pipelines import release_memory
from worker.engine.pixels import Pixels
from worker.engine.reports import Reports
from worker.engine.residents import Residents
from worker.engine.under_way import Canvas, OpenRequest


class Desk:
    """The requests that wait for an answer, in order of arrival."""

    def __init__(self, residents: Residents, reports: Reports) -> None:
        self._residents = residents
        self._reports = reports
        self._open: list[OpenRequest] = []

    @property
    def requests(self) -> list[OpenRequest]:
        """List them; the list is the caller's own."""
        return list(self._open)

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody waits."""
        return not self._open

    @property
    def busy(self) -> set[ModelSource]:
        """Name the models that somebody waits for a picture of."""
        return {opened.request.model for opened in self._open if opened.is_admitted}

    def is_open(self, opened: OpenRequest) -> bool:
        """Tell whether a request was not answered yet."""
        return opened in self._open

    def places(self) -> dict[tuple[str, int], tuple[OpenRequest, Canvas]]:
        """Find pictures by their request's name and their index."""
        return {
            (opened.request_id, canvas.index): (opened, canvas)
            for opened in self._open
            for canvas in opened.canvases
        }

    def under_way(self) -> list[Drawing]:
        """List the drawings that have begun and have steps left to take."""
        return [
            canvas.drawing
            for opened in self._open
            for canvas in opened.canvases
            if canvas.drawing is not None and canvas.is_waiting
        ]

    def open(self, request: DrawRequest) -> None:
        """Take a request in."""
        self._open.append(OpenRequest(request, time.monotonic()))

    def call_back(self, request_ids: set[str]) -> None:
        """Close the requests that nobody waits for any more."""
        for opened in self.requests:
            if opened.request_id in request_ids:
                self.fail(opened, AppError("cancelled"))

    def picture(self, opened: OpenRequest, canvas: Canvas, pixels: Pixels) -> None:
        """Hand over a finished picture; with the last one the request is answered."""
        self._reports.picture(opened, canvas, pixels)
        self.close_if_drawn(opened)

    def close_if_drawn(self, opened: OpenRequest) -> None:
        """Answer a request that has all its pictures."""
        if opened.is_drawn and opened in self._open:
            self._open.remove(opened)
            source = opened.request.model
            drawn_with = None if opened.request.upscale else self._residents.find(source)
            self._reports.finished(opened, drawn_with)

    def fail(self, opened: OpenRequest, error: AppError) -> None:
        """Answer a request that can not have its pictures; one that is closed stays so."""
        if opened in self._open:
            self._open.remove(opened)
            self._reports.failed(opened, error)
        if error.code == "out_of_memory":
            release_memory()

    def clear(self, answer: Callable[[OpenRequest], None]) -> None:
        """Answer all requests otherwise."""
        requests, self._open = self._open, []
        for opened in requests:
            answer(opened)
