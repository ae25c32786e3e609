"""Keep what members' conduct led to. A sanction is never deleted or changed, only lifted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, literal_column, or_, select
from sqlalchemy.orm import Session

from core.contracts.actors import Platform
from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.sanctions import (
    LIMITING,
    SYSTEM,
    Sanction,
    SanctionId,
    SanctionKind,
    SanctionNews,
)
from core.errors import NotFound
from core.storage.review_models import SanctionRow
from core.storage.sanction_notices import SanctionNotices
from core.storage.statements import run, table_of

_TABLE = table_of(SanctionRow)
_ROWS = _TABLE.c
_ADD = insert(_TABLE)

_IS_THEIRS = (_ROWS.community_id == bindparam("community_id")) & (
    _ROWS.member_id == bindparam("member_id")
)
_IS_LIVE = _ROWS.lifted_at.is_(None) & or_(
    _ROWS.expires_at.is_(None), _ROWS.expires_at > bindparam("now")
)
# Written out, because every request asks for them: a list is spelt out each time.
_IS_LIMITING = _ROWS.kind.in_([literal_column(f"'{kind.value}'") for kind in sorted(LIMITING)])
_LIMITING = select(_TABLE).where(_IS_THEIRS, _IS_LIVE, _IS_LIMITING).order_by(_ROWS.at)
_LIVE = select(_TABLE).where(_IS_THEIRS, _IS_LIVE).order_by(_ROWS.at, _ROWS.sanction_id)

_LADDERS = 7_405_112
"""The number of the lock that the ladders share on Postgres; a community's hash goes beside it."""


class Sanctions:
    """The sanctions of one store."""

    def __init__(self, session: Session, *, notices: SanctionNotices) -> None:
        self._session = session
        self._notices = notices

    def take_turns(self, community_id: CommunityId) -> None:
        """Let nobody else climb this community's ladders before this unit ends.

        Two refusals at once would both see the weight before the other. SQLite has one writer
        anyway.
        """
        if self._session.get_bind().dialect.name != "sqlite":
            lock = func.pg_advisory_xact_lock(_LADDERS, func.hashtext(community_id))
            self._session.execute(select(lock))

    def add(self, sanction: Sanction) -> None:
        """Record a sanction; what its member is told of it is told in its time."""
        run(self._session, _ADD, **sanction.model_dump())
        if not sanction.is_told:
            return
        self._tell(sanction, SanctionNews.GIVEN, sanction.at)
        if sanction.kind in LIMITING and sanction.expires_at is not None:
            self._tell(sanction, SanctionNews.ENDED, sanction.expires_at)

    def get(self, sanction_id: SanctionId, *, community_id: CommunityId) -> Sanction:
        """Find a sanction of a community; nobody else changes it before this unit ends.

        Raises:
            NotFound: `sanction_not_found`, also where it is another community's.
        """
        return _to_sanction(self._locked(sanction_id, community_id))

    def read(self, sanction_id: SanctionId, *, community_id: CommunityId) -> Sanction:
        """Find a sanction of a community, to look at it.

        Raises:
            NotFound: `sanction_not_found`, also where it is another community's.
        """
        row = self._session.scalar(_by_id(sanction_id, community_id))
        if row is None:
            raise NotFound("sanction_not_found", value=sanction_id)
        return _to_sanction(row)

    def lift(
        self,
        sanction_id: SanctionId,
        *,
        community_id: CommunityId,
        by: MemberId,
        reason: str = "",
        now: datetime,
    ) -> Sanction:
        """Take a sanction back from now on.

        Raises:
            NotFound: `sanction_not_found`.
        """
        row = self._locked(sanction_id, community_id)
        row.lifted_at, row.lifted_by, row.lift_reason = now, by, reason
        lifted = _to_sanction(row)
        if lifted.is_told:
            self._tell(lifted, SanctionNews.LIFTED, now)
        return lifted

    def ask_lift(
        self, sanction_id: SanctionId, *, community_id: CommunityId, by: MemberId
    ) -> Sanction:
        """Record who wants a sanction to be lifted: somebody else has to agree.

        Raises:
            NotFound: `sanction_not_found`.
        """
        row = self._locked(sanction_id, community_id)
        row.lift_asked_by = by
        return _to_sanction(row)

    def limiting(
        self, community_id: CommunityId, member_id: MemberId, *, now: datetime
    ) -> list[Sanction]:
        """List what holds a member up at this moment: asked with every request."""
        values = {"community_id": community_id, "member_id": member_id, "now": now}
        return [_to_sanction(row) for row in run(self._session, _LIMITING, **values)]

    def live_of(
        self, community_id: CommunityId, member_id: MemberId, *, now: datetime
    ) -> list[Sanction]:
        """List all that counts for a member at this moment, oldest first."""
        values = {"community_id": community_id, "member_id": member_id, "now": now}
        return [_to_sanction(row) for row in run(self._session, _LIVE, **values)]

    def of_member(
        self,
        community_id: CommunityId,
        member_id: MemberId,
        *,
        job_id: JobId | None = None,
        limit: int = 1000,
    ) -> list[Sanction]:
        """List all that a member ever had, or had for one job, newest first."""
        query = (
            select(SanctionRow)
            .where(SanctionRow.community_id == community_id, SanctionRow.member_id == member_id)
            .order_by(SanctionRow.at.desc(), SanctionRow.sanction_id.desc())
            .limit(limit)
        )
        if job_id is not None:
            query = query.where(SanctionRow.job_id == job_id)
        return [_to_sanction(row) for row in self._session.scalars(query)]

    def recent(
        self,
        community_id: CommunityId,
        *,
        kinds: Collection[SanctionKind] = (),
        live_at: datetime | None = None,
        limit: int = 50,
        before: tuple[datetime, SanctionId] | None = None,
    ) -> list[Sanction]:
        """List a community's sanctions, newest first.

        Args:
            community_id: Whose.
            kinds: Only these; none: all.
            live_at: Only what counts at this moment.
            limit: How many at most.
            before: Time and id of the last one of the page before.
        """
        query = select(SanctionRow).where(SanctionRow.community_id == community_id)
        if kinds:
            query = query.where(SanctionRow.kind.in_(kinds))
        if live_at is not None:
            is_on = or_(SanctionRow.expires_at.is_(None), SanctionRow.expires_at > live_at)
            query = query.where(SanctionRow.lifted_at.is_(None), is_on)
        if before is not None:
            at, sanction_id = before
            is_same_time = (SanctionRow.at == at) & (SanctionRow.sanction_id < sanction_id)
            query = query.where(SanctionRow.at <= at, or_(SanctionRow.at < at, is_same_time))
        query = query.order_by(SanctionRow.at.desc(), SanctionRow.sanction_id.desc()).limit(limit)
        return [_to_sanction(row) for row in self._session.scalars(query)]

    def automatic_since(
        self, community_id: CommunityId, since: datetime, *, limit: int
    ) -> list[datetime]:
        """List when the ladder gave something since a moment, the latest first.

        Strikes are no such thing: they only count towards it.
        """
        query = (
            select(SanctionRow.at)
            .where(
                SanctionRow.community_id == community_id,
                SanctionRow.at > since,
                SanctionRow.by == SYSTEM,
                SanctionRow.kind != SanctionKind.STRIKE,
            )
            .order_by(SanctionRow.at.desc())
            .limit(limit)
        )
        return list(self._session.scalars(query))

    def _locked(self, sanction_id: SanctionId, community_id: CommunityId) -> SanctionRow:
        query = _by_id(sanction_id, community_id).with_for_update()
        query = query.execution_options(populate_existing=True)
        self._session.flush()
        row = self._session.scalar(query)
        if row is None:
            raise NotFound("sanction_not_found", value=sanction_id)
        return row

    def _tell(self, sanction: Sanction, news: SanctionNews, due_at: datetime) -> None:
        platform = _platform_of(sanction.member_id)
        if platform is not None:
            self._notices.add(sanction, news, platform, due_at=due_at)


def _by_id(sanction_id: SanctionId, community_id: CommunityId) -> Select[SanctionRow]:
    return select(SanctionRow).where(
        SanctionRow.sanction_id == sanction_id, SanctionRow.community_id == community_id
    )


def _platform_of(member_id: MemberId) -> Platform | None:
    """Name the front-end that knows a member; a terminal has nobody sitting there to be told."""
    prefix = member_id.partition(":")[0]
    named = next((each for each in Platform if each.value == prefix), None)
    return None if named is Platform.CLI else named


def _to_sanction(row: SanctionRow | Row[*tuple[Any, ...]]) -> Sanction:
    return Sanction.model_validate(row, from_attributes=True)
