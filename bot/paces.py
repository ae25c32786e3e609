"""Remember for some seconds how quickly each model draws, so that no request waits to ask."""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.contracts.usage import Pace
from core.storage import Store

GOOD_FOR = timedelta(seconds=5)
"""A median of fifty pictures does not move faster than that."""


class Paces:
    """The paces of one store's models. Threads may ask at once: at worst, two of them look."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[datetime, Pace]] = {}

    def of(self, model: str) -> Pace:
        """Tell a model's pace; that it never drew is not remembered.

        Raises:
            Unavailable: the database is away.
        """
        now = self._clock()
        known = self._known.get(model)
        if known is not None and now - known[0] < GOOD_FOR:
            return known[1]
        with self._store.reading() as unit:
            pace = unit.usage.pace(model)
        if pace.step_s is not None:
            self._known[model] = (now, pace)
        return pace
