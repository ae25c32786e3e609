"""Remember for some seconds how quickly each model draws, so that no request waits to ask."""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.contracts.usage import Pace
from core.storage import Store

GOOD_FOR = timedelta(seconds=5)
"""A median of fifty pictures does not move faster than that."""

UNKNOWN_FOR = timedelta(seconds=1)
"""A model's first picture should soon give its requests a price."""


class Paces:
    """The paces of one store's models. Threads may ask at once: at worst, two of them look."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[datetime, Pace]] = {}  # With when to look again.

    def of(self, model: str) -> Pace:
        """Tell a model's pace as of some seconds ago.

        Raises:
            Unavailable: the database is away.
        """
        now = self._clock()
        known = self._known.get(model)
        if known is not None and now < known[0]:
            return known[1]
        with self._store.reading() as unit:
            pace = unit.usage.pace(model)
        self._known[model] = (now + (GOOD_FOR if pace.step_s else UNKNOWN_FOR), pace)
        return pace
