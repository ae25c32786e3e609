"""Take one step of several drawings, and see to it that one's trouble is not the others'."""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
import torch

from core.errors import AppError
from worker.engine import batch
from worker.engine.drawing import BatchKey, Drawing
from worker.engine.families.base import BUCKETS, NO_PADDING, Family
from worker.engine.ledger import Device, Ledger
from worker.engine.parking import Parking
from worker.engine.pipelines import release_memory, translated
from worker.engine.timing import Timing, bucket_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a step."""

    took_s: float
    advanced: tuple[Drawing, ...] = ()
    failures: dict[Drawing, AppError] = field(default_factory=dict)
    """Who can not go on, and why. Who is in neither will try again, in smaller company."""


class Stepper:
    """Take steps; learn from each how long they take, and how many drawings fit into memory."""

    def __init__(
        self, device: Device, ledger: Ledger, parking: Parking, make_room: Callable[[], bool]
    ) -> None:
        """Prepare.

        Args:
            device: Whose memory.
            ledger: Its books.
            parking: Moves drawings out of that memory that take no part in a step.
            make_room: Takes models out of memory that nobody draws with; False: there is none.
        """
        self._device = device
        self._ledger = ledger
        self._parking = parking
        self._make_room = make_room
        self.timing = Timing(is_padded=device.is_measured)

    def room(self, key: BatchKey, count: int) -> int:
        """Tell how many of so many drawings a step is best taken with, and make room for them."""
        best = self.timing.of(key).room(count)
        fitting = self._ledger.room(key, best)
        if fitting < best and self._parking.park(lambda drawing: drawing.key == key):
            fitting = self._ledger.room(key, best)
        return fitting

    def take(self, family: Family, drawings: Sequence[Drawing]) -> Taken:
        """Take drawings of one key one evaluation further."""
        before = [drawing.index for drawing in drawings]
        held = self._device.held()
        self._device.begin_peak()
        began = time.monotonic()
        failures = self._tried(family, drawings)
        took_s = time.monotonic() - began
        advanced = tuple(
            drawing
            for drawing, index in zip(drawings, before, strict=True)
            if drawing.index > index and drawing not in failures
        )
        if len(advanced) == len(drawings):
            key = drawings[0].key
            self.timing.of(key).note(self._bucket(drawings) or len(drawings), took_s)
            self._ledger.note_step(key, len(drawings), self._device.peak() - held)
        return Taken(took_s, advanced, failures)

    def learn(self, family: Family, drawing: Drawing, count: int) -> float:
        """Time the forward of a step of so many, without taking it; nothing is drawn."""
        began = time.monotonic()
        with torch.inference_mode():
            family.predict([drawing] * count, self._bucket([drawing] * count))
        self._settle()
        took_s = time.monotonic() - began
        self.timing.of(drawing.key).note(count, took_s)
        return took_s

    def _bucket(self, drawings: Sequence[Drawing]) -> int:
        """Settle the shape of the forward: always the same one where somebody relies on it."""
        if any(drawing.is_reproducible for drawing in drawings):
            return BUCKETS[-1]
        return bucket_of(len(drawings)) if self._device.is_measured else NO_PADDING

    def _tried(self, family: Family, drawings: Sequence[Drawing]) -> dict[Drawing, AppError]:
        before = [drawing.index for drawing in drawings]
        try:
            with translated("draw_failed"):
                self._parking.bring_back(drawings)
                batch.step(family, drawings, self._bucket(drawings))
                self._settle()
        except AppError as error:
            note_cause(error)
            failure = AppError(error.code, **error.facts)  # Without its frames and their tensors.
        else:
            return {}
        left = [each for each, index in zip(drawings, before, strict=True) if each.index == index]
        if failure.code == "out_of_memory":
            return self._without_memory(drawings, left, failure)
        if len(drawings) == 1:
            return {drawings[0]: failure}
        failures: dict[Drawing, AppError] = {}
        for drawing in left:
            failures |= self._tried(family, [drawing])
        return failures

    def _without_memory(
        self, drawings: Sequence[Drawing], left: Sequence[Drawing], failure: AppError
    ) -> dict[Drawing, AppError]:
        """Make do with less: what others hold, fewer drawings, and give up only at one."""
        release_memory()
        log.warning("step_out_of_memory", drawings=len(drawings))
        if self._ledger.let_go() or self._parking.park(lambda drawing: drawing in drawings):
            return {}
        if self._make_room():
            return {}
        fixed = [each for each in left if each.is_reproducible]
        if fixed:  # Their steps are of one size for good.
            return dict.fromkeys(fixed, failure)
        if self.timing.of(drawings[0].key).halve(len(drawings)):
            return {}
        return dict.fromkeys(left, failure)

    def _settle(self) -> None:
        """Wait for the device, so that time, memory and errors are those of this step."""
        if self._device.is_measured:
            torch.cuda.synchronize()


def note_cause(error: AppError) -> None:
    """Log what a library raised, if one did: frames alone, for its message may quote a prompt."""
    if error.__cause__ is not None:
        frames = traceback.format_tb(error.__cause__.__traceback__)
        log.error(
            "draw_failed", code=error.code, cause=type(error.__cause__).__name__, frames=frames
        )
