"""Say whose turn is next, and where each waiting job stands: the one fair order.

Jobs that a worker had to hand back go first, then higher priority, then the member who was served
least recently (never served first), then that member's oldest job. Everybody who waits is thus
served once before anybody is served twice; `docs/architecture.md` has the bound.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.jobs import QueuePlace
from core.storage.models import JobRow
from core.storage.personal_models import TurnRow
from core.storage.statements import among, run, table_of
from core.workflow import JobState

IN_QUEUE = (JobState.SCREENING, JobState.QUEUED, JobState.RUNNING)
"""States of the jobs that stand in a model's queue, as people see it."""

ASKED_ONE_BY_ONE = 4
"""Up to this many places are counted singly; for more, one walk numbers every waiting job."""

_Key = tuple[bool, int, str, str]
"""What names a party: is_resumed, priority, community, member."""

_Asked = Row[*tuple[Any, ...]]
"""One of the jobs whose places are asked for: its ids, its party and since when it waits."""

_WAITING = (JobState.SCREENING, JobState.QUEUED)
_TAKING_TURNS = 0x45A5E1
"""The Postgres advisory lock under which jobs are taken: any number that nothing else uses."""

_SLOWER = 1.5
"""How much longer than its price a drawing may well take: with this, nine of ten pictures of the
shipped model came within the time told, on two busy cores (`make bench-fairness`)."""

_PARTY = (JobRow.is_resumed, JobRow.priority, JobRow.community_id, JobRow.member_id)
_LAST_SERVED = and_(
    TurnRow.community_id == JobRow.community_id, TurnRow.member_id == JobRow.member_id
)

_JOBS, _TURNS = table_of(JobRow).c, table_of(TurnRow).c
_KEY = (_JOBS.is_resumed, _JOBS.priority, _JOBS.community_id, _JOBS.member_id)
_IS_WAITING = (_JOBS.queue == bindparam("queue")) & among(_JOBS.state, *_WAITING)
_DRAWN_NOW = (
    select(_JOBS.job_id, _JOBS.worker_id, _JOBS.price_gpu_s)
    .where(_JOBS.queue == bindparam("queue"), among(_JOBS.state, JobState.RUNNING))
    .order_by(_JOBS.created_at, _JOBS.job_id)
)
_PARTIES = (
    select(
        *_KEY,
        _TURNS.served_at,
        func.count().label("job_count"),
        func.sum(_JOBS.price_gpu_s).label("price_gpu_s"),
        func.count(_JOBS.price_gpu_s).label("priced"),
        func.min(_JOBS.created_at).label("first_at"),
    )
    .select_from(
        table_of(JobRow).outerjoin(
            table_of(TurnRow),
            and_(_TURNS.community_id == _JOBS.community_id, _TURNS.member_id == _JOBS.member_id),
        )
    )
    .where(_IS_WAITING)
    .group_by(*_KEY, _TURNS.served_at)
)
_ROUND = select(func.count()).where(
    _IS_WAITING,
    *(column == bindparam(column.name) for column in _KEY),
    or_(
        _JOBS.created_at < bindparam("created_at"),
        and_(_JOBS.created_at == bindparam("created_at"), _JOBS.job_id <= bindparam("job_id")),
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The job whose turn it is."""

    job_id: JobId
    community_id: CommunityId
    member_id: MemberId
    is_resumed: bool


@dataclass(frozen=True, slots=True)
class _Party:
    """One member's waiting jobs of one rank: what takes turns."""

    is_resumed: bool
    priority: int
    community_id: str
    member_id: str
    count: int
    price_gpu_s: float | None
    """Of one job on average; None: of some, it is not known."""
    first_at: datetime
    served_at: datetime | None

    @property
    def key(self) -> _Key:
        """Tell it from every other."""
        return (self.is_resumed, self.priority, self.community_id, self.member_id)

    @property
    def rank(self) -> tuple[bool, int]:
        """Sort what goes before whom, whoever asks; the larger goes first."""
        return (self.is_resumed, self.priority)

    @property
    def turn(self) -> tuple[bool, datetime, datetime, str, str]:
        """Sort those of one rank; the smaller goes first."""
        served_at = self.served_at or self.first_at
        is_served = self.served_at is not None
        return (is_served, served_at, self.first_at, self.community_id, self.member_id)


@dataclass(frozen=True, slots=True)
class _Running:
    """The jobs that are being drawn."""

    job_ids: tuple[JobId, ...]
    price_gpu_s: float | None
    worker_count: int


class Line:
    """The line of one store; several workers may serve it at once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take_turns(self) -> None:
        """Let nobody else take a job before this unit ends.

        Two that looked at once would serve the same member twice. SQLite has one writer anyway.
        """
        if self._session.get_bind().dialect.name != "sqlite":
            self._session.execute(select(func.pg_advisory_xact_lock(_TAKING_TURNS)))

    def next_of(self, queues: Collection[str], warm_model: str | None) -> Candidate | None:
        """Find the job whose turn it is; None: none is waiting.

        Args:
            queues: The queues that are served.
            warm_model: Among jobs of one member and priority, those of this model go first.
        """
        first_at = func.min(JobRow.created_at).over(partition_by=_PARTY)
        query = (
            select(JobRow.job_id, JobRow.community_id, JobRow.member_id, JobRow.is_resumed)
            .outerjoin(TurnRow, _LAST_SERVED)
            .where(JobRow.queue.in_(queues), JobRow.state == JobState.QUEUED)
            .order_by(
                JobRow.is_resumed.desc(),
                JobRow.priority.desc(),
                TurnRow.served_at.asc().nulls_first(),
                first_at,
                JobRow.community_id,
                JobRow.member_id,
                case((JobRow.model == warm_model, 0), else_=1),
                JobRow.created_at,
                JobRow.job_id,
            )
            .limit(1)
        )
        found = self._session.execute(query).first()
        if found is None:
            return None
        return Candidate(
            job_id=JobId(found.job_id),
            community_id=CommunityId(found.community_id),
            member_id=MemberId(found.member_id),
            is_resumed=found.is_resumed,
        )

    def places(self, job_ids: Collection[JobId]) -> dict[JobId, QueuePlace]:
        """Tell where each of some jobs stands; those that stand nowhere are left out."""
        by_queue: dict[str, list[_Asked]] = {}
        query = select(_JOBS.job_id, _JOBS.queue, _JOBS.created_at, *_KEY).where(
            _JOBS.job_id.in_(job_ids), among(_JOBS.state, *IN_QUEUE)
        )
        for row in run(self._session, query):
            by_queue.setdefault(row.queue, []).append(row)
        places: dict[JobId, QueuePlace] = {}
        for queue, asked in by_queue.items():
            places |= self._places_in(queue, asked)
        return places

    def _places_in(self, queue: str, asked: Sequence[_Asked]) -> dict[JobId, QueuePlace]:
        running, parties = self._running(queue), self._parties(queue)
        total = len(running.job_ids) + sum(party.count for party in parties)
        drawn = {
            job_id: QueuePlace(position=number, total=total)
            for number, job_id in enumerate(running.job_ids, 1)
        }
        by_key = {party.key: party for party in parties}
        waiting = self._rounds(queue, [each for each in asked if each.job_id not in drawn])
        found = {
            job_id: _place(by_key[key], round_no, parties, running)
            for job_id, (key, round_no) in waiting.items()
        }
        asked_ids = [JobId(each.job_id) for each in asked]
        return found | {job_id: drawn[job_id] for job_id in asked_ids if job_id in drawn}

    def _running(self, queue: str) -> _Running:
        rows = run(self._session, _DRAWN_NOW, queue=queue).all()
        prices = [price for *_, price in rows if price is not None]
        # A worker's name stands before the slash, its attempt's after it.
        workers = {(worker_id or "").partition("/")[0] for _, worker_id, _ in rows}
        return _Running(
            job_ids=tuple(JobId(job_id) for job_id, *_ in rows),
            price_gpu_s=sum(prices) if len(prices) == len(rows) else None,
            worker_count=len(workers),
        )

    def _parties(self, queue: str) -> list[_Party]:
        return [
            _Party(
                is_resumed=row.is_resumed,
                priority=row.priority,
                community_id=row.community_id,
                member_id=row.member_id,
                count=row.job_count,
                price_gpu_s=row.price_gpu_s / row.job_count
                if row.priced == row.job_count
                else None,
                first_at=row.first_at,
                served_at=row.served_at,
            )
            for row in run(self._session, _PARTIES, queue=queue)
        ]

    def _rounds(self, queue: str, asked: Sequence[_Asked]) -> dict[JobId, tuple[_Key, int]]:
        """Say for each waiting job in which of its member's turns it comes, from 1."""
        if len(asked) <= ASKED_ONE_BY_ONE:
            return {JobId(each.job_id): self._round(each) for each in asked}
        query = (
            select(*_PARTY, JobRow.job_id)
            .where(JobRow.queue == queue, JobRow.state.in_(_WAITING))
            .order_by(JobRow.created_at, JobRow.job_id)
        )
        turns: dict[_Key, int] = {}
        rounds: dict[JobId, tuple[_Key, int]] = {}
        for is_resumed, priority, community_id, member_id, job_id in self._session.execute(query):
            key = (is_resumed, priority, community_id, member_id)
            turns[key] = turns.get(key, 0) + 1
            rounds[JobId(job_id)] = (key, turns[key])
        return {JobId(each.job_id): rounds[JobId(each.job_id)] for each in asked}

    def _round(self, asked: _Asked) -> tuple[_Key, int]:
        before = run(self._session, _ROUND, **asked._mapping).scalar_one()  # noqa: SLF001 - SQLAlchemy's public name for it.
        key = (asked.is_resumed, asked.priority, asked.community_id, asked.member_id)
        return key, before or 1


def _place(own: _Party, round_no: int, parties: Sequence[_Party], running: _Running) -> QueuePlace:
    """Count who is served first, were nobody else to come."""
    before = [(party, _turns_before(party, own, round_no)) for party in parties]
    position = len(running.job_ids) + sum(turns for _, turns in before) + 1
    total = len(running.job_ids) + sum(party.count for party in parties)
    due = [(party.price_gpu_s, turns) for party, turns in before if turns]
    prices = [price * turns for price, turns in [*due, (own.price_gpu_s, 1)] if price is not None]
    is_known = len(prices) == len(due) + 1 and running.price_gpu_s is not None
    if not is_known or not running.worker_count:
        return QueuePlace(position=position, total=total)
    work_s = sum(prices) / running.worker_count
    rest_s = (running.price_gpu_s or 0.0) / running.worker_count
    return QueuePlace(
        position=position,
        total=total,
        eta_low_s=work_s,
        eta_high_s=(work_s + rest_s) * _SLOWER,
    )


def _turns_before(party: _Party, own: _Party, round_no: int) -> int:
    """Count the jobs of a party that are drawn before another one's job of a round."""
    if party.rank != own.rank:
        return party.count if party.rank > own.rank else 0
    if party.key == own.key:
        return round_no - 1
    is_first = party.turn < own.turn
    if own.is_resumed:  # What was handed back costs nobody a turn: one member's come together.
        return party.count if is_first else 0
    return min(party.count, round_no if is_first else round_no - 1)
