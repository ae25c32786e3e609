"""Let several requests into the engine at once, but a suspect only alone.

A request that was in an engine when it died may be why. Drawn with others again, it would take
them down with it, and they would be failed in the end for a neighbour's fault. Alone, it can only
harm itself.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import AppError


class Quarantine:
    """The door of one engine."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._is_sealed = False
        self._suspects_waiting = 0
        self._outside: set[str] = set()
        self._called_back: set[str] = set()

    @contextmanager
    def entered(self, request_id: str, *, is_solo: bool) -> Iterator[None]:
        """Be inside for the length of the `with`; wait at the door as long as need be.

        Raises:
            AppError: `cancelled`; it was called back at the door.
        """
        with self._changed:
            self._enter(request_id, is_solo=is_solo)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._is_sealed = False  # Nobody else was inside, or it was not sealed.
                self._changed.notify_all()

    def call_back(self, request_id: str) -> None:
        """Turn away a request that still waits at the door; nothing happens to others."""
        with self._changed:
            self._called_back |= self._outside & {request_id}
            self._changed.notify_all()

    def _enter(self, request_id: str, *, is_solo: bool) -> None:
        self._outside.add(request_id)
        self._suspects_waiting += is_solo
        try:
            self._changed.wait_for(
                lambda: request_id in self._called_back or self._is_free(is_solo=is_solo)
            )
            if request_id in self._called_back:
                raise AppError("cancelled")
        finally:
            self._outside.discard(request_id)
            self._called_back.discard(request_id)
            self._suspects_waiting -= is_solo
            self._changed.notify_all()
        self._inside += 1
        self._is_sealed = is_solo

    def _is_free(self, *, is_solo: bool) -> bool:
        if is_solo:
            return self._inside == 0
        # Suspects that wait go first, or they might wait for ever.
        return not self._is_sealed and self._suspects_waiting == 0
