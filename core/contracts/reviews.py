"""Describe what waits for a person: one item of the moderators' queue, and what was decided."""

from enum import StrEnum
from typing import NewType

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId, VerdictId

ReviewId = NewType("ReviewId", str)


class ReviewKind(StrEnum):
    """Why a person has to look."""

    HELD_PROMPT = "held_prompt"
    """The policy holds the words."""
    HELD_PICTURE = "held_picture"
    """The policy holds what was drawn."""
    FAILED_CHECK = "failed_check"
    """A check did not come to a verdict; words or pictures wait."""
    APPEAL = "appeal"
    """Its author asks a person to look at a refusal again."""
    REPORT = "report"
    """Members object to what was posted."""


class ReviewState(StrEnum):
    """Where an item stands."""

    OPEN = "open"
    SECOND = "second"
    """One person approved it, and another one has to agree."""
    DECIDED = "decided"
    """It can be undone until it takes effect."""
    SETTLED = "settled"
    """The decision took effect."""
    LAPSED = "lapsed"
    """Nobody decided in time."""
    WITHDRAWN = "withdrawn"
    """There is nothing left to decide: its author called it back, or deleted it."""


LIVE = frozenset({ReviewState.OPEN, ReviewState.SECOND, ReviewState.DECIDED})
"""States in which something is still to come; a job has at most one such item."""

UNDECIDED = frozenset({ReviewState.OPEN, ReviewState.SECOND})


class Ruling(StrEnum):
    """What a person can say of an item."""

    APPROVE = "approve"
    """Draw it, post it, or leave it standing."""
    REJECT = "reject"
    """Refuse it, destroy it, or take it down."""


class ReviewItem(Contract):
    """One thing that waits for a person, and what became of it."""

    item_id: ReviewId
    community_id: CommunityId
    channel_id: ChannelId
    job_id: JobId
    member_id: MemberId = Field(description="Whose request it is: they never decide it.")
    author: str = Field(description="Their display name then.")
    kind: ReviewKind
    state: ReviewState = ReviewState.OPEN
    category: str | None = Field(default=None, description="The deciding one; None: no category.")
    severity: str = Field(default="medium", description="Of the category, as the policy says it.")
    needs_two: bool = Field(default=False, description="Approving it takes a second person.")
    is_escalated: bool = Field(default=False, description="Only admins decide it.")
    reports: int = Field(default=0, ge=0, description="How many members objected.")
    text: str | None = Field(description="The prompt as typed; None: its time is over.")
    prompt_key: str = Field(default="", description="Equal for prompts that normalise alike.")
    picture_hashes: tuple[str, ...] = Field(default=(), description="PDQ, as 64 hex digits each.")
    member_note: str = Field(default="", description="What its author, or a reporter, adds.")
    policy_version: str
    verdict_id: VerdictId | None = Field(default=None, description="The verdict that holds it.")
    opened_at: Moment
    due_at: Moment = Field(description="By when a person should have looked: the queue's order.")
    lapses_at: Moment | None = Field(description="From when on nobody decides it; None: never.")
    claimed_by: MemberId | None = None
    claimed_name: str = ""
    claimed_until: Moment | None = Field(default=None, description="Then it is free by itself.")
    first_by: MemberId | None = Field(default=None, description="The first of two who approved.")
    first_name: str = ""
    ruling: Ruling | None = None
    reason_code: str = ""
    note: str = Field(default="", description="For the record; its author does not see it.")
    decided_by: MemberId | None = None
    decided_name: str = ""
    decided_at: Moment | None = None
    effective_at: Moment | None = Field(default=None, description="Until then it can be undone.")
    is_settling: bool = Field(
        default=False, description="It takes effect at this moment: too late to undo it."
    )
    is_cascading: bool = Field(
        default=False, description="Rejecting it takes down all that came from its pictures too."
    )
    closed_at: Moment | None = Field(default=None, description="Settled, lapsed or withdrawn.")
    revision: int = Field(default=1, ge=1, description="Grows with each change: cards follow it.")

    def is_claimed(self, now: Moment) -> bool:
        """Tell whether somebody holds it at this moment."""
        return self.claimed_until is not None and self.claimed_until > now

    @property
    def is_live(self) -> bool:
        """Tell whether something is still to come."""
        return self.state in LIVE


class ReviewOrder(StrEnum):
    """In which order a queue is shown."""

    URGENT = "urgent"
    NEWEST = "newest"
    OLDEST = "oldest"


class ReviewFilter(Contract):
    """Which items are asked for; nothing said means all."""

    states: frozenset[ReviewState] = UNDECIDED
    kinds: frozenset[ReviewKind] = frozenset()
    categories: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    claimed_by: MemberId | None = None
    is_free: bool = Field(default=False, description="Only what nobody holds now.")
    is_escalated: bool | None = None
    member_id: MemberId | None = Field(default=None, description="Whose requests.")
    words: str = Field(
        default="", max_length=200, description="Found in the prompt; A to Z also as a to z."
    )


class ModeratorSettings(Contract):
    """How much of what they decide on one moderator wants to see and hear."""

    always_blur: bool = Field(default=True, description="Pictures stay blurred and grey.")
    sound: bool = Field(default=False, description="New items make a sound.")
    is_paused: bool = Field(default=False, description="No new items are offered.")
