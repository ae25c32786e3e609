"""Describe what a member's conduct led to: warnings, strikes, cool-downs and bans."""

from enum import StrEnum
from typing import NewType

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, JobId, MemberId

SanctionId = NewType("SanctionId", str)


class SanctionKind(StrEnum):
    """What it does, mildest first."""

    WARNING = "warning"
    """The member is told."""
    STRIKE = "strike"
    """It counts towards the ladder."""
    COOL_DOWN = "cool_down"
    """No requests until it expires."""
    BAN = "ban"
    """No requests until it expires or is lifted."""


BARRING = frozenset({SanctionKind.COOL_DOWN, SanctionKind.BAN})


class Sanction(Contract):
    """One sanction, whoever or whatever gave it."""

    sanction_id: SanctionId
    community_id: CommunityId
    member_id: MemberId
    kind: SanctionKind
    weight: float = Field(default=0, ge=0, description="What a strike adds to the ladder.")
    category: str | None = None
    reason: str = Field(description="Told to the member, in a sentence.")
    job_id: JobId | None = Field(default=None, description="What it was given for.")
    by: MemberId = Field(description="`system` where the ladder gave it.")
    by_name: str
    at: Moment
    expires_at: Moment | None = Field(default=None, description="None: until it is lifted.")
    lift_asked_by: MemberId | None = Field(
        default=None, description="Who asked to lift a ban; a second person does."
    )
    lifted_at: Moment | None = None
    lifted_by: MemberId | None = None

    @property
    def is_automatic(self) -> bool:
        """Tell whether the ladder gave it."""
        return self.by == "system"

    def is_live(self, now: Moment) -> bool:
        """Tell whether it counts at this moment."""
        if self.lifted_at is not None:
            return False
        return self.expires_at is None or self.expires_at > now


class LegalHold(Contract):
    """What must be kept although its time is over or its author asks to delete it."""

    hold_no: int
    community_id: CommunityId
    member_id: MemberId | None = Field(description="Everything of this member, …")
    job_id: JobId | None = Field(description="… or this one request.")
    reason: str
    by: MemberId
    at: Moment
    lifted_at: Moment | None = None
