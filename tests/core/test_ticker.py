"""A ticker goes on, whatever its action does."""

import threading

from core.errors import Unavailable
from core.ticker import Ticker


def test_it_calls_at_once_and_again_after_errors_of_every_kind():
    calls: list[int] = []
    enough = threading.Event()

    def act() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise Unavailable("database_away")
        if len(calls) == 2:
            raise ValueError
        enough.set()

    ticker = Ticker("test", 0.001, act)
    ticker.start()

    assert enough.wait(10)
    ticker.stop()
    assert len(calls) >= 3


def test_one_that_never_began_stops_at_once():
    calls: list[int] = []
    ticker = Ticker("test", 0.001, lambda: calls.append(1))

    ticker.stop()

    assert calls == []


def test_one_that_is_not_to_call_at_once_waits_and_ends_without():
    """Who has just done the thing need not do it again; the end does not wait for the interval."""
    calls: list[int] = []
    ticker = Ticker("test", 3600, lambda: calls.append(1))

    ticker.start(is_at_once=False)
    ticker.stop()

    assert calls == []
