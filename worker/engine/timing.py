"""Learn how long a step of so many drawings takes, and so how many are best drawn together.

T(b) is measured while the engine has nothing else to do, and by every step that it takes anyway.
A batch grows as long as doubling it still makes a picture's share of the step clearly shorter:
beyond that, company only makes everybody wait.
"""

import itertools
from collections.abc import Hashable
from dataclasses import dataclass, field

BUCKETS = (1, 2, 4, 8)
"""Batch sizes that are told apart; the same as `families.base.BUCKETS`, which has torch."""

LEAST_GAIN = 0.05
"""What doubling a batch must save of a picture's share. Less is lost again to uneven company."""

_UNKNOWN_STEP_S = 0.05
"""What a step counts as before any was measured; only the order of requests depends on it."""

_NOVELTY = 0.25
"""How far one more measurement moves what is known. The machine is shared: a step may be
disturbed by anything, and the next one tells."""


def bucket_of(count: int) -> int:
    """Find the smallest bucket with room for so many drawings; the largest where none has."""
    return next((bucket for bucket in BUCKETS if bucket >= count), BUCKETS[-1])


_TRIED_AGAIN_EACH = 40
"""Of so many steps whose company was cut short, one is taken with twice as many: what was slow
once, beside a neighbour for example, would else never be measured again. At worst one step in
forty is then longer than it had to be."""


@dataclass(slots=True)
class StepTimes:
    """T(b) of one key."""

    is_padded: bool
    """Steps are made as large as their bucket; else they are just as large as their company."""
    cap: int = BUCKETS[-1]
    """Most drawings in one step; lowered for good where so many did not fit into memory."""
    known: dict[int, float] = field(default_factory=dict)
    """Seconds by the size of the step."""
    _cut_short: int = 0
    """Steps that more drawings would have taken part in."""

    def note(self, count: int, took_s: float) -> None:
        """Take a measurement in; a quicker one counts at once, for nothing makes a step quick."""
        size = self.size_of(count)
        before_s = self.known.get(size, took_s)
        weight = 1.0 if took_s < before_s else _NOVELTY
        self.known[size] = before_s + weight * (took_s - before_s)

    def size_of(self, count: int) -> int:
        """Tell how large a step of so many drawings is."""
        return bucket_of(count) if self.is_padded else count

    def step_s(self, count: int) -> float:
        """Tell how long a step of so many takes: as measured, or as near as can be told."""
        size = self.size_of(count)
        below = max((each for each in self.known if each <= size), default=None)
        above = min((each for each in self.known if each >= size), default=None)
        if below is None:
            return _UNKNOWN_STEP_S if above is None else self.known[above]
        if above is None or above == below:
            return self.known[below] * size / below
        way = (size - below) / (above - below)
        return self.known[below] + way * (self.known[above] - self.known[below])

    def share_s(self) -> float:
        """Tell what one evaluation of one drawing takes of the device in good company."""
        return self.step_s(self.best) / self.best

    @property
    def best(self) -> int:
        """Count the drawings beyond which company no longer pays."""
        best = BUCKETS[0]
        for half, bucket in itertools.pairwise(each for each in BUCKETS if each <= self.cap):
            if half in self.known and bucket in self.known:
                gain = 1 - (self.known[bucket] / bucket) / (self.known[half] / half)
                if gain <= LEAST_GAIN:
                    break
            best = bucket
        return best

    def room(self, count: int) -> int:
        """Tell how many of so many are best taken along.

        Padding is paid for: where five would fill a step of eight, four may be done sooner.
        """
        best = self.best
        if best < min(count, self.cap):
            self._cut_short += 1
            if self._cut_short % _TRIED_AGAIN_EACH == 0:
                return min(count, 2 * best)
        most = min(count, best)
        smaller = bucket_of(most) // 2
        if not self.is_padded or not 1 <= smaller < most:
            return most
        is_worth_it = most / self.step_s(most) >= smaller / self.step_s(smaller)
        return most if is_worth_it else smaller

    def halve(self, count: int) -> bool:
        """Take half as many as the `count` that did not fit; False where not even one does."""
        self.cap = max(1, self.size_of(count) // 2)
        return count > 1

    def unknown(self) -> list[int]:
        """List the buckets that are not measured yet, the smallest first."""
        return [bucket for bucket in BUCKETS if bucket <= self.cap and bucket not in self.known]


class Timing:
    """The step times of every key that was drawn."""

    def __init__(self, *, is_padded: bool) -> None:
        self._is_padded = is_padded
        self._times: dict[Hashable, StepTimes] = {}

    def of(self, key: Hashable) -> StepTimes:
        """Find the times of a key; an empty record for one that is new."""
        return self._times.setdefault(key, StepTimes(self._is_padded))

    def forget(self, keys: set[Hashable]) -> None:
        """Drop the keys of a model that left memory."""
        for key in keys:
            self._times.pop(key, None)

    def longest_s(self) -> float:
        """Tell how long the longest known step takes; 0 while nothing is known."""
        return max(
            (max(times.known.values(), default=0.0) for times in self._times.values()), default=0.0
        )
