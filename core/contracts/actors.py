"""Say who asks, and where the answer goes, in words that no platform owns."""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract
from core.contracts.ids import ChannelId, CommunityId, MemberId


class Role(StrEnum):
    """What a person may do in a community; front-ends map their platform's roles to these."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Platform(StrEnum):
    """The door through which a request came and its reply leaves."""

    WEB = "web"
    CLI = "cli"
    DISCORD = "discord"
    SLACK = "slack"


class Actor(Contract):
    """A person in a community, as a front-end knows them at this moment."""

    community_id: CommunityId
    member_id: MemberId = Field(description="Platform-scoped, for example `web:4fz…`.")
    display_name: str = Field(max_length=80)
    role: Role = Role.MEMBER

    @property
    def is_moderator(self) -> bool:
        """Tell whether this person may act on other people's jobs."""
        return self.role in {Role.MODERATOR, Role.ADMIN}


class ReplyAddress(Contract):
    """Where a job's replies go: enough for its front-end to find the place after a restart."""

    platform: Platform
    channel_id: ChannelId
    thread: str | None = Field(default=None, description="A platform's thread or message id.")
    token: str | None = Field(default=None, description="A platform's short-lived reply token.")
    is_age_restricted: bool = False
