"""Look at files that people ask about: a few at a time, each asker now and then.

The ladder is made when the first file comes: it loads C2PA and numpy, which a process that only
chats need not have in memory.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from bot.floods import Bounds, Flood
from core.contracts.examination import Examination
from core.errors import Unavailable, UserError
from core.events import Events
from core.settings import CoreSettings
from core.storage import Store

if TYPE_CHECKING:
    from core.provenance.ladder import Ladder

AT_ONCE = 2
"""Files looked at side by side in one process: each takes a core for up to 3 s."""

WAITING_MOST = 8
"""More that wait in a process would wait for longer than people do, with 20 MB each in memory."""

WITHOUT_REDIS = 20
"""Files in ten minutes while Redis is away, of everybody together."""


class Examiner:
    """Bounds and runs the verify ladder for every front-end of a process."""

    def __init__(
        self, settings: CoreSettings, store: Store, events: Events, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._store = store
        key = settings.secret_key.get_secret_value().encode()
        self._flood = Flood("verify", events, key, clock)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING_MOST)
        self._work = threading.BoundedSemaphore(AT_ONCE)
        self._making = threading.Lock()
        self._ladder: Ladder | None = None

    def admit(self, place: str) -> None:
        """Count one from an address or a member, before its file is even read.

        Raises:
            UserError: `verify_too_often`, with the seconds after which to come again.
        """
        settings = self._settings
        bounds = Bounds(settings.verify_tries, settings.verify_tries_overall, WITHOUT_REDIS)
        left_s = self._flood.over_for_s(place, bounds)
        if left_s is not None:
            raise UserError("verify_too_often", value=-(-left_s // 60), retry_s=left_s)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place among those who wait, from before a file is read until it was looked at.

        Raises:
            Unavailable: `verify_busy`: there is none.
        """
        if not self._places.acquire(blocking=False):
            raise Unavailable("verify_busy")
        try:
            yield
        finally:
            self._places.release()

    def examine(self, data: bytes) -> Examination:
        """Find out what a file is; a place is held for it. Blocks: call it in a thread.

        Raises:
            Unavailable: the database is away.
        """
        with self._work:
            return self._the_ladder().examine(data)

    def _the_ladder(self) -> "Ladder":
        with self._making:
            if self._ladder is None:
                self._ladder = build_ladder(self._settings, self._store)
            return self._ladder


def build_ladder(settings: CoreSettings, store: Store) -> "Ladder":
    """Make the ladder over the keys and the registry of a deployment."""
    from core.provenance.alike import LooksIndex
    from core.provenance.ladder import Ladder

    index, roots = LooksIndex(store), settings.tsa_roots
    return Ladder(store, settings.resolved_keys_dir, index, roots, settings.mark_weights)
