"""Know which attempts are under way here, so that a job that is called back can be stopped."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.contracts.ids import JobId


class Attempts:
    """The attempts of one worker process, by their jobs. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Lock()
        self._under_way: dict[JobId, str] = {}

    @contextmanager
    def under_way(self, job_id: JobId, attempt_id: str) -> Iterator[None]:
        """Note an attempt for the length of the `with`."""
        with self._changed:
            self._under_way[job_id] = attempt_id
        try:
            yield
        finally:
            with self._changed:
                self._under_way.pop(job_id, None)

    def of(self, job_id: JobId) -> str | None:
        """Name the attempt at a job; None: it is not under way here."""
        with self._changed:
            return self._under_way.get(job_id)
