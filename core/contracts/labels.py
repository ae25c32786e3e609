"""Describe what people taught: a decision looked at again, and what would have been right."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from core.contracts.actors import Role
from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.verdicts import Decision


class LabelSource(StrEnum):
    """How a decision came to be looked at again."""

    OVERTURNED = "overturned"
    """A moderator decided otherwise, by themselves or on an appeal."""
    UPHELD = "upheld"
    """A moderator looked, and the decision was right."""
    REPORTED = "reported"
    """A member's report was confirmed."""


class Learning(StrEnum):
    """What people may keep of a member's decided request, to learn from it."""

    NOTHING = "nothing"
    SCORES = "scores"
    """What was decided, what would have been right, and the classifier's scores."""
    WORDS = "words"
    """The normalised words as well, where the operator keeps any."""


class Label(Contract):
    """One request, what was decided, and what would have been right; one a job."""

    job_id: JobId
    community_id: CommunityId
    member_id: MemberId = Field(description="Whose request: it goes with their data.")
    source: LabelSource
    decided: Decision = Field(description="What the gate had decided.")
    right: Decision
    category: str | None = Field(description="What it breaks; None where it may be drawn.")
    role: Role = Field(description="Who says so: their role, never their name.")
    is_age_restricted: bool
    scores: Mapping[str, float] = Field(description="The highest of each category then.")
    texts: tuple[str, ...] | None = Field(
        default=None, description="Normalised; None unless operator and author agreed."
    )
    policy_version: str
    at: Moment
