"""Be `core.events.Events` within one process: nothing to connect to, nothing lost."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from core.contracts.ids import JobId
from core.contracts.progress import Progress
from core.errors import Unavailable
from core.events import PROGRESS_TOPIC


class EventsInMemory:
    """Carry events between threads and loops; `is_away` plays a Redis that died."""

    def __init__(self) -> None:
        self.is_away = False
        self.claims: set[str] = set()
        self.tallies: dict[str, int] = {}
        self.beats: dict[str, list[str]] = {"worker": ["host:1"], "screening": ["host:2"]}
        self.cancelled: list[JobId] = []
        self._latest: dict[JobId, Progress] = {}
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Queue, frozenset[str]]] = (
            set()
        )

    def close(self) -> None:
        """Nothing was opened."""

    def publish_progress(self, progress: Progress) -> None:
        self._latest[progress.job_id] = progress
        self._publish(PROGRESS_TOPIC, progress.model_dump_json().encode())

    def clear_progress(self, job_id: JobId) -> None:
        self._latest.pop(job_id, None)

    def publish_cancel(self, job_id: JobId) -> None:
        self.cancelled.append(job_id)

    def latest_progress(self, job_id: JobId) -> Progress | None:
        return None if self.is_away else self._latest.get(job_id)

    def wake(self, topic: str) -> None:
        self._publish(topic, b"1")

    def alive(self, kind: str) -> list[str]:
        self._require()
        return self.beats.get(kind, [])

    def claim(self, name: str, ttl_s: int) -> bool:
        self._require()
        is_first = name not in self.claims
        self.claims.add(name)
        return is_first

    def tally(self, name: str, ttl_s: int) -> int:
        self._require()
        self.tallies[name] = self.tallies.get(name, 0) + 1
        return self.tallies[name]

    async def listen(
        self, topics: Sequence[str] = (), patterns: Sequence[str] = ()
    ) -> AsyncGenerator[tuple[str, bytes]]:
        listener = (asyncio.get_running_loop(), asyncio.Queue(), frozenset(topics))
        self._listeners.add(listener)
        try:
            while True:
                yield await listener[1].get()
        finally:
            self._listeners.discard(listener)

    def _require(self) -> None:
        if self.is_away:
            raise Unavailable("broker_away")

    def _publish(self, topic: str, payload: bytes) -> None:
        if self.is_away:
            return
        for loop, queue, topics in list(self._listeners):
            if topic in topics and not loop.is_closed():
                loop.call_soon_threadsafe(queue.put_nowait, (topic, payload))
