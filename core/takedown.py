"""Take down a request's pictures with all that came from them, and leave nothing half done.

What is wanted is written first. Then request by request, the root before what came from it, the
bytes go and one transaction says so, as for a single deletion; so nobody begins anything new with
what is about to go. At the end it is looked once more, until nothing is left. Whoever is killed on
the way leaves the row of what was wanted, and the sweep goes on with it.

What a legal hold names is shown to nobody any more but keeps its bytes, as in a single deletion.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from core import lineage
from core.contracts.actors import Platform
from core.contracts.base import utc_now
from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.jobs import Job, Picture
from core.contracts.takedowns import Takedown
from core.errors import AppError, IllegalStep
from core.held import HeldArea
from core.storage import Store, Unit
from core.workflow import TABLE, JobState, Outcome

log = structlog.get_logger()

ENDINGS = (Outcome.CANCELLED, Outcome.TAKEN_DOWN, Outcome.REJECTED)
"""How a request ends that is to go: called back, taken down, or what is held is never shown."""

GRACE = timedelta(seconds=30)
"""Who began a take-down goes on with it; after this the sweep does."""

AT_A_TIME = 20
"""Take-downs that one sweep goes on with."""

_ROUNDS = 20
"""Looks for what is left: each but the first is for what was asked for meanwhile."""


@dataclass(slots=True)
class Carried:
    """What one call did."""

    takedown: Takedown
    platforms: set[Platform] = field(default_factory=set)
    """Where there are notices to give."""
    running: list[JobId] = field(default_factory=list)
    """What was being drawn and need not be any more."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a take-down would reach, and what it would leave."""

    jobs: tuple[JobId, ...]
    """What came from the pictures and goes with them, nearest first."""
    others: int
    """Requests of other members, which stay."""


@dataclass(frozen=True, slots=True)
class Takedowns:
    """Carries take-downs out for one process. Safe to share by threads."""

    store: Store
    held: HeldArea
    clock: Callable[[], datetime] = utc_now

    def resume(self) -> list[Carried]:
        """Go on with what nobody brought to an end; one that fails does not hold up others.

        Raises:
            Unavailable: the database is away.
        """
        with self.store.reading() as unit:
            left = unit.takedowns.unfinished(self.clock() - GRACE, limit=AT_A_TIME)
        carried = []
        for takedown_id in left:
            try:
                carried.append(self.carry_out(takedown_id))
            except AppError as error:
                if error.code == "database_away":
                    raise
                log.warning("takedown_postponed", takedown_id=takedown_id, code=error.code)
        return carried

    def carry_out(self, takedown_id: str) -> Carried:
        """Delete what a take-down names, from wherever it stands; doing it again is harmless.

        Raises:
            NotFound: `takedown_not_found`.
            Unavailable: the database or the blob store is away; what is gone is gone, and the
                sweep goes on from there.
        """
        with self.store.reading() as unit:
            carried = Carried(unit.takedowns.get(takedown_id))
        for _ in range(_ROUNDS):
            if carried.takedown.ended_at is not None:
                break
            with self.store.reading() as unit:
                left = _left(unit, carried.takedown)
            if not left:
                self._end(carried)
                break
            for job_id in left:
                self._take_down(carried, job_id)
        return carried

    def _take_down(self, carried: Carried, job_id: JobId) -> None:
        """End one request: its bytes, then its record."""
        with self.store.reading() as unit:
            job = unit.jobs.get(job_id)
            is_kept = unit.holds.keeps(job)
            pictures = [] if is_kept else _standing(unit, job_id)
        for picture in pictures:
            self.held.destroy(picture)
        takedown, now = carried.takedown, self.clock()
        try:
            with self.store.unit() as unit:
                job = unit.jobs.lock(job_id)
                outcome = _ending(job)
                # What was published since the look goes with the next one.
                is_missed = not is_kept and _standing(unit, job_id) != pictures
                if outcome is None or is_missed:
                    return
                self._record(unit, takedown, job, pictures, now)
                unit.jobs.advance(job_id, outcome, now=now, by=takedown.by)
        except IllegalStep:  # It went on in this moment; the next look sees how.
            return
        carried.platforms.add(job.address.platform)
        if job.state is JobState.RUNNING:
            carried.running.append(job_id)
        log.info("job_taken_down", job_id=job_id, takedown_id=takedown.takedown_id)

    def _record(
        self, unit: Unit, takedown: Takedown, job: Job, pictures: list[Picture], now: datetime
    ) -> None:
        for picture in pictures:
            unit.pictures.mark_deleted(picture.verify_id, now)
        unit.audit.add(
            "pictures_deleted",
            job_id=job.job_id,
            by=takedown.by,
            facts={
                "pictures": len(pictures),
                "is_own": job.actor.member_id == takedown.by,
                "root": takedown.job_id,
                "takedown": takedown.takedown_id,
            },
            now=now,
        )
        unit.takedowns.count(takedown.takedown_id, jobs=1, pictures=len(pictures))

    def _end(self, carried: Carried) -> None:
        with self.store.unit() as unit:
            carried.takedown = unit.takedowns.end(carried.takedown.takedown_id, now=self.clock())
        told = carried.takedown
        log.info("takedown_ended", takedown_id=told.takedown_id, requests=told.jobs)


def reach_of(unit: Unit, community_id: CommunityId, root: JobId, only_of: MemberId | None) -> Reach:
    """Look what would go with a request's pictures."""
    live = [
        job
        for job in _in_order(unit, lineage.came_from(unit, community_id, root))
        if _ending(job) is not None
    ]
    own = [job.job_id for job in live if _is_reached(job, only_of)]
    return Reach(tuple(own), others=len(live) - len(own))


def _left(unit: Unit, takedown: Takedown) -> list[JobId]:
    """List what is still to go, the root first."""
    below = lineage.came_from(unit, takedown.community_id, takedown.job_id)
    return [
        job.job_id
        for job in _in_order(unit, [takedown.job_id, *below])
        if _is_reached(job, takedown.only_of) and _ending(job) is not None
    ]


def _in_order(unit: Unit, job_ids: list[JobId]) -> list[Job]:
    found = unit.jobs.named(job_ids)
    return [found[job_id] for job_id in job_ids if job_id in found]


def _is_reached(job: Job, only_of: MemberId | None) -> bool:
    return only_of is None or job.actor.member_id == only_of


def _ending(job: Job) -> Outcome | None:
    """Say how a request ends; None: there is nothing of it to show or to draw."""
    return next((each for each in ENDINGS if (job.state, each) in TABLE), None)


def _standing(unit: Unit, job_id: JobId) -> list[Picture]:
    return [
        picture for picture, stands in unit.pictures.of_jobs([job_id]).get(job_id, []) if stands
    ]
