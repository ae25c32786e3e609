"""Bring notices to the people who wait for them: the one loop of every front-end.

A notice is claimed by lease, told, and only then acknowledged: a front-end that dies in between
makes the next one tell it again, and a `Poster` edits what it posted before instead of posting
twice. Wake-ups make it quick; looking again by itself makes it sure.
"""

from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import anyio
import structlog
from anyio import to_thread
from anyio.abc import TaskGroup

from bot.bootstrap import Services
from bot.replies import Reply
from bot.standing import STANDS_IN, read_standing, tell
from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.contracts.jobs import Job, Notice
from core.errors import Unavailable
from core.events import wake_topic
from core.workflow import JobState, NoticeKind, Outcome

log = structlog.get_logger()

POLL_S = 2.0
"""How often notices are looked for without a wake-up: what a lost one costs at most."""

LEASE_S = 20.0
"""How long a claim holds. After a front-end was killed its claims wait this long for the next."""

POST_TIMEOUT_S = 15.0
"""What a post may take; less than the lease, so that it ends before anybody else begins."""

PARALLEL = 8
"""Notices under way at a time: a slow post holds up one slot, not its neighbours, and SQLite's
one write lock is not fought over by many."""

RETRY_FIRST_S = 0.5
RETRY_MOST_S = 60.0
"""After a failure a notice waits 0.5 s, then twice as long each time, at most a minute: the
platform may be away for long, and what is asked once a minute wears nobody down."""


class Poster(Protocol):
    """How one front-end shows a reply."""

    async def post(self, notice: Notice, job: Job, reply: Reply) -> None:
        """Post, or edit what was posted for this job.

        Called again after a crash, it must not show the same twice.
        """


async def deliver_forever(
    services: Services,
    platform: Platform,
    poster: Poster,
    owner: str,
    *,
    job_id: JobId | None = None,
) -> None:
    """Deliver a platform's notices until cancelled.

    Args:
        services: What the front-end was started with.
        platform: Whose notices.
        poster: How they are shown.
        owner: A name of this process that no other one bears.
        job_id: Only this job's notices, for a caller that waits for one.
    """
    delivery = _Delivery(services, _Claims(services, platform, owner, job_id), poster)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_listen, services, platform, delivery.bell)
        await delivery.run(tasks)


def retry_delay_s(attempts: int) -> float:
    """Say how long a notice rests after its n-th failure."""
    doublings = min(max(attempts - 1, 0), 10)  # Bounded, so that a poison notice stays a number.
    return min(RETRY_FIRST_S * 2.0**doublings, RETRY_MOST_S)


class _Bell:
    """Remember that somebody rang, also while nobody was waiting."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        self._event.set()

    def clear(self) -> None:
        if self._event.is_set():
            self._event = anyio.Event()

    async def wait(self, timeout_s: float) -> None:
        with anyio.move_on_after(timeout_s):
            await self._event.wait()


async def _listen(services: Services, platform: Platform, bell: _Bell) -> None:
    async with aclosing(services.events.listen([wake_topic(platform)])) as events:
        async for _ in events:
            bell.ring()


@dataclass(frozen=True, slots=True)
class _Claims:
    """The store's side of a loop: plain functions, called in threads."""

    services: Services
    platform: Platform
    owner: str
    job_id: JobId | None

    def take(self, limit: int) -> list[Notice]:
        with self.services.store.unit() as unit:
            return unit.notices.claim(
                self.platform,
                self.owner,
                now=self.services.clock(),
                lease_s=LEASE_S,
                limit=limit,
                job_id=self.job_id,
            )

    def compose(self, notice: Notice) -> tuple[Job, Reply | None]:
        """Make the reply from the record as it is now; None when a later step overtook it."""
        with self.services.store.reading() as unit:
            standing = read_standing(unit, notice.job_id)
        if standing.job.state not in STANDS_IN[notice.kind]:
            return standing.job, None
        return standing.job, tell(self.services, standing, notice.kind)

    def acknowledge(self, notice: Notice) -> None:
        now = self.services.clock()
        with self.services.store.unit() as unit:
            is_ours = unit.notices.ack(notice.notice_id, self.owner, now=now)
            is_result = notice.kind is NoticeKind.RESULT
            if is_ours and is_result and unit.jobs.get(notice.job_id).state is JobState.PUBLISHED:
                unit.jobs.advance(notice.job_id, Outcome.DELIVERED, now=now, by=self.owner)

    def release(self, notice: Notice) -> None:
        """Give a notice back; if even that fails, its lease runs out."""
        retry_at = self.services.clock() + timedelta(seconds=retry_delay_s(notice.attempts))
        try:
            with self.services.store.unit() as unit:
                unit.notices.release(notice.notice_id, self.owner, retry_at=retry_at)
        except Unavailable as error:
            log.warning("notice_left_to_its_lease", job_id=notice.job_id, code=error.code)


class _Delivery:
    """Keep the slots full: claim what fits, tell each notice in a task of its own."""

    def __init__(self, services: Services, claims: _Claims, poster: Poster) -> None:
        self.bell = _Bell()
        self._services = services
        self._claims = claims
        self._poster = poster
        self._free = PARALLEL

    async def run(self, tasks: TaskGroup) -> None:
        while True:
            # Cleared before looking: what comes meanwhile rings for the next round.
            self.bell.clear()
            notices = await self._take() if self._free else []
            for notice in notices:
                self._free -= 1
                tasks.start_soon(self._deliver, notice)
            await self.bell.wait(POLL_S)

    async def _take(self) -> list[Notice]:
        try:
            return await to_thread.run_sync(self._claims.take, self._free)
        except Unavailable as error:
            log.warning("delivery_waits", platform=self._claims.platform.value, code=error.code)
            return []

    async def _deliver(self, notice: Notice) -> None:
        is_told = False
        try:
            await self._tell(notice)
            is_told = True
        except Exception:
            log.exception("delivery_failed", job_id=notice.job_id, kind=notice.kind.value)
        finally:
            if not is_told:  # Also when cancelled: the next process need not wait for the lease.
                with anyio.CancelScope(shield=True):
                    await to_thread.run_sync(self._claims.release, notice)
            self._free += 1
            # There is room again, and the job's next notice may have become due.
            self.bell.ring()

    async def _tell(self, notice: Notice) -> None:
        job, reply = await to_thread.run_sync(self._claims.compose, notice)
        if reply is None:
            log.info("notice_overtaken", job_id=job.job_id, kind=notice.kind.value)
        else:
            with anyio.fail_after(POST_TIMEOUT_S):
                await self._poster.post(notice, job, reply)
        # What was posted is acknowledged even when this process is just being ended.
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(self._claims.acknowledge, notice)
