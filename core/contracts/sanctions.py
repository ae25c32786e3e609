"""Describe what a member's conduct led to, and what they are told of it."""

from enum import StrEnum
from typing import NewType

from pydantic import Field

from core.contracts.actors import Platform
from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, JobId, MemberId

SYSTEM = MemberId("system")
"""Who gave what nobody gave: the ladder, or a refusal."""

SanctionId = NewType("SanctionId", str)


class SanctionKind(StrEnum):
    """What it does, mildest first."""

    NOTE = "note"
    """Moderators see it; the member is told nothing."""
    WARNING = "warning"
    """The member is told."""
    STRIKE = "strike"
    """It counts towards the ladder."""
    SLOW = "slow"
    """Fewer requests may wait at a time until it expires."""
    COOL_DOWN = "cool_down"
    """No requests until it expires."""
    BAN = "ban"
    """No requests until it expires or is lifted."""


BARRING = frozenset({SanctionKind.COOL_DOWN, SanctionKind.BAN})

LIMITING = BARRING | {SanctionKind.SLOW}
"""What each request is held against; the member is told when it ends."""


class Sanction(Contract):
    """One sanction, whoever or whatever gave it."""

    sanction_id: SanctionId
    community_id: CommunityId
    member_id: MemberId
    kind: SanctionKind
    weight: float = Field(
        default=0,
        ge=0,
        description="What a strike adds to the ladder; of what the ladder gave, the step's place.",
    )
    category: str | None = None
    reason: str = Field(
        description="Told to the member, in a sentence; empty: the ladder's own, in the wording."
    )
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
    lift_reason: str = Field(default="", description="Told to the member.")

    @property
    def is_automatic(self) -> bool:
        """Tell whether the ladder gave it."""
        return self.by == SYSTEM

    @property
    def is_told(self) -> bool:
        """Tell whether its member hears of it by itself.

        Of a strike for a request they heard when that was refused; of a note nothing.
        """
        if self.kind is SanctionKind.STRIKE:
            return self.job_id is None
        return self.kind is not SanctionKind.NOTE

    def is_live(self, now: Moment) -> bool:
        """Tell whether it counts at this moment."""
        if self.lifted_at is not None:
            return False
        return self.expires_at is None or self.expires_at > now


class SanctionNews(StrEnum):
    """What a member is told of a sanction."""

    GIVEN = "given"
    ENDED = "ended"
    """Its time is over."""
    LIFTED = "lifted"
    """A person took it back, or the refusal behind it was overturned."""


class SanctionNotice(Contract):
    """Something to tell a member about a sanction; no job needs to be behind it."""

    notice_no: int
    sanction_id: SanctionId
    news: SanctionNews
    platform: Platform
    community_id: CommunityId
    member_id: MemberId
    attempts: int = 0

    @property
    def key(self) -> str:
        """Name what is posted, so that a front-end that posts it again shows it once."""
        return f"sanction:{self.sanction_id}:{self.news}"


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
