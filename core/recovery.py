"""Bring back what a killed process left behind: the beat's work, every few seconds.

Four kinds of loss, each told from the database alone or with one look at the broker:
tasks never handed over, workers gone silent, messages that the broker lost, and reviews that
nobody decided in time. Several sweepers at once do no harm: every step is guarded by the
workflow table, and a task sent twice runs once.

The messages of `worker.generate` are tickets: any of them starts whichever job's turn it is. So
they are counted, and not held against the jobs that they name.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.contracts.outbox import SCREENING_QUEUE
from core.contracts.reviews import UNDECIDED
from core.errors import IllegalStep, Unavailable
from core.outbox import TaskSender, flush
from core.settings import CoreSettings
from core.storage import Store, Unit
from core.telemetry import JOBS, LATE_TASKS, RECOVERED_JOBS
from core.workflow import JobState, Outcome, TaskName

log = structlog.get_logger()

OUTBOX_GRACE_S = 3.0
"""A front-end hands its own tasks over; the sweeper takes those that it should have by now:
one send is bounded to two seconds."""

LOST_AFTER_VISIBILITIES = 2
"""A message comes back within one visibility timeout and a look or two; past two it is missed."""


class Broker(TaskSender, Protocol):
    """Send tasks, and say which jobs the broker holds. `core.task_queue.TaskQueue` is one."""

    def held_jobs(self, queue: str) -> frozenset[JobId]:
        """Name the jobs with a task on this queue, waiting or taken."""

    def tickets(self, queue: str) -> int:
        """Count the tasks on this queue, waiting or taken."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep brought back."""

    sent: int = 0
    """Tasks handed to the broker."""
    lost_workers: tuple[JobId, ...] = ()
    """Jobs whose worker went silent: queued again, or failed at the last attempt."""
    lost_messages: tuple[JobId, ...] = ()
    """Jobs whose task the broker no longer had."""
    expired_reviews: tuple[JobId, ...] = ()
    """Jobs that nobody reviewed in time."""
    platforms: frozenset[Platform] = field(default_factory=frozenset)
    """Whose delivery loops have a notice to give; wake them."""
    is_broker_away: bool = False
    """The database's part was done; the broker's waits for the next sweep."""


def sweep(
    store: Store,
    queue: Broker,
    *,
    now: datetime,
    settings: CoreSettings,
) -> SweepReport:
    """Bring back everything that is lost as of now.

    Raises:
        Unavailable: the database is away.
    """
    platforms: set[Platform] = set()
    lost_workers = _give_up_silent_workers(store, now, platforms)
    expired_reviews = _expire_reviews(store, now, platforms)
    lost_messages: tuple[JobId, ...] = ()
    sent = 0
    is_broker_away = False
    try:
        lost_messages = _ask_again(store, queue, now, settings)
        # What this sweep itself wrote has no other process to hand it over.
        min_age_s = 0.0 if lost_workers or lost_messages else OUTBOX_GRACE_S
        sent = flush(store, queue, now=now, min_age_s=min_age_s)
    except Unavailable as error:
        if error.code != "broker_away":
            raise
        is_broker_away = True
    report = SweepReport(
        sent=sent,
        lost_workers=lost_workers,
        lost_messages=lost_messages,
        expired_reviews=expired_reviews,
        platforms=frozenset(platforms),
        is_broker_away=is_broker_away,
    )
    _tell(store, report)
    return report


def _give_up_silent_workers(
    store: Store, now: datetime, platforms: set[Platform]
) -> tuple[JobId, ...]:
    with store.unit() as unit:
        silent = unit.jobs.with_expired_lease(now)
        return _advance_all(unit, silent, Outcome.WORKER_LOST, now, platforms)


def _expire_reviews(store: Store, now: datetime, platforms: set[Platform]) -> tuple[JobId, ...]:
    """End what nobody decided in time; each in a unit of its own, the job locked first."""
    with store.reading() as unit:
        lapsing = unit.reviews.lapsing(now)
    expired: list[JobId] = []
    for found in lapsing:
        with store.unit() as unit:
            unit.jobs.lock(found.job_id)
            item = unit.reviews.locked(found.item_id)
            if item.state not in UNDECIDED:  # Somebody has decided it at the last moment.
                continue
            facts = {"item": item.item_id, "kind": item.kind.value}
            done = _advance_all(unit, [item.job_id], Outcome.TIMED_OUT, now, platforms)
            for job_id in done:
                unit.audit.add("review_lapsed", job_id=job_id, by="sweep", facts=facts, now=now)
            expired += done
    return tuple(expired)


def _advance_all(
    unit: Unit,
    job_ids: list[JobId],
    outcome: Outcome,
    now: datetime,
    platforms: set[Platform],
) -> tuple[JobId, ...]:
    advanced = []
    for job_id in job_ids:
        try:
            job = unit.jobs.advance(job_id, outcome, now=now, by="sweep")
        except IllegalStep:
            continue  # Another sweeper, a moderator or the worker itself was quicker.
        advanced.append(job_id)
        platforms.add(job.address.platform)
    return tuple(advanced)


@dataclass(frozen=True, slots=True)
class _Missed:
    """One task that should have run by now."""

    task: TaskName
    job_id: JobId
    queue: str


def _ask_again(
    store: Store, queue: Broker, now: datetime, settings: CoreSettings
) -> tuple[JobId, ...]:
    """Write tasks anew whose message the broker lost, for example with its data folder."""
    before = now - timedelta(seconds=LOST_AFTER_VISIBILITIES * settings.visibility_timeout_s)
    with store.reading() as unit:
        unscreened, undrawn = _unscreened(unit, before), _undrawn(unit, before)
    lost: list[_Missed] = []
    if unscreened:
        held = queue.held_jobs(SCREENING_QUEUE)
        lost += [task for task in unscreened if task.job_id not in held]
    for name, stalled in undrawn.items():
        # Asked before the database is: a job that is taken in between is then missed by neither.
        tickets = queue.tickets(name)
        with store.reading() as unit:
            missing = unit.jobs.tickets_needed(name) - tickets
        lost += stalled[: max(0, missing)]
    if lost:
        with store.unit() as unit:
            for task in lost:
                unit.outbox.add(task.task, task.job_id, task.queue, now=now)
    return tuple(task.job_id for task in lost)


def _unscreened(unit: Unit, before: datetime) -> list[_Missed]:
    stalled = unit.jobs.stalled(JobState.SCREENING, before)
    return [
        _Missed(TaskName.SCREEN_PROMPT, job_id, SCREENING_QUEUE)
        for job_id in stalled
        if _was_sent(unit, job_id, TaskName.SCREEN_PROMPT, before)
    ]


def _undrawn(unit: Unit, before: datetime) -> dict[str, list[_Missed]]:
    """List the jobs of each queue that have waited long, the longest first."""
    by_queue: dict[str, list[_Missed]] = {}
    for job_id in unit.jobs.stalled(JobState.QUEUED, before):
        if _was_sent(unit, job_id, TaskName.GENERATE, before):
            queue = unit.jobs.get(job_id).queue
            by_queue.setdefault(queue, []).append(_Missed(TaskName.GENERATE, job_id, queue))
    return by_queue


def _was_sent(unit: Unit, job_id: JobId, task: TaskName, before: datetime) -> bool:
    """Tell whether a task left long ago; one that never did is the flush's work."""
    sent_at = unit.outbox.last_sent_at(job_id, task)
    return sent_at is not None and sent_at < before


def _tell(store: Store, report: SweepReport) -> None:
    """Put the sweep into the log and the metrics; a sweep that found nothing logs nothing."""
    recovered = {
        "worker_lost": report.lost_workers,
        "message_lost": report.lost_messages,
        "review_expired": report.expired_reviews,
    }
    for reason, job_ids in recovered.items():
        RECOVERED_JOBS.labels(reason=reason).inc(len(job_ids))
        for job_id in job_ids:
            log.warning("job_recovered", job_id=job_id, reason=reason)
    LATE_TASKS.inc(report.sent)
    with store.reading() as unit:
        for state, count in unit.jobs.counts().items():
            JOBS.labels(state=state.value).set(count)
