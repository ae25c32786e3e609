"""Keep jobs, and walk them through the workflow together with all that a step entails."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.contracts.jobs import Job, QueuePlace
from core.contracts.outbox import SCREENING_QUEUE
from core.contracts.reviews import ReviewState
from core.errors import IllegalStep, NotFound
from core.storage.audit import AuditTrail
from core.storage.line import Line
from core.storage.models import JobRow, OutboxRow
from core.storage.notices import Notices
from core.storage.outbox import Outbox
from core.storage.review_rows import HELD_STATES
from core.storage.reviews import Reviews
from core.storage.statements import run, table_of
from core.storage.turns import Turns
from core.workflow import JobState, Outcome, Step, TaskName, advance

_TABLE = table_of(JobRow)
_ADD = insert(_TABLE)
_GET = select(_TABLE).where(_TABLE.c.job_id == bindparam("job_id"))
_LOCK = (
    select(JobRow)
    .where(JobRow.job_id == bindparam("job_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


_AT_ONCE = 500
"""Ids in one query: databases bound how many values a statement has."""

_ENDS = {Outcome.TIMED_OUT: ReviewState.LAPSED}
"""What becomes of the item of a job that goes on without it; else there is nothing to decide."""


class Jobs:
    """The jobs of one store."""

    def __init__(
        self,
        session: Session,
        *,
        outbox: Outbox,
        notices: Notices,
        audit: AuditTrail,
        turns: Turns,
        reviews: Reviews,
    ) -> None:
        self._session = session
        self._outbox = outbox
        self._notices = notices
        self._audit = audit
        self._turns = turns
        self._reviews = reviews
        self._line = Line(session)

    def add(self, job: Job) -> None:
        """Record a job; what else belongs to it is added after it."""
        run(self._session, _ADD, **_to_values(job))

    def begin(self, job: Job, outcome: Outcome, *, now: datetime, by: str) -> Job:
        """Record a new job and its first step at once: what `add` and `advance` take six for.

        Raises:
            IllegalStep: `illegal_step`: the table has no such row.
        """
        step = advance(job.state, outcome, attempts=job.attempts)
        begun = job.model_copy(update={"state": step.state, "updated_at": now})
        self.add(begun)
        self._note(begun, job.state, outcome, by=by, now=now)
        self._follow(begun, step, job.address, now)
        return begun

    def get(self, job_id: JobId) -> Job:
        """Find a job.

        Raises:
            NotFound: `job_not_found`.
        """
        row = run(self._session, _GET, job_id=job_id).one_or_none()
        if row is None:
            raise NotFound("job_not_found", job_id=job_id)
        return _to_job(row)

    def named(self, job_ids: Collection[JobId]) -> dict[JobId, Job]:
        """Find many jobs; those that are not there are left out."""
        ordered, found = sorted(job_ids), {}
        for start in range(0, len(ordered), _AT_ONCE):
            part = ordered[start : start + _AT_ONCE]
            rows = self._session.execute(select(_TABLE).where(_TABLE.c.job_id.in_(part)))
            found.update({JobId(row.job_id): _to_job(row) for row in rows})
        return found

    def advance(  # noqa: PLR0913 - one step of the workflow with everything that may come with it.
        self,
        job_id: JobId,
        outcome: Outcome,
        *,
        now: datetime,
        by: str = "system",
        worker_id: str | None = None,
        failure: str | None = None,
        snapshot: str | None = None,
        address: ReplyAddress | None = None,
    ) -> Job:
        """Take the workflow's step, with its audit row, its task and its notice.

        A job that goes on without its review item ends that item: who carries out a decision
        says so of the item first.

        Args:
            job_id: Whose step.
            outcome: What happened.
            now: When.
            by: Who brought it about, for the audit trail.
            worker_id: Set by a worker: the step counts only while the job's lease is its own.
            failure: An error code, kept if the job fails.
            snapshot: Where a drained worker left what it had drawn; None: nowhere new.
            address: Where the notice goes, if not to the job's own address.

        Raises:
            NotFound: `job_not_found`.
            IllegalStep: `illegal_step`: the table has no such row, so a race was lost;
                `lease_lost`: the job is another worker's by now.
        """
        row = self._locked(job_id)
        if worker_id is not None and row.worker_id != worker_id:
            raise IllegalStep("lease_lost", state=row.state.value, outcome=outcome.value)
        step = advance(row.state, outcome, attempts=row.attempts)
        was = row.state
        _take(row, step, outcome, failure, now)
        if outcome is Outcome.DRAINED and snapshot is not None:
            row.snapshot = snapshot
        job = _to_job(row)
        self._note(job, was, outcome, by=by, now=now)
        self._follow(job, step, address or job.address, now)
        if was in HELD_STATES or outcome is Outcome.TAKEN_DOWN:
            self._reviews.close_of_job(job_id, _ENDS.get(outcome, ReviewState.WITHDRAWN), now=now)
        return job

    def start(self, job_id: JobId, worker_id: str, lease_until: datetime, *, now: datetime) -> Job:
        """Take a queued job for a worker.

        Raises:
            NotFound: `job_not_found`.
            IllegalStep: `illegal_step`: it is not queued; somebody else has it or it is over.
        """
        job = self.advance(job_id, Outcome.STARTED, now=now, by=worker_id)
        row = self._session.get_one(JobRow, job_id)
        row.worker_id = worker_id
        row.lease_until = lease_until
        return job

    def take_next(
        self,
        queues: Collection[str],
        worker_id: str,
        lease_until: datetime,
        *,
        now: datetime,
        warm_model: str | None = None,
    ) -> Job | None:
        """Take the job whose turn it is for a worker; None: none is waiting.

        Args:
            queues: The queues that the worker serves.
            worker_id: Who holds the job's lease from now on.
            lease_until: Until when it holds without renewal.
            now: When.
            warm_model: The model that the worker has loaded: of one member's jobs of one
                priority, those that need no other go first.
        """
        self._line.take_turns()
        while (found := self._line.next_of(queues, warm_model)) is not None:
            try:
                job = self.start(found.job_id, worker_id, lease_until, now=now)
            except IllegalStep:  # Called back between the look and the lock.
                continue
            if not found.is_resumed:  # Its turn was counted when it was begun.
                self._turns.take(found.community_id, found.member_id, now=now)
            return job
        return None

    def renew(self, job_id: JobId, worker_id: str, lease_until: datetime) -> bool:
        """Lengthen a worker's lease; False: the job is no longer its own."""
        row = self._locked(job_id)
        if row.state is not JobState.RUNNING or row.worker_id != worker_id:
            return False
        row.lease_until = lease_until
        return True

    def lock(self, job_id: JobId) -> Job:
        """Find a job that nobody else moves before this unit ends.

        Who changes a job's review item as well takes the job first: one order for everybody.

        Raises:
            NotFound: `job_not_found`.
        """
        return _to_job(self._locked(job_id))

    def set_address(self, job_id: JobId, address: ReplyAddress) -> None:
        """Say where the job's later notices go; those already given keep theirs.

        Raises:
            NotFound: `job_not_found`.
        """
        row = self._locked(job_id)
        row.address = address.model_dump(mode="json")
        row.channel_id = address.channel_id

    def with_expired_lease(self, now: datetime, limit: int = 100) -> list[JobId]:
        """List running jobs whose worker stopped renewing, the longest silent first."""
        query = (
            select(JobRow.job_id)
            .where(JobRow.state == JobState.RUNNING, JobRow.lease_until < now)
            .order_by(JobRow.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)  # On Postgres, sweepers share them out.
        )
        return [JobId(job_id) for job_id in self._session.scalars(query)]

    def stalled(self, state: JobState, before: datetime, limit: int = 100) -> list[JobId]:
        """List jobs that have stood in a state since before a moment, oldest first."""
        query = (
            select(JobRow.job_id)
            .where(JobRow.state == state, JobRow.updated_at < before)
            .order_by(JobRow.updated_at)
            .limit(limit)
        )
        return [JobId(job_id) for job_id in self._session.scalars(query)]

    def place(self, job_id: JobId) -> QueuePlace | None:
        """Tell where a job stands among those of its queue; None: it does not stand there."""
        return self._line.places([job_id]).get(job_id)

    def places(self, job_ids: Collection[JobId]) -> dict[JobId, QueuePlace]:
        """Tell where each of some jobs stands; those that stand nowhere are left out."""
        return self._line.places(job_ids)

    def tickets_needed(self, queue: str) -> int:
        """Count the messages that a queue's broker should hold, waiting or taken.

        One for each job that waits, but for those still in the outbox, and one for each that is
        being drawn: its worker acknowledges it at the end.
        """
        is_unsent = exists().where(
            OutboxRow.job_id == JobRow.job_id,
            OutboxRow.task == TaskName.GENERATE,
            OutboxRow.sent_at.is_(None),
        )
        query = select(func.count()).where(
            JobRow.queue == queue,
            or_(
                JobRow.state == JobState.RUNNING,
                and_(JobRow.state == JobState.QUEUED, ~is_unsent),
            ),
        )
        return self._session.scalar(query) or 0

    def recent(
        self,
        community_id: CommunityId,
        *,
        channel_id: ChannelId | None = None,
        member_id: MemberId | None = None,
        states: Collection[JobState] | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Job]:
        """List a community's jobs, or one channel's or member's of it, newest first."""
        query = select(JobRow).where(JobRow.community_id == community_id)
        if channel_id is not None:
            query = query.where(JobRow.channel_id == channel_id)
        if member_id is not None:
            query = query.where(JobRow.member_id == member_id)
        if states is not None:
            query = query.where(JobRow.state.in_(states))
        query = query.order_by(JobRow.created_at.desc(), JobRow.job_id.desc())
        query = query.limit(limit).offset(offset)
        return [_to_job(row) for row in self._session.scalars(query)]

    def counts(self) -> dict[JobState, int]:
        """Count the jobs in each state, empty states too."""
        query = select(JobRow.state, func.count()).group_by(JobRow.state)
        found = dict(self._session.execute(query).all())
        return {state: found.get(state, 0) for state in JobState}

    def _locked(self, job_id: JobId) -> JobRow:
        row = self._session.scalar(_LOCK, {"job_id": job_id})
        if row is None:
            raise NotFound("job_not_found", job_id=job_id)
        return row

    def _note(self, job: Job, was: JobState, outcome: Outcome, *, by: str, now: datetime) -> None:
        facts = {"from": was.value, "to": job.state.value, "outcome": outcome.value}
        if job.failure is not None:
            facts["failure"] = job.failure
        where = job.actor.community_id
        self._audit.add("step", job_id=job.job_id, by=by, facts=facts, now=now, community_id=where)

    def _follow(self, job: Job, step: Step, address: ReplyAddress, now: datetime) -> None:
        if step.notice is not None:
            self._notices.add(step.notice, job.job_id, address, now=now)
        if step.aside is not None:
            author = job.actor.member_id
            self._notices.add(step.aside, job.job_id, address, now=now, member_id=author)
        if step.task is not None:
            queue = job.queue if step.task is TaskName.GENERATE else SCREENING_QUEUE
            self._outbox.add(step.task, job.job_id, queue, now=now)


def _take(row: JobRow, step: Step, outcome: Outcome, failure: str | None, now: datetime) -> None:
    row.state = step.state
    row.updated_at = now
    if outcome is Outcome.STARTED:
        row.attempts += 1
        row.is_resumed = False
    if outcome is Outcome.DRAINED:
        row.attempts -= 1  # An orderly end is nobody's fault.
        row.is_resumed = True
    if step.state is JobState.FAILED:
        row.failure = failure or outcome.value
    if step.state is not JobState.RUNNING:
        row.worker_id = None
        row.lease_until = None


def _to_values(job: Job) -> dict[str, object]:
    return {
        **job.model_dump(exclude={"actor", "address", "spec"}),
        **job.actor.model_dump(),
        "channel_id": job.address.channel_id,
        "address": job.address.model_dump(mode="json"),
        "spec": job.spec.model_dump(mode="json"),
    }


def _to_job(row: JobRow | Row[*tuple[Any, ...]]) -> Job:
    return Job(
        job_id=JobId(row.job_id),
        state=row.state,
        actor=Actor.model_validate(row, from_attributes=True),
        address=ReplyAddress.model_validate(row.address),
        spec=GenerationSpec.model_validate(row.spec),
        seed=row.seed,
        model=row.model,
        queue=row.queue,
        policy_version=row.policy_version,
        attempts=row.attempts,
        parent_id=None if row.parent_id is None else JobId(row.parent_id),
        action=row.action,
        failure=row.failure,
        priority=row.priority,
        is_resumed=row.is_resumed,
        snapshot=row.snapshot,
        price_gpu_s=row.price_gpu_s,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
