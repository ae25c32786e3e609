"""Describe who is signed in to the moderators' console."""

from typing import Literal

from pydantic import Field

from core.contracts.actors import Actor, Role
from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, MemberId

Provider = Literal["link", "discord", "slack"]
"""Who vouched for a person: a one-time link, or the platform they are known on."""


class ConsoleSession(Contract):
    """One signed-in browser, without the token by which it is known again."""

    session_id: str = Field(description="Names it in lists and forms; it opens nothing.")
    community_id: CommunityId
    member_id: MemberId
    display_name: str = Field(max_length=80)
    role: Role = Field(description="What this session may do, as the store has it now.")
    provider: Provider
    browser: str = Field(max_length=80, description="“Firefox on Linux”, as the browser says.")
    created_at: Moment
    seen_at: Moment = Field(description="The last request, give or take a minute.")
    expires_at: Moment = Field(description="It ends then, however busy it is.")
    ended_at: Moment | None = None

    @property
    def actor(self) -> Actor:
        """The person, for a use case."""
        return Actor(
            community_id=self.community_id,
            member_id=self.member_id,
            display_name=self.display_name,
            role=self.role,
        )
