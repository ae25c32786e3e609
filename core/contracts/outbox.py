"""Describe a task that is to be sent: written with the state it follows from, sent afterwards."""

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import JobId
from core.workflow import TaskName

SCREENING_QUEUE = "screening"
"""The one queue of prompt screening; generation queues belong to models."""


class OutboxTask(Contract):
    """One task that waits in the outbox for the broker."""

    outbox_id: int
    task: TaskName
    job_id: JobId
    queue: str
    created_at: Moment
    attempts: int = Field(
        default=0, ge=0, description="How often this task was sent for this job before."
    )
