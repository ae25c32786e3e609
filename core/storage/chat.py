"""Keep the local chat: messages that are edited in place, and a count of changes per channel.

Each change takes the channel's next revision while it holds the counter's row, so revisions become
visible in their order and a page that has seen revision n never misses a smaller one.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Executable, Row, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from core.contracts.chat import ChatMessage
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.storage.models import ChatChannelRow, ChatMessageRow
from core.storage.statements import ready_insert, run, table_of

_REVISIONS, _TABLE = table_of(ChatChannelRow).c, table_of(ChatMessageRow)
_MESSAGES = _TABLE.c

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


def _editing(insert: Any) -> Executable:  # Either database's own kind of insert.
    """Put a message in the place of the one with its key, if that is in the same channel."""
    new = insert.excluded
    kept = {"message_no", "key", "channel_id", "created_at", "was_public"}
    changes = {column.name: new[column.name] for column in _MESSAGES if column.name not in kept}
    changes["was_public"] = or_(_MESSAGES.was_public, new.was_public)
    edited: Executable = insert.on_conflict_do_update(
        index_elements=["key"], set_=changes, where=_MESSAGES.channel_id == new.channel_id
    ).returning(*_MESSAGES)
    return edited


_PUT = ready_insert(ChatMessageRow, _editing)
_LIFT = (
    delete(_TABLE)
    .where(_MESSAGES.key == bindparam("of_key"), _MESSAGES.channel_id == bindparam("in_channel"))
    .returning(_MESSAGES.was_public)
)
_EMPTY = (
    update(_TABLE)
    .where(_MESSAGES.key == bindparam("of_key"))
    .values(
        body="",
        is_deleted=True,
        revision=bindparam("next_revision"),
        updated_at=bindparam("now"),
    )
    .returning(*_MESSAGES)
)

_IN_CHANNEL = _MESSAGES.channel_id == bindparam("channel_id")
_IS_SEEN = or_(_MESSAGES.audience.is_(None), _MESSAGES.audience == bindparam("viewer"))
_MESSAGE = select(_TABLE).where(_MESSAGES.key == bindparam("key"))
_RECENT = (
    select(_TABLE)
    .where(_IN_CHANNEL, _MESSAGES.is_deleted.is_(False), _IS_SEEN)
    .order_by(_MESSAGES.message_no.desc())
    .limit(bindparam("most"))
)
_CHANGES = (
    select(_TABLE)
    .where(
        and_(_IN_CHANNEL, _MESSAGES.revision > bindparam("after")),
        or_(_IS_SEEN, _MESSAGES.was_public),
    )
    .order_by(_MESSAGES.revision)
    .limit(bindparam("most"))
)


class Chat:
    """The chat of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, ChatMessage | None] = {}
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
        is_news: bool = False,
    ) -> ChatMessage:
        """Write a message, or edit the one with that key in its place; a deleted one comes back.

        As news it comes last, wherever it stood: pages begin with the latest messages.

        Raises:
            ValueError: the key belongs to another channel's message.
        """
        revision = self._next_revision(channel_id)
        was_public = is_news and self._lift(key, channel_id)
        row = _PUT.run(
            self._session,
            key=key,
            revision=revision,
            community_id=community_id,
            channel_id=channel_id,
            audience=audience,
            was_public=was_public or audience is None,
            author=author,
            author_id=author_id,
            kind=kind,
            body=body,
            job_id=job_id,
            is_deleted=False,
            created_at=now,
            updated_at=now,
        ).one_or_none()
        if row is None:
            raise ValueError("a message stays in its channel")
        self._known[key] = message = _to_message(row)
        return message

    def get(self, key: str) -> ChatMessage | None:
        """Find a message, deleted or not, by its key."""
        if key in self._known:
            return self._known[key]
        row = run(self._session, _MESSAGE, key=key).one_or_none()
        message = None if row is None else _to_message(row)
        if self._held or self._is_alone:
            self._known[key] = message
        return message

    def delete(self, key: str, *, now: datetime) -> None:
        """Empty a message and leave a tombstone; an unknown or deleted one stays as it is."""
        message = self.get(key)
        if message is None or message.is_deleted:
            return
        revision = self._next_revision(message.channel_id)
        row = run(self._session, _EMPTY, of_key=key, next_revision=revision, now=now).one()
        self._known[key] = _to_message(row)

    def _lift(self, key: str, channel_id: ChannelId) -> bool:
        """Take a message out, to be written anew at the end; tell whether others ever saw it."""
        found = run(self._session, _LIFT, of_key=key, in_channel=channel_id)
        return bool(found.scalar_one_or_none())

    def recent(
        self, channel_id: ChannelId, *, viewer: MemberId, limit: int = 50
    ) -> list[ChatMessage]:
        """List the latest messages that a viewer may see, oldest first, without tombstones."""
        found = run(self._session, _RECENT, channel_id=channel_id, viewer=viewer, most=limit)
        return [_to_message(row) for row in found][::-1]

    def changes_after(
        self, channel_id: ChannelId, revision: int, *, viewer: MemberId, limit: int = 200
    ) -> list[ChatMessage]:
        """List what changed for a viewer since a revision, in order, with tombstones.

        A message that was public and no longer is comes as a tombstone to those who lost it.
        """
        values: dict[str, object] = {"channel_id": channel_id, "viewer": viewer}
        found = run(self._session, _CHANGES, **values, after=revision, most=limit)
        return [_as_seen_by(viewer, _to_message(row)) for row in found]

    def revision(self, channel_id: ChannelId) -> int:
        """Tell the channel's latest revision; 0: nothing was ever written there."""
        return run(self._session, _REVISION, channel_id=channel_id).scalar_one_or_none() or 0

    def _next_revision(self, channel_id: ChannelId) -> int:
        if channel_id not in self._held and not self._is_alone:
            # What was read before may have changed while this unit waited for the counter; from
            # now on the channel's messages are this unit's alone.
            self._held.add(channel_id)
            self._known.clear()
        return int(_COUNT_ON.run(self._session, channel_id=channel_id).scalar_one())


def _as_seen_by(viewer: MemberId, message: ChatMessage) -> ChatMessage:
    if message.audience in {None, viewer}:
        return message
    return message.model_copy(update={"is_deleted": True, "body": ""})


def _to_message(row: Row[*tuple[Any, ...]]) -> ChatMessage:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it.
    del fields["was_public"]
    return ChatMessage(**fields)
