"""Reckon how far a training stage has come, by its time or by its steps.

A stage is planned in minutes or until a moment, so that it always ends with its learning rate at
nought, however fast the machine is; or in steps, so that it ends with the very same weights,
however often it was stopped.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_LONGEST_STEP_S = 5.0
"""A longer gap means that the process was stopped: it counts no further."""


@dataclass
class Stopwatch:
    """Count the time spent in steps, and the share of the plan that this is."""

    minutes: float | None = None
    until: float | None = None
    """Seconds since the epoch; goes before the minutes."""
    steps: int | None = None
    """Goes before either."""
    spent_s: float = 0.0
    clock: Callable[[], float] = time.time
    _seen: float | None = field(default=None, init=False)

    def tick(self, steps_done: int = 0) -> float:
        """Count the time since the last tick; give the share of the plan that is done."""
        now = self.clock()
        if self._seen is not None:
            self.spent_s += min(now - self._seen, _LONGEST_STEP_S)
        self._seen = now
        if self.steps is not None:
            return min(steps_done / self.steps, 1.0) if self.steps else 1.0
        if self.until is not None:
            left_s = max(self.until - now, 0.0)
            return self.spent_s / (self.spent_s + left_s) if left_s else 1.0
        return min(self.spent_s / ((self.minutes or 0.0) * 60), 1.0) if self.minutes else 1.0

    def pause(self) -> None:
        """Leave out the time until the next tick: a sample is drawn, a checkpoint written."""
        self._seen = None


def learning_rate(peak: float, share: float, step: int, warm_up: int = 80) -> float:
    """Warm up over the first steps, then follow half a cosine down to nought."""
    return peak * min(1.0, (step + 1) / warm_up) * (0.5 + 0.5 * math.cos(math.pi * share))
