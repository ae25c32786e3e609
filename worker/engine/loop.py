"""Draw all requests at once, step by step: each step is taken by those whose turn it is.

Requests join and leave between any two steps. What takes long for one of them (encoding its
words, decoding its picture, enlarging it) is done between steps, a piece at a time. Pipelines
that cannot share steps draw whole pictures; the others go on between the steps of those.
"""

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from core.errors import AppError
from worker.engine import handing_over
from worker.engine.completion import Completion
from worker.engine.desk import Desk
from worker.engine.drawing import BatchKey, Drawing
from worker.engine.families.base import BUCKETS
from worker.engine.lessons import Lessons
from worker.engine.mailbox import Mailbox
from worker.engine.messages import FromEngine, ModelSource, Start
from worker.engine.parking import CardAndHost, Parking
from worker.engine.pipelines import translated
from worker.engine.pixels import at_once
from worker.engine.reports import Reports
from worker.engine.residents import Resident, Residents
from worker.engine.stepping import Stepper, note_cause
from worker.engine.steps import StepReport
from worker.engine.turns import Candidate, Room, Turns
from worker.engine.under_way import Canvas, OpenRequest

log = structlog.get_logger()


class Policy(Protocol):
    """Choose who is next. `turns.Turns` is one, the bench's order of arrival another."""

    def order(self, waiting: list[Candidate], now: float) -> list[Candidate]:
        """List who waits, the next one first."""

    def choose(self, waiting: list[Candidate], now: float, room: Room) -> list[Candidate]:
        """Pick the pictures of the next step."""

    def charge(self, chosen: list[Candidate], took_s: float) -> None:
        """Note that they took it."""


class _BrokenOff(AppError):
    """Stop a pipeline in the middle of a picture that nobody waits for any more."""


class Loop:
    """The engine's one thread of work."""

    def __init__(
        self,
        mailbox: Mailbox,
        start: Start,
        say: Callable[[FromEngine], None],
        turns: Policy | None = None,
    ) -> None:
        """Prepare; `run` runs.

        Args:
            mailbox: Where requests come in.
            start: How to work.
            say: Tells the worker.
            turns: Who is next; None: as `turns` says.
        """
        self._mailbox = mailbox
        self._start = start
        self._say = say
        self._turns = turns or Turns()
        self._reports = Reports(say, start.preview_interval_s)
        self._residents = residents = Residents(start, say)
        self._desk = Desk(residents, self._reports)
        self._parking = Parking(CardAndHost(residents.device.name), self._desk.under_way)
        self._stepper = Stepper(
            residents.device,
            residents.ledger,
            self._parking,
            lambda: residents.evict_idle(self._desk.busy),
        )
        self._lessons = Lessons(start.model, residents, self._stepper)
        self._completion = Completion(self._desk, residents, self._reports)
        self._whole_step_s: dict[ModelSource, float] = {}

    def run(self) -> None:
        """Load the first model, then draw until told to end."""
        try:
            self._residents.get(self._start.model, busy=())
        except AppError as error:
            log.info("began_without_model", code=error.code)  # Each request for it tries again.
        while True:
            if self._desk.is_empty and self._lessons.are_over:
                self._mailbox.wait()
            self._take_in()
            if self._mailbox.is_draining:
                self._hand_over()
                return
            if not self._desk.is_empty:
                self._turn()
            elif self._mailbox.is_closing:
                return
            elif not self._lessons.are_over:
                self._reports.pace(self._lessons.learn_one())

    def _take_in(self) -> None:
        """Open the requests that have arrived, close those that were called back."""
        arrived, cancelled = self._mailbox.take()
        for request in arrived:
            is_reproducible = request.is_reproducible or self._start.is_reproducible
            self._desk.open(request.model_copy(update={"is_reproducible": is_reproducible}))
        self._desk.call_back(cancelled)

    def _hand_over(self) -> None:
        """Answer every open request with what was drawn of it."""

        def hand_over(opened: OpenRequest) -> None:
            resident = self._residents.find(opened.request.model)
            self._say(handing_over.hand_over(opened, resident, self._parking))

        self._desk.clear(hand_over)

    # --- Turns ---

    def _turn(self, beside: Canvas | None = None) -> bool:
        """Take one step, and do a piece of what lies between steps.

        Args:
            beside: A whole picture under way, whose own turn it may be.

        Returns:
            False where it is that picture's turn, or nobody's.
        """
        self._admit()
        self._begin(beside)
        chosen = self._turns.choose(self._waiting(beside), time.monotonic(), self._room)
        places = self._desk.places()
        canvases = [places[each.request_id, each.picture] for each in chosen]
        is_its_turn = any(canvas is beside for _, canvas in canvases)
        step_s = 0.0
        if canvases and canvases[0][0].is_whole:
            if not is_its_turn:
                self._draw_whole(*canvases[0], chosen)
        elif canvases:
            step_s = self._step(canvases, chosen)
        self._completion.run(step_s)
        return bool(chosen) and not is_its_turn

    def _room(self, key: object, count: int) -> int:
        return self._stepper.room(key, count) if isinstance(key, BatchKey) else 1

    def _waiting(self, beside: Canvas | None) -> list[Candidate]:
        return [
            opened.candidate(canvas, self._share_s(opened))
            for opened in self._desk.requests
            if opened.is_admitted
            for canvas in opened.canvases
            if canvas.is_waiting and (beside is None or not opened.is_whole or canvas is beside)
        ]

    def _share_s(self, opened: OpenRequest) -> float:
        """Tell what one step of one of its pictures takes of the device."""
        if opened.is_whole:
            return self._whole_step_s.get(opened.request.model, 0.0)
        drawings = (canvas.drawing for canvas in opened.canvases)
        key = next((each.key for each in drawings if each is not None), None)
        return self._stepper.timing.of(key or opened.request.model).share_s()

    def _step(self, canvases: list[tuple[OpenRequest, Canvas]], chosen: list[Candidate]) -> float:
        """Take a step, and tell those who took it."""
        of: dict[Drawing, tuple[OpenRequest, Canvas]] = {
            canvas.drawing: (opened, canvas)
            for opened, canvas in canvases
            if canvas.drawing is not None
        }
        resident = self._resident(canvases[0][0])
        assert resident.family is not None, "whole pictures take no shared step"
        taken = self._stepper.take(resident.family, list(of))
        self._turns.charge(chosen, taken.took_s)
        self._reports.pace(taken.took_s)
        for drawing in taken.advanced:
            opened, canvas = of[drawing]
            canvas.gpu_s += taken.took_s / len(of)
            reached = (drawing.step, drawing.total_steps)
            self._reports.step(opened, canvas, resident, reached, drawing.estimate)
        for drawing, failure in taken.failures.items():
            self._desk.fail(of[drawing][0], failure)
        return taken.took_s

    # --- Beginnings ---

    def _admit(self) -> None:
        """Have the models in memory; in order of arrival, so that none waits for ever."""
        for opened in self._desk.requests:
            if opened.is_admitted or opened.request.upscale is not None:
                continue
            try:
                with translated("model_unreadable"):
                    resident = self._residents.get(opened.request.model, self._desk.busy)
            except AppError as error:
                self._desk.fail(opened, error)
                continue
            if resident is None:
                return
            opened.is_admitted = True
            opened.is_whole = resident.family is None
            if opened.request.resume:
                self._go_on(opened, resident)

    def _go_on(self, opened: OpenRequest, resident: Resident) -> None:
        """Take over what another engine had drawn; where that cannot be, begin anew."""
        try:
            for drawn in handing_over.take_over(opened, resident):
                self._say(drawn)
        except AppError as error:
            log.warning("snapshot_dropped", request_id=opened.request_id, code=error.code)
        else:
            half_drawn = sum(canvas.frozen is not None for canvas in opened.canvases)
            log.info("drawing_resumed", request_id=opened.request_id, half_drawn=half_drawn)
        self._desk.close_if_drawn(opened)

    def _resident(self, opened: OpenRequest) -> Resident:
        resident = self._residents.find(opened.request.model)
        assert resident is not None, "models of admitted requests stay"
        return resident

    def _begin(self, beside: Canvas | None) -> None:
        """Begin those who would be next; at least one, and no more than fit beside a step."""
        began = time.monotonic()
        places = self._desk.places()
        for each in self._turns.order(self._waiting(beside), began)[: BUCKETS[-1]]:
            opened, canvas = places[each.request_id, each.picture]
            if each.is_ready or not self._desk.is_open(opened):
                continue
            try:
                with translated("draw_failed"):
                    self._begin_one(opened, canvas)
            except AppError as error:
                note_cause(error)
                self._desk.fail(opened, error)
            spent_s = time.monotonic() - began
            self._reports.pace(spent_s)
            if spent_s > self._stepper.timing.longest_s():
                return

    def _begin_one(self, opened: OpenRequest, canvas: Canvas) -> None:
        family = self._resident(opened).family
        assert family is not None, "whole pictures do not begin"
        canvas.began_at = time.monotonic()
        frozen, canvas.frozen = canvas.frozen, None
        if frozen is not None:
            try:
                canvas.drawing = family.thaw(opened.request, canvas.index, frozen)
            except AppError as error:
                log.warning("snapshot_dropped", request_id=opened.request_id, code=error.code)
                canvas.gpu_s = canvas.duration_s = 0.0
        if canvas.drawing is None:
            canvas.drawing = family.begin(opened.request, canvas.index)

    # --- Whole pictures ---

    def _draw_whole(self, opened: OpenRequest, canvas: Canvas, chosen: list[Candidate]) -> None:
        """Draw a picture in one go; between its steps the others have their turns."""
        resident = self._resident(opened)
        canvas.began_at = resumed = time.monotonic()

        def on_step(report: StepReport) -> None:
            nonlocal resumed
            took_s = time.monotonic() - resumed
            canvas.gpu_s += took_s
            self._whole_step_s[opened.request.model] = took_s
            self._turns.charge(chosen, took_s)
            self._reports.pace(took_s)
            reached = (report.step, report.total_steps)
            self._reports.step(opened, canvas, resident, reached, report.latents)
            self._take_in()
            while self._is_wanted(opened) and self._turn(beside=canvas):
                self._take_in()
            if not self._is_wanted(opened):
                raise _BrokenOff("cancelled")
            resumed = time.monotonic()

        try:
            with translated("draw_failed"):
                pixels = resident.whole.draw(opened.request, canvas.index, on_step)
                pixels = at_once(self._completion.posted(opened.request, pixels))
        except _BrokenOff:
            return
        except AppError as error:
            note_cause(error)
            self._desk.fail(opened, error)
            return
        canvas.gpu_s += time.monotonic() - resumed
        self._desk.picture(opened, canvas, pixels)

    def _is_wanted(self, opened: OpenRequest) -> bool:
        return self._desk.is_open(opened) and not self._mailbox.is_draining
