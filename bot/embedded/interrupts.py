"""End by SIGTERM as by Ctrl-C: through every `finally`, so that what was started is ended too."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_LOOK_S = 0.2
"""How often it is looked whether an interrupt was lost; the interrupt itself needs no look."""


class Interrupts:
    """Whether one has come: an exception that meets a finaliser of Python's is swallowed there."""

    def __init__(self) -> None:
        self.has_come = False

    def wait(self) -> None:
        """Wait for one.

        Raises:
            KeyboardInterrupt: it has come, now or before.
        """
        while not self.has_come:
            time.sleep(_LOOK_S)
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Raise KeyboardInterrupt at SIGTERM, and let neither interrupt the ending itself."""
    interrupts = Interrupts()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        interrupts.has_come = True
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
