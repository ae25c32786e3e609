"""SIGTERM ends a process as Ctrl-C does, and once."""

import os
import signal

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
