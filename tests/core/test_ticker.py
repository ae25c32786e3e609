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
