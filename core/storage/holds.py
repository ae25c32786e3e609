"""Keep the legal holds: what must not be deleted, whoever asks and whatever a policy says.

What a hold names is told row by row by `on_hold` of `core.storage.forgetting`.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.jobs import Job
from core.contracts.sanctions import LegalHold
from core.errors import NotFound
from core.storage.models import JobRow
from core.storage.review_models import LegalHoldRow


class Holds:
    """The legal holds of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        community_id: CommunityId,
        *,
        member_id: MemberId | None = None,
        job_id: JobId | None = None,
        reason: str,
        by: MemberId,
        now: datetime,
    ) -> LegalHold:
        """Keep from now on everything of a member, or one request."""
        row = LegalHoldRow(
            community_id=community_id,
            member_id=member_id,
            job_id=job_id,
            reason=reason,
            by=by,
            at=now,
            lifted_at=None,
        )
        self._session.add(row)
        self._session.flush()
        return _to_hold(row)

    def listed(self, community_id: CommunityId, *, is_all: bool = False) -> list[LegalHold]:
        """List a community's holds in force, oldest first; all: lifted ones too."""
        query = select(LegalHoldRow).where(LegalHoldRow.community_id == community_id)
        if not is_all:
            query = query.where(LegalHoldRow.lifted_at.is_(None))
        return [
            _to_hold(row) for row in self._session.scalars(query.order_by(LegalHoldRow.hold_no))
        ]

    def lift(self, community_id: CommunityId, hold_no: int, now: datetime) -> LegalHold:
        """End a hold; the first time stands.

        Raises:
            NotFound: `hold_not_found`, also where it is another community's.
        """
        row = self._session.get(LegalHoldRow, hold_no, with_for_update=True)
        if row is None or row.community_id != community_id:
            raise NotFound("hold_not_found", value=hold_no)
        row.lifted_at = row.lifted_at or now
        self._session.flush()
        return _to_hold(row)

    def keeps(self, job: Job) -> bool:
        """Tell whether nothing of a job may be deleted."""
        named = or_(
            LegalHoldRow.job_id == job.job_id, LegalHoldRow.member_id == job.actor.member_id
        )
        query = select(LegalHoldRow.hold_no).where(
            LegalHoldRow.community_id == job.actor.community_id,
            LegalHoldRow.lifted_at.is_(None),
            named,
        )
        return self._session.scalar(query.limit(1)) is not None

    def uploads(self) -> frozenset[str]:
        """Name the pictures that held requests go on from, whosever they are."""
        query = (
            select(JobRow.spec)
            .join(LegalHoldRow, LegalHoldRow.job_id == JobRow.job_id)
            .where(
                LegalHoldRow.community_id == JobRow.community_id, LegalHoldRow.lifted_at.is_(None)
            )
        )
        specs = self._session.scalars(query).all()
        named = (spec.get(part) for spec in specs for part in ("image", "mask"))
        return frozenset(each for each in named if each)

    def names_member(self, community_id: CommunityId, member_id: MemberId) -> bool:
        """Tell whether nothing of a member may be deleted."""
        return any(each.member_id == member_id for each in self.listed(community_id))


def _to_hold(row: LegalHoldRow) -> LegalHold:
    return LegalHold.model_validate(row, from_attributes=True)
