"""Time steps that nobody waits for, while the engine has nothing else to do."""

from collections import deque

from core.errors import AppError
from worker.engine.families.base import BUCKETS
from worker.engine.messages import ModelSource
from worker.engine.pipelines import translated
from worker.engine.rehearsal import request_for
from worker.engine.residents import Residents
from worker.engine.stepping import Stepper, note_cause

_STEP_MAX_S = 0.5
"""A step that would take longer is not taken only to time it: a request may come any moment."""

_COUNTS = tuple(bucket for bucket in BUCKETS for _ in range(2))
"""Twice each, since the first step of its size may be a slow one."""


class Lessons:
    """What is still to be learnt of the model that the engine began with."""

    def __init__(self, source: ModelSource, residents: Residents, stepper: Stepper) -> None:
        self._source = source
        self._residents = residents
        self._stepper = stepper
        self._counts = deque(_COUNTS)

    @property
    def are_over(self) -> bool:
        """Tell whether there is nothing left to learn, or nothing to learn it with."""
        resident = self._residents.find(self._source)
        return not self._counts or resident is None or resident.family is None

    def learn_one(self) -> float:
        """Time the forward of one step, and tell how long it took."""
        count = self._counts.popleft()
        resident = self._residents.find(self._source)
        if resident is None or resident.family is None:
            return 0.0
        try:
            with translated("draw_failed"):
                drawing = resident.family.begin(request_for(self._source), 0)
                times = self._stepper.timing.of(drawing.key)
                if times.known and times.step_s(count) > _STEP_MAX_S:
                    return 0.0
                return self._stepper.learn(resident.family, drawing, count)
        except AppError as error:
            note_cause(error)
            self._counts.clear()
            return 0.0
