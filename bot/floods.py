"""Bound how often anybody comes: from one place and overall, in windows of ten minutes.

The counts are kept in Redis, for all processes together. Where Redis is away, a few are let
through in each process and the rest is refused: without a count nobody tells a flood from a guest.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from core.errors import Unavailable
from core.events import Events

WINDOW_S = 600
"""Ten minutes: long enough to make guessing pointless, short enough to wait for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many are let through in a window."""

    each: int
    overall: int
    without_redis: int


@dataclass(slots=True)
class Flood:
    """Count what comes to one door."""

    name: str
    events: Events
    secret: bytes
    """Keys the digests that stand for places: addresses are nobody's business for longer."""
    clock: Callable[[], datetime]
    window: int = -1
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def over_for_s(self, place: str, bounds: Bounds) -> int | None:
        """Count one from a place; in how many seconds to come again, or None: let it through."""
        now_s = int(self.clock().timestamp())
        window, left_s = now_s // WINDOW_S, WINDOW_S - now_s % WINDOW_S
        try:
            is_within = self._is_within(place, window, bounds)
        except Unavailable:
            is_within = self._count_here(window) <= bounds.without_redis
        return None if is_within else left_s

    def _is_within(self, place: str, window: int, bounds: Bounds) -> bool:
        """Count overall first: past that bound no further place is given a counter of its own."""
        if self.events.tally(f"{self.name}.{window}", WINDOW_S) > bounds.overall:
            return False
        digest = hashlib.blake2b(place.encode(), key=self.secret[:64], digest_size=12).hexdigest()
        return self.events.tally(f"{self.name}.{window}.{digest}", WINDOW_S) <= bounds.each

    def _count_here(self, window: int) -> int:
        """Count while Redis is away; one number is all that is kept."""
        with self.lock:
            if window != self.window:
                self.window, self.count = window, 0
            self.count += 1
            return self.count
