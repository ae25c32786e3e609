"""Carry what a commit left behind - tasks to the broker, a wake-up to delivery - off the request.

A person's acknowledgement must not wait for a broker that is away: the transaction already holds
the task (outbox) and the notice, so handing them on may happen a moment later, here, or seconds
later by the sweep of the screening worker. One thread a process; requests that come while it is
busy share its next round.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from core.contracts.actors import Platform
from core.errors import Unavailable
from core.events import REVIEWS_TOPIC, wake_topic
from core.outbox import TaskSender, flush
from core.storage import Store

log = structlog.get_logger()

ROUND_S = 0.05
"""The least time between two rounds: a lone task goes out at once, a burst of them together."""

_BATCH = 100
"""Tasks a flush sends at most; a full batch means that there may be more."""


class Waker(Protocol):
    """Tell waiting processes that there is something to do. `core.events.Events` is one."""

    def wake(self, topic: str) -> None:
        """Wake who listens to a topic; never raises."""


class Courier:
    """Flush the outbox and wake delivery in the background, once per burst of nudges."""

    def __init__(
        self, store: Store, queue: TaskSender, events: Waker, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._queue = queue
        self._events = events
        self._clock = clock
        self._changed = threading.Condition()
        self._is_nudged = False
        self._topics: set[str] = set()
        self._is_carrying = False
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def nudge(self, *platforms: Platform, is_review: bool = False) -> None:
        """Say that something was committed; returns at once.

        Args:
            platforms: Those that have notices to give now.
            is_review: Whether the moderators' queue has changed.
        """
        topics = {wake_topic(platform) for platform in platforms}
        with self._changed:
            self._is_nudged = True
            self._topics |= topics | ({REVIEWS_TOPIC} if is_review else set())
            # A bug in a flush ends the thread loudly; the next nudge starts another.
            if not self._is_closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything nudged so far was carried; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._is_nudged and not self._is_carrying, timeout_s
            )

    def close(self, timeout_s: float = 3.0) -> None:
        """Finish the round under way and end the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        next_at = time.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, next_at - time.monotonic())
                self._changed.wait_for(lambda: self._is_nudged or self._is_closed)
                if not self._is_nudged:
                    return
                topics, self._topics, self._is_nudged = self._topics, set(), False
                self._is_carrying = True
            next_at = time.monotonic() + ROUND_S
            try:
                self._carry(topics)
            finally:
                with self._changed:
                    self._is_carrying = False
                    self._changed.notify_all()

    def _carry(self, topics: set[str]) -> None:
        # The broker first: the picture waits for it, the wake-up only for the next poll.
        try:
            while flush(self._store, self._queue, now=self._clock(), limit=_BATCH) == _BATCH:
                pass
        except Unavailable as error:
            log.warning("outbox_flush_postponed", code=error.code)
        for topic in topics:
            self._events.wake(topic)
