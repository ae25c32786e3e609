"""Bring notices to the people who wait for them: the one loop of every front-end.

A notice is claimed by lease, told, and only then acknowledged: a front-end that dies in between
makes the next one tell it again, and a `Poster` edits what it posted before instead of posting
twice. Wake-ups make it quick; looking again by itself makes it sure.

The loop goes in rounds. Each is one transaction that hands back what was told since the last one
and takes what is due now, so that a busy front-end pays for rounds and not for notices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import anyio
import structlog
from anyio import to_thread
from anyio.abc import TaskGroup

from bot.bell import Bell, ring_on
from bot.bootstrap import Services
from bot.posting import require_rows
from bot.replies import Reply
from bot.standing import is_overtaken, read_standing, tell
from core.contracts.actors import Platform
from core.contracts.ids import JobId, NoticeId
from core.contracts.jobs import Job, Notice
from core.errors import IllegalStep, Unavailable
from core.events import wake_topic
from core.storage import Unit
from core.workflow import JobState, NoticeKind, Outcome

log = structlog.get_logger()

POLL_S = 2.0
"""How often notices are looked for without a wake-up: what a lost one costs at most."""

ROUND_S = 0.05
"""The least time between two rounds. A wake-up after a quiet moment is followed at once; under
load, what comes within this time shares a round."""

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
        """Post, or edit what was posted for this job; one with a `member_id` is theirs alone.

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
    delivery = _Delivery(_Desk(services, platform, owner, job_id), poster)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ring_on, services.events, wake_topic(platform), delivery.bell)
            await delivery.run(tasks)
    finally:
        with anyio.CancelScope(shield=True):
            await delivery.hand_back()


def retry_delay_s(attempts: int) -> float:
    """Say how long a notice rests after its n-th failure."""
    doublings = min(max(attempts - 1, 0), 10)  # Bounded, so that a poison notice stays a number.
    return min(RETRY_FIRST_S * 2.0**doublings, RETRY_MOST_S)


@dataclass(frozen=True, slots=True)
class _Composed:
    """What a claimed notice says now."""

    notice: Notice
    job: Job
    reply: Reply


@dataclass(frozen=True, slots=True)
class _Taken:
    """One round's notices: to be posted, overtaken by a later step, or not to be worded."""

    composed: Sequence[_Composed] = ()
    overtaken: Sequence[Notice] = ()
    failed: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True)
class _Desk:
    """The store's side of a loop: plain functions, called in threads."""

    services: Services
    platform: Platform
    owner: str
    job_id: JobId | None

    def exchange(self, told: Sequence[Notice], failed: Sequence[Notice], room: int) -> list[Notice]:
        """Hand notices back and take as many as there is room for, all or nothing."""
        now = self.services.clock()
        with self.services.store.unit() as unit:
            for notice in told:
                self._acknowledge(unit, notice)
            for notice in failed:
                retry_at = now + timedelta(seconds=retry_delay_s(notice.attempts))
                unit.notices.release(notice.notice_id, self.owner, retry_at=retry_at)
            if not room:
                return []
            return unit.notices.claim(
                self.platform,
                self.owner,
                now=now,
                lease_s=LEASE_S,
                limit=room,
                job_id=self.job_id,
            )

    def compose(self, notices: Sequence[Notice]) -> _Taken:
        """Make the replies from the record as it is now."""
        composed, overtaken, failed = [], [], []
        with self.services.store.reading() as unit:
            for notice in notices:
                try:
                    found = self._compose(unit, notice)
                except Exception:
                    log.exception("notice_not_worded", job_id=notice.job_id, kind=notice.kind.value)
                    failed.append(notice)
                else:
                    composed.append(found) if found else overtaken.append(notice)
        return _Taken(composed, overtaken, failed)

    def _compose(self, unit: Unit, notice: Notice) -> _Composed | None:
        job = unit.jobs.get(notice.job_id)
        if is_overtaken(notice.kind, job):
            log.info("notice_overtaken", job_id=notice.job_id, kind=notice.kind.value)
            return None
        reply = tell(self.services, read_standing(unit, job, notice.kind), notice.kind)
        require_rows(unit, reply.pictures)
        return _Composed(notice, job, reply)

    def _acknowledge(self, unit: Unit, notice: Notice) -> None:
        now = self.services.clock()
        is_ours = unit.notices.ack(notice.notice_id, self.owner, now=now)
        is_result = notice.kind is NoticeKind.RESULT
        if is_ours and is_result and unit.jobs.get(notice.job_id).state is JobState.PUBLISHED:
            unit.jobs.advance(notice.job_id, Outcome.DELIVERED, now=now, by=self.owner)


class _Delivery:
    """Keep the slots full: take what fits, post each notice in a task of its own."""

    def __init__(self, desk: _Desk, poster: Poster) -> None:
        self.bell = Bell()
        self._desk = desk
        self._poster = poster
        self._under_way: dict[NoticeId, Notice] = {}
        self._told: list[Notice] = []
        self._failed: list[Notice] = []

    async def run(self, tasks: TaskGroup) -> None:
        """Go in rounds until cancelled."""
        while True:
            # Cleared before looking: what comes meanwhile rings for the next round.
            self.bell.clear()
            next_at = anyio.current_time() + ROUND_S
            for composed in await self._take():
                tasks.start_soon(self._deliver, composed)
            await self.bell.wait(POLL_S)
            await anyio.sleep_until(next_at)

    async def hand_back(self) -> None:
        """End in order: what was posted is acknowledged, the rest goes to the next process."""
        self._failed.extend(self._under_way.values())
        if self._told or self._failed:
            await self._exchange(0)

    async def _take(self) -> Sequence[_Composed]:
        notices = await self._exchange(PARALLEL - len(self._under_way))
        if not notices:
            return ()
        self._under_way.update({notice.notice_id: notice for notice in notices})
        try:
            taken = await to_thread.run_sync(self._desk.compose, notices)
        except Unavailable as error:
            log.warning("delivery_waits", platform=self._desk.platform.value, code=error.code)
            taken = _Taken(failed=notices)
        self._settle(taken.overtaken, self._told)
        self._settle(taken.failed, self._failed)
        return taken.composed

    async def _exchange(self, room: int) -> list[Notice]:
        told, failed = tuple(self._told), tuple(self._failed)
        try:
            with anyio.CancelScope(shield=True):  # What was claimed must be known here.
                taken = await to_thread.run_sync(self._desk.exchange, told, failed, room)
        except (Unavailable, IllegalStep) as error:
            # The next round tries again; a step that was lost to a race is then known.
            log.warning("delivery_waits", platform=self._desk.platform.value, code=error.code)
            return []
        del self._told[: len(told)], self._failed[: len(failed)]
        return taken

    async def _deliver(self, composed: _Composed) -> None:
        notice, outcome = composed.notice, self._failed
        try:
            with anyio.fail_after(POST_TIMEOUT_S):
                await self._poster.post(notice, composed.job, composed.reply)
            outcome = self._told
        except Exception:
            log.exception("delivery_failed", job_id=notice.job_id, kind=notice.kind.value)
        finally:
            self._settle([notice], outcome)

    def _settle(self, notices: Sequence[Notice], outcome: list[Notice]) -> None:
        for notice in notices:
            del self._under_way[notice.notice_id]
            outcome.append(notice)
        if notices:  # There is room again, and their jobs' next notices may become due.
            self.bell.ring()
