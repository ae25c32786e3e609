"""Spread the rows of one forward over the cores of a CPU, each part a forward of its own.

Cores that share one operation wait for each other at its end, hundreds of times a step, and one
that is disturbed holds up all. Parts of the rows meet once a step. Measured on the shipped model
and two cores: two rows 25 ms each where the cores share operations, 12 ms on one core, 6 ms side
by side.
"""

import itertools
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import torch

EXACT_ROWS = 4
"""Rows of every part where a picture must come out bitwise the same anywhere: kernels are chosen
by shape, so neither the company nor the number of cores may change it. Larger parts are hardly
quicker a row (8.0 ms against 7.6 at sixteen), and a picture alone would pay for more padding."""

Part = slice
"""Some of the rows, by their numbers."""


class SideBySide:
    """Ask for parts of the rows on several threads at once."""

    def __init__(self, parts: int) -> None:
        """Prepare.

        Args:
            parts: How many are drawn at a time; one core each, times the threads of torch.
        """
        self._parts = parts
        self._pool = ThreadPoolExecutor(parts - 1, "rows") if parts > 1 else None

    def spread(self, ask: Callable[[Part], torch.Tensor], rows: int) -> torch.Tensor:
        """Ask for all rows in as many parts as there are cores, and join the answers.

        Args:
            ask: Answers for some of the rows; called on several threads at once.
            rows: How many there are.

        Returns:
            The answers for all rows, in order.
        """
        return self._joined(ask, _even(rows, min(self._parts, rows)))

    def spread_exact(self, ask: Callable[[Part], torch.Tensor], rows: int) -> torch.Tensor:
        """Ask in parts of `EXACT_ROWS`, of which `rows` has to be a multiple."""
        starts = range(0, rows, EXACT_ROWS)
        return self._joined(ask, [slice(start, start + EXACT_ROWS) for start in starts])

    def _joined(self, ask: Callable[[Part], torch.Tensor], parts: list[Part]) -> torch.Tensor:
        if self._pool is None or len(parts) == 1:
            return torch.cat([ask(part) for part in parts]) if len(parts) > 1 else ask(parts[0])
        todo = deque(parts)
        answers: dict[int, torch.Tensor] = {}

        @torch.inference_mode()  # It is a state of the thread.
        def work() -> None:
            try:
                for part in iter(lambda: _taken(todo), None):
                    answers[part.start] = ask(part)
            except BaseException:
                todo.clear()  # The step has failed: nobody needs the rest.
                raise

        others = [self._pool.submit(work) for _ in range(min(self._parts, len(parts)) - 1)]
        try:
            work()
        finally:
            wait(others)  # Whatever happens, no part goes on after the step.
        for other in others:
            other.result()
        return torch.cat([answers[part.start] for part in parts])


def _taken(todo: deque[Part]) -> Part | None:
    """Take the next part; None where none is left, as another thread may have seen to."""
    try:
        return todo.popleft()
    except IndexError:
        return None


def available_parts(threads: int) -> int:
    """Tell how many parts the cores allow.

    Args:
        threads: Cores that one operation takes.
    """
    has_affinity = hasattr(os, "sched_getaffinity")  # Linux has it.
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, cores // threads)


def padded(rows: int) -> int:
    """Tell how many rows there are once all parts are of `EXACT_ROWS`."""
    return -(-rows // EXACT_ROWS) * EXACT_ROWS


def _even(rows: int, count: int) -> list[Part]:
    """Cut rows into parts that differ by one at most."""
    bounds = [rows * each // count for each in range(count + 1)]
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]
