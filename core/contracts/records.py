"""Describe what is written down for later: the audit trail and members' reports."""

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import JobId, MemberId

Fact = str | int | float | bool | None
"""A JSON scalar."""


class AuditRow(Contract):
    """One thing that was done, by whom and when: written once, never changed."""

    audit_no: int = Field(description="Its place in the trail.")
    job_id: JobId | None
    kind: str = Field(description="What was done, as a code: `step`, `policy_changed`, …")
    by: str = Field(description="A member's id, a worker's id or `system`.")
    facts: dict[str, Fact] = Field(description="Ids, codes and numbers; never a prompt.")
    at: Moment


class Report(Contract):
    """One member's objection to a job's pictures."""

    job_id: JobId
    reporter: MemberId
    reason: str
    created_at: Moment
