"""Keep the local chat: messages that are edited in place, and a count of changes per channel.

Each change takes the channel's next revision while it holds the counter's row, so revisions become
visible in their order and a page that has seen revision n never misses a smaller one.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from core.contracts.chat import ChatMessage
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.storage.models import ChatChannelRow, ChatMessageRow
from core.storage.statements import ready_insert, run, table_of

_REVISIONS = table_of(ChatChannelRow).c
_COUNT_ON = ready_insert(
    ChatChannelRow,
    lambda insert: (
        insert.values(revision=1)
        .on_conflict_do_update(
            index_elements=["channel_id"], set_={"revision": _REVISIONS.revision + 1}
        )
        .returning(_REVISIONS.revision)
    ),
)
_REVISION = select(_REVISIONS.revision).where(_REVISIONS.channel_id == bindparam("channel_id"))
_MESSAGE = (
    select(ChatMessageRow)
    .where(ChatMessageRow.key == bindparam("key"))
    .execution_options(populate_existing=True)
)


class Chat:
    """The chat of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[str, ChatMessageRow | None] = {}
        self._held: set[ChannelId] = set()
        # On SQLite a unit holds the whole file's lock, so nothing it has read can change under it.
        self._is_alone = session.get_bind().dialect.name == "sqlite"

    def put(  # noqa: PLR0913 - a message has this many parts, all of them named.
        self,
        *,
        key: str,
        community_id: CommunityId,
        channel_id: ChannelId,
        audience: MemberId | None,
        author: str,
        author_id: MemberId | None,
        kind: Literal["member", "easel"],
        body: str,
        job_id: JobId | None,
        now: datetime,
    ) -> ChatMessage:
        """Write a message, or edit the one with that key in its place; a deleted one comes back.

        Raises:
            ValueError: the key belongs to another channel's message.
        """
        revision = self._next_revision(channel_id)
        row = self._row(key)
        if row is None:
            row = ChatMessageRow(key=key, channel_id=channel_id, was_public=False, created_at=now)
            self._session.add(row)
            self._rows[key] = row
        if row.channel_id != channel_id:
            raise ValueError("a message stays in its channel")
        row.community_id = community_id
        row.audience = audience
        row.was_public = row.was_public or audience is None
        row.author, row.author_id, row.kind = author, author_id, kind
        row.body, row.job_id = body, job_id
        row.revision, row.is_deleted, row.updated_at = revision, False, now
        self._session.flush()  # A new message learns its number.
        return _to_message(row)

    def get(self, key: str) -> ChatMessage | None:
        """Find a message, deleted or not, by its key."""
        row = self._row(key)
        return None if row is None else _to_message(row)

    def delete(self, key: str, *, now: datetime) -> None:
        """Empty a message and leave a tombstone; an unknown or deleted one stays as it is."""
        row = self._row(key)
        if row is None or row.is_deleted:
            return
        row.revision = self._next_revision(ChannelId(row.channel_id))
        row.body, row.is_deleted, row.updated_at = "", True, now

    def recent(
        self, channel_id: ChannelId, *, viewer: MemberId, limit: int = 50
    ) -> list[ChatMessage]:
        """List the latest messages that a viewer may see, oldest first, without tombstones."""
        query = (
            select(ChatMessageRow)
            .where(
                ChatMessageRow.channel_id == channel_id,
                ChatMessageRow.is_deleted.is_(False),
                _is_seen_by(viewer),
            )
            .order_by(ChatMessageRow.message_no.desc())
            .limit(limit)
        )
        return [_to_message(row) for row in self._session.scalars(query)][::-1]

    def changes_after(
        self, channel_id: ChannelId, revision: int, *, viewer: MemberId, limit: int = 200
    ) -> list[ChatMessage]:
        """List what changed for a viewer since a revision, in order, with tombstones.

        A message that was public and no longer is comes as a tombstone to those who lost it.
        """
        query = (
            select(ChatMessageRow)
            .where(
                ChatMessageRow.channel_id == channel_id,
                ChatMessageRow.revision > revision,
                or_(_is_seen_by(viewer), ChatMessageRow.was_public),
            )
            .order_by(ChatMessageRow.revision)
            .limit(limit)
        )
        return [_as_seen_by(viewer, _to_message(row)) for row in self._session.scalars(query)]

    def revision(self, channel_id: ChannelId) -> int:
        """Tell the channel's latest revision; 0: nothing was ever written there."""
        return run(self._session, _REVISION, channel_id=channel_id).scalar_one_or_none() or 0

    def _next_revision(self, channel_id: ChannelId) -> int:
        if channel_id not in self._held and not self._is_alone:
            # What was read before may have changed while this unit waited for the counter; from
            # now on the channel's messages are this unit's alone.
            self._held.add(channel_id)
            self._rows.clear()
        return int(_COUNT_ON.run(self._session, channel_id=channel_id).scalar_one())

    def _row(self, key: str) -> ChatMessageRow | None:
        if key not in self._rows:
            row = self._session.scalar(_MESSAGE, {"key": key})
            if not (self._held or self._is_alone):
                return row
            self._rows[key] = row
        return self._rows[key]


def _is_seen_by(viewer: MemberId) -> ColumnElement[bool]:
    return or_(ChatMessageRow.audience.is_(None), ChatMessageRow.audience == viewer)


def _as_seen_by(viewer: MemberId, message: ChatMessage) -> ChatMessage:
    if message.audience in {None, viewer}:
        return message
    return message.model_copy(update={"is_deleted": True, "body": ""})


def _to_message(row: ChatMessageRow) -> ChatMessage:
    return ChatMessage.model_validate(row, from_attributes=True)
