"""SIGTERM ends a process as Ctrl-C does, and once."""

import os
import signal
import sys

import pytest

from bot.embedded.interrupts import interruptible


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_started_is_ended_and_the_ending_is_not_interrupted(number):
    ended = []
    before = signal.getsignal(number)

    def work():
        with interruptible():
            try:
                os.kill(os.getpid(), number)
            finally:
                for again in (signal.SIGTERM, signal.SIGINT):
                    os.kill(os.getpid(), again)
                ended.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert ended == ["all of it"]
    assert signal.getsignal(number) is before


def test_an_interrupt_that_a_finaliser_swallowed_is_not_lost(monkeypatch):
    """Python drops what is raised while it takes an object apart; the one who waits still ends."""

    class Doomed:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(1000):
                pass  # The handler runs between two of these, and its exception goes nowhere.

    swallowed = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: swallowed.append(dropped.exc_type))
    with interruptible() as interrupts:
        doomed = Doomed()
        del doomed
        assert swallowed == [KeyboardInterrupt]
        with pytest.raises(KeyboardInterrupt):
            interrupts.wait()
