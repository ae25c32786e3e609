"""Describe the versions of a policy: what was proposed where, by whom, and what is in force."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NewType

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import ChannelId, CommunityId, MemberId

PolicyVersionId = NewType("PolicyVersionId", str)


class Level(StrEnum):
    """Who may say something in a policy, the widest first; the narrowest that does is heard."""

    ORGANISATION = "organisation"
    COMMUNITY = "community"
    CHANNEL = "channel"


class Scope(Contract):
    """The place that a policy version is for."""

    community_id: CommunityId = Field(
        default=CommunityId(""), description="Empty: every community."
    )
    channel_id: ChannelId = Field(
        default=ChannelId(""), description="Empty: every channel of the community."
    )

    @property
    def level(self) -> Level:
        """Say how wide the place is."""
        if not self.community_id:
            return Level.ORGANISATION
        return Level.CHANNEL if self.channel_id else Level.COMMUNITY

    @property
    def chain(self) -> tuple["Scope", ...]:
        """List the places whose versions hold here, the widest first."""
        wider = (Scope(), Scope(community_id=self.community_id), self)
        return tuple(dict.fromkeys(wider))


class PolicyVersion(Contract):
    """One proposed text, never changed: a part of a policy that is laid over the wider level's."""

    version_id: PolicyVersionId
    scope: Scope
    number: int = Field(ge=0, description="Its place in its scope, from 1; 0: not kept yet.")
    sha256: str = Field(description="Of the text and its term files.")
    source: str = Field(description="The YAML as it was proposed.")
    files: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="The terms of each file that the text names, as of then."
    )
    note: str = Field(default="", description="What it is for, in its proposer's words.")
    proposed_by: MemberId
    proposer: str = Field(description="The proposer's display name.")
    based_on: PolicyVersionId | None = Field(
        default=None, description="The version that was in force when this one was proposed."
    )
    created_at: Moment


class PolicyDeed(StrEnum):
    """What can be done about a version."""

    PROPOSED = "proposed"
    TESTED = "tested"
    REPLAYED = "replayed"
    ACTIVATED = "activated"
    ROLLED_BACK = "rolled_back"
    SHADOWED = "shadowed"
    UNSHADOWED = "unshadowed"
    EXPORTED = "exported"


class PolicyEvent(Contract):
    """One thing that was done about a scope's versions."""

    event_no: int
    scope: Scope
    deed: PolicyDeed
    version_id: PolicyVersionId | None = Field(description="None: back to the wider level alone.")
    by: MemberId
    name: str = Field(description="The display name of who did it.")
    facts: Mapping[str, str | int | float | bool | None] = Field(default_factory=dict)
    at: Moment


class InForce(Contract):
    """What holds in one scope now."""

    scope: Scope
    active: PolicyVersion | None = None
    shadow: PolicyVersion | None = None
