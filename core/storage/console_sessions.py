"""Keep who is signed in to the console: by the hash of a token that is kept nowhere."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from core.contracts.console import ConsoleSession
from core.contracts.ids import CommunityId, MemberId
from core.storage.review_models import ConsoleSessionRow
from core.storage.statements import insert_into

_KEPT = timedelta(days=7)
"""How long a session that is over is kept: longer than any proof of sign-in is good for, so that
no proof is good for a second one."""


class ConsoleSessions:
    """The console's sessions of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, session: ConsoleSession, *, token_sha256: str, proof_id: str) -> bool:
        """Begin a session; False: its proof of sign-in was used before, and nothing was changed."""
        over = ConsoleSessionRow.expires_at < session.created_at - _KEPT
        self._session.execute(delete(ConsoleSessionRow).where(over))
        statement = (
            insert_into(self._session, ConsoleSessionRow)
            .values(**session.model_dump(), token_sha256=token_sha256, proof_id=proof_id)
            .on_conflict_do_nothing(index_elements=["proof_id"])
            .returning(ConsoleSessionRow.session_id)
        )
        return self._session.execute(statement).first() is not None

    def find(
        self, community_id: CommunityId, token_sha256: str, *, idle: timedelta, now: datetime
    ) -> ConsoleSession | None:
        """Find the live session of a token; None: there is none, or it is another community's."""
        query = select(ConsoleSessionRow).where(
            ConsoleSessionRow.token_sha256 == token_sha256,
            ConsoleSessionRow.community_id == community_id,
            *_is_live(idle, now),
        )
        row = self._session.scalars(query).one_or_none()
        return None if row is None else _session_of(row)

    def touch(self, session_id: str, *, now: datetime) -> None:
        """Write down that somebody is there; a session that is over stays over."""
        self._session.execute(
            update(ConsoleSessionRow)
            .where(ConsoleSessionRow.session_id == session_id, ConsoleSessionRow.ended_at.is_(None))
            .values(seen_at=now)
        )

    def of_member(
        self, community_id: CommunityId, member_id: MemberId, *, idle: timedelta, now: datetime
    ) -> list[ConsoleSession]:
        """List a person's live sessions, the newest first."""
        query = (
            select(ConsoleSessionRow)
            .where(*_of(community_id, member_id), *_is_live(idle, now))
            .order_by(ConsoleSessionRow.created_at.desc(), ConsoleSessionRow.session_id)
        )
        return [_session_of(row) for row in self._session.scalars(query)]

    def end(
        self, community_id: CommunityId, member_id: MemberId, session_id: str, *, now: datetime
    ) -> bool:
        """End one of a person's sessions; False: they have no such session any more."""
        return self._end(
            *_of(community_id, member_id), ConsoleSessionRow.session_id == session_id, now=now
        )

    def end_all(
        self, community_id: CommunityId, member_id: MemberId, *, but: str = "", now: datetime
    ) -> bool:
        """End all of a person's sessions, but one if it is named; False: there was none."""
        return self._end(
            *_of(community_id, member_id), ConsoleSessionRow.session_id != but, now=now
        )

    def _end(self, *which: ColumnElement[bool], now: datetime) -> bool:
        statement = (
            update(ConsoleSessionRow)
            .where(*which, ConsoleSessionRow.ended_at.is_(None))
            .values(ended_at=now)
            .returning(ConsoleSessionRow.session_id)
            .execution_options(synchronize_session=False)
        )
        return bool(self._session.execute(statement).all())


def _of(community_id: CommunityId, member_id: MemberId) -> tuple[ColumnElement[bool], ...]:
    return (
        ConsoleSessionRow.community_id == community_id,
        ConsoleSessionRow.member_id == member_id,
    )


def _is_live(idle: timedelta, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        ConsoleSessionRow.ended_at.is_(None),
        ConsoleSessionRow.expires_at > now,
        ConsoleSessionRow.seen_at > now - idle,
    )


def _session_of(row: ConsoleSessionRow) -> ConsoleSession:
    fields = {name: getattr(row, name) for name in ConsoleSession.model_fields}
    return ConsoleSession.model_validate(fields)
