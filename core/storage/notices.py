"""Hand notices to the front-end that tells them: each once, and a job's own in their order.

A notice for one member alone waits for none of the job's own, nor the other way round.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from core.contracts.actors import Platform, ReplyAddress
from core.contracts.ids import JobId, MemberId, NoticeId
from core.contracts.jobs import Notice
from core.storage.models import NoticeRow
from core.workflow import NoticeKind


class Notices:
    """The notices of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        kind: NoticeKind,
        job_id: JobId,
        address: ReplyAddress,
        *,
        now: datetime,
        member_id: MemberId | None = None,
    ) -> None:
        """Give people something to know about a job, or one member alone."""
        row = NoticeRow(
            job_id=job_id,
            member_id=member_id,
            kind=kind,
            platform=address.platform,
            address=address.model_dump(mode="json"),
            attempts=0,
            due_at=now,
            created_at=now,
        )
        self._session.add(row)

    def claim(
        self,
        platform: Platform,
        owner: str,
        *,
        now: datetime,
        lease_s: float,
        limit: int = 20,
        job_id: JobId | None = None,
    ) -> list[Notice]:
        """Take notices that are due, oldest first, so that nobody else does for `lease_s`.

        A job's later notice stays back until its earlier ones are acknowledged.
        """
        query = _claimable(platform, now)
        if job_id is not None:
            query = query.where(NoticeRow.job_id == job_id)
        # Postgres: rows that another claimer is taking are passed over, not waited for. SQLite
        # ignores the clause and has the write lock instead.
        query = query.limit(limit).with_for_update(skip_locked=True, of=NoticeRow)
        rows = self._session.scalars(query).all()
        for row in rows:
            row.owner = owner
            row.due_at = now + timedelta(seconds=lease_s)
            row.attempts += 1
        return [_to_notice(row) for row in rows]

    def ack(self, notice_id: NoticeId, owner: str, *, now: datetime) -> bool:
        """Record that a notice was told; False: the claim had gone to somebody else."""
        row = self._claimed(notice_id, owner)
        if row is None:
            return False
        row.acked_at = now
        return True

    def release(self, notice_id: NoticeId, owner: str, *, retry_at: datetime) -> None:
        """Give a claim back, to be taken again at a later time; a lost claim stays as it is."""
        row = self._claimed(notice_id, owner)
        if row is not None:
            row.owner = None
            row.due_at = retry_at

    def drop(self, job_id: JobId, platform: Platform, *, now: datetime) -> int:
        """Settle a job's notices on a platform where nobody is left to tell; say how many."""
        query = (
            select(NoticeRow)
            .where(
                NoticeRow.job_id == job_id,
                NoticeRow.platform == platform,
                NoticeRow.acked_at.is_(None),
            )
            .with_for_update()
        )
        rows = self._session.scalars(query).all()
        for row in rows:
            row.acked_at = now
        return len(rows)

    def pending(self, platform: Platform) -> int:
        """Count the notices that a platform has yet to tell."""
        query = select(func.count()).where(
            NoticeRow.platform == platform, NoticeRow.acked_at.is_(None)
        )
        return self._session.scalar(query) or 0

    def _claimed(self, notice_id: NoticeId, owner: str) -> NoticeRow | None:
        query = (
            select(NoticeRow)
            .where(
                NoticeRow.notice_no == int(notice_id),
                NoticeRow.owner == owner,
                NoticeRow.acked_at.is_(None),
            )
            .with_for_update()
        )
        return self._session.scalar(query)


def _claimable(platform: Platform, now: datetime) -> Select[NoticeRow]:
    earlier = aliased(NoticeRow)
    has_earlier = exists().where(
        earlier.job_id == NoticeRow.job_id,
        earlier.member_id.is_not_distinct_from(NoticeRow.member_id),
        earlier.notice_no < NoticeRow.notice_no,
        earlier.acked_at.is_(None),
    )
    return (
        select(NoticeRow)
        .where(
            NoticeRow.platform == platform,
            NoticeRow.acked_at.is_(None),
            NoticeRow.due_at <= now,
            ~has_earlier,
        )
        .order_by(NoticeRow.notice_no)
    )


def _to_notice(row: NoticeRow) -> Notice:
    return Notice(
        notice_id=NoticeId(str(row.notice_no)),
        job_id=JobId(row.job_id),
        member_id=None if row.member_id is None else MemberId(row.member_id),
        kind=row.kind,
        address=ReplyAddress.model_validate(row.address),
        attempts=row.attempts,
        created_at=row.created_at,
    )
