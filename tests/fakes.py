"""Stand in for what is away: the broker and Redis's events, in memory and without a clock."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta

from core.contracts.ids import JobId
from core.contracts.progress import Progress
from core.errors import Unavailable
from core.workflow import TaskName


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeQueue:
    """A broker that remembers what was sent; `is_away` makes it refuse."""

    def __init__(self) -> None:
        self.sent: list[tuple[TaskName, JobId, str]] = []
        self.is_away = False

    def send(self, task: TaskName, job_id: JobId, queue: str) -> None:
        if self.is_away:
            raise Unavailable("broker_away")
        self.sent.append((task, job_id, queue))

    def close(self) -> None:
        """Nothing to give back."""


class FakeEvents:
    """Events of one process: who listens hears what is woken or published after."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.cancelled: list[JobId] = []
        self.cleared: list[JobId] = []
        self.tallies: dict[str, int] = {}
        self._ears: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[tuple[str, bytes]]]] = []

    def tally(self, name: str, _ttl_s: int) -> int:
        self.tallies[name] = self.tallies.get(name, 0) + 1
        return self.tallies[name]

    def wake(self, topic: str) -> None:
        self.woken.append(topic)
        self._tell(topic, b"1")

    def clear_progress(self, job_id: JobId) -> None:
        self.cleared.append(job_id)

    def publish_cancel(self, job_id: JobId) -> None:
        self.cancelled.append(job_id)

    def publish_progress(self, progress: Progress) -> None:
        self._tell("easel.progress", progress.model_dump_json().encode())

    def latest_progress(self, _job_id: JobId) -> Progress | None:
        return None

    async def listen(
        self, topics: Sequence[str] = (), _patterns: Sequence[str] = ()
    ) -> AsyncGenerator[tuple[str, bytes]]:
        ear: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        entry = (asyncio.get_running_loop(), ear)
        self._ears.append(entry)
        try:
            while True:
                topic, payload = await ear.get()
                if topic in topics:
                    yield topic, payload
        finally:
            self._ears.remove(entry)

    def _tell(self, topic: str, payload: bytes) -> None:
        for loop, ear in tuple(self._ears):
            with contextlib.suppress(RuntimeError):  # Who listened has just ended.
                loop.call_soon_threadsafe(ear.put_nowait, (topic, payload))

    def close(self) -> None:
        """Nothing to give back."""
