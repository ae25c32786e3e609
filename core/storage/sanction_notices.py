"""Hand what members are to be told of their sanctions to the front-end that knows them: each once.

Beside `Notices`, because these have no job: nobody asked for them.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.contracts.actors import Platform
from core.contracts.sanctions import Sanction, SanctionNews, SanctionNotice
from core.storage.review_models import SanctionNoticeRow


class SanctionNotices:
    """The sanction notices of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, sanction: Sanction, news: SanctionNews, platform: Platform, *, due_at: datetime
    ) -> None:
        """Give a member something to know, now or at a later time."""
        row = SanctionNoticeRow(
            sanction_id=sanction.sanction_id,
            news=news,
            platform=platform,
            community_id=sanction.community_id,
            member_id=sanction.member_id,
            attempts=0,
            due_at=due_at,
            created_at=sanction.lifted_at or sanction.at,
        )
        self._session.add(row)

    def claim(
        self, platform: Platform, owner: str, *, now: datetime, lease_s: float, limit: int = 20
    ) -> list[SanctionNotice]:
        """Take what is due, oldest first, so that nobody else does for `lease_s`."""
        query = (
            select(SanctionNoticeRow)
            .where(
                SanctionNoticeRow.platform == platform,
                SanctionNoticeRow.acked_at.is_(None),
                SanctionNoticeRow.due_at <= now,
            )
            .order_by(SanctionNoticeRow.due_at, SanctionNoticeRow.notice_no)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._session.scalars(query).all()
        for row in rows:
            row.owner = owner
            row.due_at = now + timedelta(seconds=lease_s)
            row.attempts += 1
        return [SanctionNotice.model_validate(row, from_attributes=True) for row in rows]

    def is_due(self, platform: Platform, *, now: datetime) -> bool:
        """Tell, without waiting for writers, whether there is anything to take."""
        query = (
            select(SanctionNoticeRow.notice_no)
            .where(
                SanctionNoticeRow.platform == platform,
                SanctionNoticeRow.acked_at.is_(None),
                SanctionNoticeRow.due_at <= now,
            )
            .limit(1)
        )
        return self._session.scalar(query) is not None

    def ack(self, notice_no: int, owner: str, *, now: datetime) -> bool:
        """Record that a member was told; False: the claim had gone to somebody else."""
        row = self._claimed(notice_no, owner)
        if row is None:
            return False
        row.acked_at = now
        return True

    def release(self, notice_no: int, owner: str, *, retry_at: datetime) -> None:
        """Give a claim back, to be taken again at a later time; a lost claim stays as it is."""
        row = self._claimed(notice_no, owner)
        if row is not None:
            row.owner = None
            row.due_at = retry_at

    def _claimed(self, notice_no: int, owner: str) -> SanctionNoticeRow | None:
        query = (
            select(SanctionNoticeRow)
            .where(
                SanctionNoticeRow.notice_no == notice_no,
                SanctionNoticeRow.owner == owner,
                SanctionNoticeRow.acked_at.is_(None),
            )
            .with_for_update()
        )
        return self._session.scalar(query)
