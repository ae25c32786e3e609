"""Wait a bounded time for a call that may hang."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_ABANDONED = 8
"""Calls that may hang at a time. A thread cannot be ended from outside, so a classifier that
hangs on every prompt would otherwise leave one thread behind for each."""


class Deadline(Generic[T]):
    """Run calls in threads of their own and give up on the slow ones."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._slots = threading.BoundedSemaphore(MAX_ABANDONED)

    def run(self, call: Callable[[], T]) -> T:
        """Return what the call returns, or raise what it raises.

        Raises:
            TimeoutError: it took too long, or as many calls as may hang are hanging.
        """
        if not self._slots.acquire(timeout=self._timeout_s):
            raise TimeoutError
        answer: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

        def work() -> None:
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - re-raised in the waiting thread.
                answer.put((None, error))
            else:
                answer.put((result, None))
            finally:
                self._slots.release()

        threading.Thread(target=work, name="classifier", daemon=True).start()
        try:
            value, error = answer.get(timeout=self._timeout_s)
        except Empty as error_:
            raise TimeoutError from error_
        if isinstance(error, Exception):
            raise error
        if error is not None:  # SystemExit and its like must not end the thread that waits.
            raise RuntimeError(type(error).__name__) from error
        return value  # type: ignore[return-value]  # None only where the call returned None.
