"""Describe what is written down for later: the audit trail, its chain and members' reports."""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, JobId, MemberId

Fact = str | int | float | bool | None
"""A JSON scalar."""


ERASED = "~"
"""How the digest that stands in for an erased person begins; no id does."""


class AuditRow(Contract):
    """One thing that was done, by whom and when: written once, never changed."""

    audit_no: int = Field(description="Its place in the trail.")
    job_id: JobId | None
    kind: str = Field(description="What was done, as a code: `step`, `policy_changed`, …")
    by: str = Field(
        description="A member's id, a worker's id or `system`; `~` and a digest: they are erased."
    )
    facts: dict[str, Fact] = Field(description="Codes and numbers; never a prompt or a person.")
    at: Moment
    community_id: CommunityId | None = Field(default=None, description="None: it is of none.")
    about: str | None = Field(
        default=None, description="Whom it was done to, where the job does not tell."
    )
    hash: str | None = Field(
        default=None, description="Its link of the chain; None: older than the chain."
    )

    @property
    def is_erased(self) -> bool:
        """Tell whether somebody in it asked to be forgotten."""
        return self.by.startswith(ERASED) or (self.about or "").startswith(ERASED)


class Break(StrEnum):
    """What is wrong with the chain at its first wrong row."""

    ALTERED = "altered"
    """It does not follow from the row before it: it, or that one, was changed."""
    MISSING = "missing"
    """It is not there."""
    INSERTED = "inserted"
    """It was not written by Easel."""
    REORDERED = "reordered"
    """Another row belongs there, and it belongs elsewhere."""
    HEAD = "head"
    """The end of the chain, which is kept apart, is not there or is another."""
    UNCHAINED = "unchained"
    """The rows from before the chain are not as many as when it began."""


class ChainReport(Contract):
    """What a look at the whole audit trail found."""

    rows: int = Field(description="Chained rows that were read and are as they were written.")
    unchained: int = Field(description="Rows from before the chain; nothing vouches for them.")
    erased: int = Field(description="Chained rows in which somebody was erased.")
    last_no: int = Field(description="The last row that is as it was written; 0: none.")
    last_hash: str
    fault: Break | None = None
    fault_no: int | None = Field(default=None, description="The first wrong row's number.")
    is_expected_found: bool | None = Field(
        default=None, description="Whether the hash from outside is in it; None: none was named."
    )

    @property
    def is_sound(self) -> bool:
        """Tell whether everything is as it was written."""
        return self.fault is None and self.is_expected_found is not False


class Anchor(Contract):
    """The end of the chain at one moment: written down elsewhere, it is an outside witness."""

    audit_no: int
    hash: str


class Report(Contract):
    """One member's objection to a job's pictures."""

    job_id: JobId
    reporter: MemberId
    reason: str
    created_at: Moment
