"""Describe the messages of the local chat, as its pages show them and follow their changes."""

from typing import Literal

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId


class ChatMessage(Contract):
    """One message of a channel, in its latest wording."""

    key: str = Field(description="What the writer calls it: writing the key again edits it.")
    message_no: int = Field(description="Its place in the channel: never changes.")
    revision: int = Field(description="The channel's change counter at its latest change.")
    community_id: CommunityId
    channel_id: ChannelId
    audience: MemberId | None = Field(description="Who alone may see it; None: everybody.")
    author: str
    author_id: MemberId | None
    kind: Literal["member", "easel"]
    body: str = Field(description="A member's words, or a `Reply` as JSON; empty once deleted.")
    job_id: JobId | None
    is_deleted: bool
    created_at: Moment
    updated_at: Moment
