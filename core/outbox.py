"""Hand what a commit left in the outbox to the broker: at least once, never in the transaction.

A crash between the sending and its record sends a task twice; tasks are idempotent by
(job, stage), so the second one finds nothing to do.
"""

from datetime import datetime
from typing import Protocol

from core.contracts.ids import JobId
from core.storage import Store
from core.telemetry import SENT_TASKS
from core.workflow import TaskName


class TaskSender(Protocol):
    """Put a task on a queue. `core.task_queue.TaskQueue` is one."""

    def send(self, task: TaskName, job_id: JobId, queue: str) -> None:
        """Send or raise `Unavailable`, soon."""


def flush(
    store: Store,
    queue: TaskSender,
    *,
    now: datetime,
    min_age_s: float = 0.0,
    limit: int = 100,
) -> int:
    """Send what is due, oldest first, and record it.

    Args:
        store: Whose outbox.
        queue: Where the tasks go.
        now: What is recorded as the time of sending.
        min_age_s: Leave younger ones to the process that has just written them.
        limit: How many at most; as many sent means that more may be due.

    Returns:
        How many were sent.

    Raises:
        Unavailable: the broker or the database is away; what was sent before is recorded.
    """
    with store.reading() as unit:
        due = unit.outbox.due(now=now, min_age_s=min_age_s, limit=limit)
    sent: list[int] = []
    try:
        for task in due:
            queue.send(task.task, task.job_id, task.queue)
            sent.append(task.outbox_id)
            SENT_TASKS.labels(task=task.task.value).inc()
    finally:
        _record(store, sent, now)
    return len(sent)


def _record(store: Store, outbox_ids: list[int], now: datetime) -> None:
    if outbox_ids:
        with store.unit() as unit:
            unit.outbox.mark_sent(outbox_ids, now=now)
