"""Hold tasks between the state change that asks for them and the broker that takes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from core.contracts.ids import JobId
from core.contracts.outbox import OutboxTask
from core.storage.models import OutboxRow
from core.storage.statements import ready_insert, run, table_of
from core.workflow import TaskName

_ASK = ready_insert(
    OutboxRow,
    lambda insert: insert.on_conflict_do_nothing(
        index_elements=["job_id", "task"], index_where=table_of(OutboxRow).c.sent_at.is_(None)
    ),
)
_TASKS, _BEFORE = table_of(OutboxRow).c, table_of(OutboxRow).alias("before").c
_DUE = (
    select(
        table_of(OutboxRow),
        select(func.count())
        .where(
            _BEFORE.job_id == _TASKS.job_id,
            _BEFORE.task == _TASKS.task,
            _BEFORE.sent_at.is_not(None),
        )
        .scalar_subquery()
        .label("sent_before"),
    )
    .where(_TASKS.sent_at.is_(None), _TASKS.created_at <= bindparam("asked_by"))
    .order_by(_TASKS.outbox_id)
    .limit(bindparam("most"))
)


class Outbox:
    """The outbox of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, task: TaskName, job_id: JobId, queue: str, *, now: datetime) -> None:
        """Ask for a task to be sent; nothing changes while the same one still waits unsent."""
        _ASK.run(self._session, task=task, job_id=job_id, queue=queue, created_at=now)

    def due(self, *, now: datetime, min_age_s: float = 0.0, limit: int = 100) -> list[OutboxTask]:
        """List unsent tasks of at least that age, oldest first."""
        asked_by = now - timedelta(seconds=min_age_s)
        found = run(self._session, _DUE, asked_by=asked_by, most=limit)
        return [_to_task(row) for row in found]

    def mark_sent(self, outbox_ids: Sequence[int], *, now: datetime) -> None:
        """Record that the broker took these; a task marked before keeps its first time."""
        statement = (
            update(OutboxRow)
            .where(OutboxRow.outbox_id.in_(outbox_ids), OutboxRow.sent_at.is_(None))
            .values(sent_at=now)
            .execution_options(synchronize_session=False)
        )
        self._session.execute(statement)

    def last_sent_at(self, job_id: JobId, task: TaskName) -> datetime | None:
        """Tell when a job's task was sent last; None: never."""
        query = (
            select(OutboxRow.sent_at)
            .where(
                OutboxRow.job_id == job_id, OutboxRow.task == task, OutboxRow.sent_at.is_not(None)
            )
            .order_by(OutboxRow.sent_at.desc())
            .limit(1)
        )
        return self._session.scalar(query)


def _to_task(row: Row[*tuple[Any, ...]]) -> OutboxTask:
    return OutboxTask(
        outbox_id=row.outbox_id,
        task=row.task,
        job_id=JobId(row.job_id),
        queue=row.queue,
        created_at=row.created_at,
        attempts=row.sent_before,
    )
