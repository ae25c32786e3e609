"""Read the worker's messages in a thread, so that cancels and drains are known at once."""

import contextlib
import os
import threading
from multiprocessing.connection import Connection

from pydantic import ValidationError

from worker.engine.messages import Cancel, Drain, DrawRequest, Shutdown, receive


class Mailbox:
    """What has arrived and was not looked at yet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._arrived: list[DrawRequest] = []
        self._cancelled: set[str] = set()
        self.is_draining = False
        """Everything is to be handed back after the step under way."""
        self.is_closing = False
        """Nothing more will come; what is open is to be finished."""

    def watch(self) -> None:
        """Begin reading."""
        threading.Thread(target=self._read, name="mailbox", daemon=True).start()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until something has arrived."""
        with self._changed:
            self._changed.wait_for(self._has_news, timeout_s)

    def take(self) -> tuple[list[DrawRequest], set[str]]:
        """Take the requests that have arrived, in order, and the names of those called back.

        Both at once: a request and its cancel may arrive together.
        """
        with self._changed:
            news = self._arrived, self._cancelled
            self._arrived, self._cancelled = [], set()
            return news

    def _has_news(self) -> bool:
        return bool(self._arrived or self._cancelled) or self.is_draining or self.is_closing

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError, ValidationError):
            while True:
                message = receive(self._connection)
                with self._changed:
                    self._take(message)
                    self._changed.notify_all()
        # Nobody listens any more. The main thread may be anywhere, even in a C call that never
        # returns, and holds nothing worth saving.
        os._exit(0)

    def _take(self, message: object) -> None:
        match message:
            case DrawRequest():
                self._cancelled.discard(message.request_id)  # Meant for one that was over.
                self._arrived.append(message)
            case Cancel():
                self._cancelled.add(message.request_id)
            case Drain():
                self.is_draining = True
            case Shutdown():
                self.is_closing = True
