"""Keep which pictures a member marked."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, MemberId, VerifyId
from core.contracts.personal import Favourite
from core.storage.models import JobRow, PictureRow
from core.storage.personal_models import FavouriteRow
from core.storage.statements import insert_into
from core.workflow import JobState


class Favourites:
    """The members' favourites of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        community_id: CommunityId,
        member_id: MemberId,
        verify_id: VerifyId,
        *,
        now: datetime,
    ) -> bool:
        """Mark a picture, which must be there; False: it was marked, and keeps its time."""
        statement = (
            insert_into(self._session, FavouriteRow)
            .values(
                community_id=community_id,
                member_id=member_id,
                verify_id=verify_id,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(FavouriteRow.verify_id)
        )
        return self._session.scalar(statement) is not None

    def remove(self, community_id: CommunityId, member_id: MemberId, verify_id: VerifyId) -> bool:
        """Take a mark away; False: there was none."""
        statement = (
            delete(FavouriteRow)
            .where(
                FavouriteRow.community_id == community_id,
                FavouriteRow.member_id == member_id,
                FavouriteRow.verify_id == verify_id,
            )
            .returning(FavouriteRow.verify_id)
        )
        return self._session.scalar(statement) is not None

    def marked(
        self,
        community_id: CommunityId,
        member_id: MemberId,
        verify_ids: Collection[VerifyId],
    ) -> frozenset[VerifyId]:
        """Tell which of some pictures a member marked."""
        query = select(FavouriteRow.verify_id).where(
            FavouriteRow.community_id == community_id,
            FavouriteRow.member_id == member_id,
            FavouriteRow.verify_id.in_(verify_ids),
        )
        return frozenset(VerifyId(found) for found in self._session.scalars(query))

    def of_member(
        self,
        community_id: CommunityId,
        member_id: MemberId,
        *,
        states: Collection[JobState],
        limit: int,
        offset: int = 0,
    ) -> list[Favourite]:
        """List the marked pictures that still stand, last marked first.

        Args:
            community_id: Where.
            member_id: Whose.
            states: In which a job's pictures are shown.
            limit: How many at most.
            offset: How many to pass over.
        """
        query = (
            select(FavouriteRow.verify_id, PictureRow.job_id, FavouriteRow.created_at)
            .join(PictureRow, PictureRow.verify_id == FavouriteRow.verify_id)
            .join(JobRow, JobRow.job_id == PictureRow.job_id)
            .where(
                FavouriteRow.community_id == community_id,
                FavouriteRow.member_id == member_id,
                PictureRow.deleted_at.is_(None),
                JobRow.community_id == community_id,
                JobRow.state.in_(states),
            )
            .order_by(FavouriteRow.created_at.desc(), FavouriteRow.verify_id.desc())
            .limit(limit)
            .offset(offset)
        )
        return [
            Favourite(verify_id=VerifyId(verify_id), job_id=JobId(job_id), created_at=created_at)
            for verify_id, job_id, created_at in self._session.execute(query)
        ]
