"""Waiting for a classifier is bounded, and so is how many may hang."""

import threading

import pytest

from moderation.deadline import MAX_ABANDONED, Deadline


def test_it_returns_what_the_call_returns():
    assert Deadline(10).run(lambda: 7) == 7


def test_it_raises_what_the_call_raises():
    def fail() -> int:
        raise LookupError("no model")

    with pytest.raises(LookupError, match="no model"):
        Deadline(10).run(fail)


def test_a_call_that_would_end_the_process_is_an_error_like_others():
    def leave() -> int:
        raise SystemExit

    with pytest.raises(RuntimeError, match="SystemExit"):
        Deadline(10).run(leave)


def test_a_call_that_hangs_is_given_up():
    release = threading.Event()

    with pytest.raises(TimeoutError):
        Deadline(0.01).run(release.wait)

    release.set()


def test_calls_that_hang_do_not_pile_up():
    release = threading.Event()
    started = threading.Semaphore(0)

    def hang() -> bool:
        started.release()
        return release.wait()

    deadline = Deadline(0.01)
    for _ in range(MAX_ABANDONED + 2):
        with pytest.raises(TimeoutError):
            deadline.run(hang)

    begun = sum(started.acquire(blocking=False) for _ in range(MAX_ABANDONED + 2))
    release.set()
    assert begun == MAX_ABANDONED
