"""Call something at an interval, and never stop because one call failed."""

import threading
from collections.abc import Callable

import structlog

from core.errors import Unavailable

log = structlog.get_logger()


class Ticker:
    """Call something again and again on a thread of its own, whatever happens inside."""

    def __init__(self, name: str, interval_s: float, action: Callable[[], None]) -> None:
        self._interval_s = interval_s
        self._action = action
        self._name = name
        self._is_at_once = True
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, *, is_at_once: bool = True) -> None:
        """Begin, with a first call at once or after the first interval."""
        self._is_at_once = is_at_once
        self._thread.start()

    def stop(self) -> None:
        """End after the call under way; one that never began ends at once."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        if not self._is_at_once and self._stopped.wait(self._interval_s):
            return
        while True:
            try:
                self._action()
            except Unavailable as error:
                log.warning("tick_postponed", ticker=self._name, code=error.code)
            except Exception:
                # A sweep that ends for good would leave every later loss unnoticed.
                log.exception("tick_failed", ticker=self._name)
            if self._stopped.wait(self._interval_s):
                return
