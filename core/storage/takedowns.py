"""Keep the take-downs that go on to all that came from a picture, until they are through.

One is written before anything is deleted, so that a process that is killed on the way leaves a row
that says so: the sweep goes on with it. Its beginning and its end are in the audit trail.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, MemberId, new_id
from core.contracts.records import Fact
from core.contracts.takedowns import Takedown
from core.errors import NotFound
from core.storage.audit import AuditTrail
from core.storage.registry_models import TakedownRow


class Takedowns:
    """The take-downs of one store."""

    def __init__(self, session: Session, *, audit: AuditTrail) -> None:
        self._session = session
        self._audit = audit

    def begin(
        self,
        community_id: CommunityId,
        job_id: JobId,
        *,
        by: MemberId,
        only_of: MemberId | None,
        reach: int,
        now: datetime,
    ) -> Takedown:
        """Write down that a request and what came from it is to go.

        Args:
            community_id: Whose.
            job_id: The root.
            by: Who wants it.
            only_of: The member whose requests alone are reached; None: everybody's.
            reach: How many requests came from it, for the record.
            now: When.
        """
        row = TakedownRow(
            takedown_id=new_id(),
            community_id=community_id,
            job_id=job_id,
            by=by,
            only_of=only_of,
            jobs=0,
            pictures=0,
            begun_at=now,
            ended_at=None,
        )
        self._session.add(row)
        self._session.flush()
        facts: dict[str, Fact] = {
            "takedown": row.takedown_id,
            "requests": reach,
            "is_own": only_of is not None,
        }
        self._audit.add("takedown_begun", job_id=job_id, by=by, facts=facts, now=now)
        return _to_takedown(row)

    def get(self, takedown_id: str) -> Takedown:
        """Find one.

        Raises:
            NotFound: `takedown_not_found`.
        """
        return _to_takedown(self._row(takedown_id))

    def unfinished(self, begun_before: datetime, *, limit: int) -> list[str]:
        """Name those that somebody began and nobody brought to an end, oldest first."""
        query = (
            select(TakedownRow.takedown_id)
            .where(TakedownRow.ended_at.is_(None), TakedownRow.begun_at < begun_before)
            .order_by(TakedownRow.begun_at)
            .limit(limit)
        )
        return list(self._session.scalars(query))

    def count(self, takedown_id: str, *, jobs: int, pictures: int) -> None:
        """Add to what one has done, in the transaction that did it."""
        self._session.execute(
            update(TakedownRow)
            .where(TakedownRow.takedown_id == takedown_id)
            .values(jobs=TakedownRow.jobs + jobs, pictures=TakedownRow.pictures + pictures)
        )

    def end(self, takedown_id: str, *, now: datetime) -> Takedown:
        """Write down that nothing is left of it to do; the first time stands.

        Raises:
            NotFound: `takedown_not_found`.
        """
        row = self._row(takedown_id, is_locked=True)
        if row.ended_at is None:
            row.ended_at = now
            facts: dict[str, Fact] = {
                "takedown": takedown_id,
                "requests": row.jobs,
                "pictures": row.pictures,
            }
            self._audit.add(
                "takedown_ended", job_id=JobId(row.job_id), by=row.by, facts=facts, now=now
            )
        return _to_takedown(row)

    def _row(self, takedown_id: str, *, is_locked: bool = False) -> TakedownRow:
        row = self._session.get(
            TakedownRow, takedown_id, with_for_update=is_locked, populate_existing=is_locked
        )
        if row is None:
            raise NotFound("takedown_not_found", value=takedown_id)
        return row


def _to_takedown(row: TakedownRow) -> Takedown:
    return Takedown.model_validate(row, from_attributes=True)
