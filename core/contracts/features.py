"""Describe what is kept of a screened request so that another policy can decide it again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.contracts.base import Contract, Moment
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId, VerdictId
from core.contracts.verdicts import Decision


class Asked(StrEnum):
    """What became of the classifier's part in a decision."""

    ANSWERED = "answered"
    SPARED = "spared"
    """Rules had decided before it was asked."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Features:
    """One decided request: its normalised texts, what was found, how it was scored.

    No contract, because a replay reads a hundred thousand of them in seconds.
    """

    verdict_id: VerdictId
    job_id: JobId | None
    community_id: CommunityId
    channel_id: ChannelId
    member_id: MemberId
    is_age_restricted: bool
    decision: Decision
    category: str | None
    policy_version: str
    input_sha256: str
    texts: list[tuple[str, int, str]]
    """Each reading that rules looked at: its field, the number of its text, itself."""
    rules: list[str]
    """The ids of the rules that found something."""
    scores: list[dict[str, float]]
    """Of each text that a classifier was asked about."""
    classifier: Asked
    decided_at: datetime


class Disagreement(Contract):
    """One request that a candidate would have decided otherwise; nothing came of it."""

    community_id: CommunityId
    channel_id: ChannelId
    job_id: JobId | None
    candidate: str
    """The id of a policy version, or `rule:<id>` or `classifier:<name>@<version>` in shadow."""
    decision: Decision
    category: str | None
    would_decide: Decision
    would_name: str | None
    would_score: float | None = None
    """A classifier's own, for the category that it names, or else the policy in force."""
    rule: str
    """What decided: for the candidate, or where it lets pass, for the policy in force."""
    at: Moment


class ShadowTally(Contract):
    """How often a classifier in shadow was asked in a community, and what came of it."""

    community_id: CommunityId
    candidate: str
    asked: int
    disagreed: int
    failed: int
    since: Moment
    last_at: Moment
