"""Delete what a community's policy keeps no longer; every query takes a bounded number.

A job is kept as a record of numbers: what goes are its words, wherever they were written down.
Only what is over is touched, and nothing that must be kept.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, union, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.contracts.generation import GenerationSpec
from core.contracts.ids import CommunityId, JobId
from core.contracts.jobs import Picture
from core.storage.models import ChatMessageRow, JobRow, PictureRow, VerdictRow
from core.storage.personal_models import DraftRow, RewriteRow
from core.storage.policy_models import FeaturesRow
from core.storage.review_models import LegalHoldRow, ReviewRow
from core.workflow import FINAL, JobState

_Column = InstrumentedAttribute[Any] | ColumnElement[Any]  # Of any table that has the three.


def on_hold(community_id: _Column, member_id: _Column, job_id: _Column) -> ColumnElement[bool]:
    """Tell of a row whether a legal hold keeps it, whatever a policy says.

    A hold names a request or a member. Every deletion here asks this.
    """
    is_named = or_(LegalHoldRow.job_id == job_id, LegalHoldRow.member_id == member_id)
    return exists().where(
        LegalHoldRow.community_id == community_id, LegalHoldRow.lifted_at.is_(None), is_named
    )


_OVER = FINAL | {JobState.PUBLISHED}
"""What nobody fetched in all the days that a policy names is over too."""

_JOB_IS_OVER = and_(
    JobRow.state.in_(sorted(_OVER)), ~on_hold(JobRow.community_id, JobRow.member_id, JobRow.job_id)
)

_IS_REVIEWED = exists().where(ReviewRow.job_id == JobRow.job_id, ReviewRow.closed_at.is_(None))
"""Somebody is yet to decide about it, a report for instance, and reads it for that."""


class Forgetting:
    """What the sweep deletes of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def communities(self) -> list[CommunityId]:
        """List the communities of which something is kept."""
        kept = (JobRow, FeaturesRow, ChatMessageRow)
        query = union(*(select(row.community_id).distinct() for row in kept))
        return sorted(CommunityId(each) for each in self._session.scalars(query))

    def words_before(
        self, community_id: CommunityId, before: datetime, *, now: datetime, limit: int
    ) -> int:
        """Delete the words of requests that were made before a time; say of how many.

        With them go their safe rewrites, what their pictures are called, the words that verdicts
        marked and moderators read, and requests that were never confirmed.
        """
        query = (
            select(JobRow)
            .where(
                JobRow.community_id == community_id,
                JobRow.created_at < before,
                JobRow.forgotten_at.is_(None),
                _JOB_IS_OVER,
                ~_IS_REVIEWED,
            )
            .order_by(JobRow.created_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        jobs = self._session.scalars(query).all()
        for job in jobs:
            spec = GenerationSpec.model_validate(job.spec).forgotten()
            job.spec = spec.model_dump(mode="json")
            job.forgotten_at = now
        self._session.flush()
        self._forget_words_about([JobId(job.job_id) for job in jobs])
        self._session.execute(
            delete(DraftRow).where(
                DraftRow.community_id == community_id,
                DraftRow.created_at < before,
                ~on_hold(DraftRow.community_id, DraftRow.member_id, DraftRow.parent_id),
            )
        )
        return len(jobs)

    def _forget_words_about(self, job_ids: list[JobId]) -> None:
        self._session.execute(delete(RewriteRow).where(RewriteRow.job_id.in_(job_ids)))
        self._session.execute(
            update(PictureRow)
            .where(PictureRow.job_id.in_(job_ids))
            .values(prompt="", alt_text="")
            .execution_options(synchronize_session=False)
        )
        self._session.execute(
            update(ReviewRow)
            .where(ReviewRow.job_id.in_(job_ids))
            .values(text=None, prompt_key="", member_note="")
            .execution_options(synchronize_session=False)
        )
        for verdict in self._session.scalars(
            select(VerdictRow).where(VerdictRow.job_id.in_(job_ids))
        ):
            verdict.findings = [{**each, "span": None, "also": []} for each in verdict.findings]
        self._session.flush()

    def verdicts_before(self, community_id: CommunityId, before: datetime, *, limit: int) -> int:
        """Delete verdicts from before a time; say how many went."""
        due = (
            select(VerdictRow.verdict_no)
            .outerjoin(JobRow, JobRow.job_id == VerdictRow.job_id)
            .where(
                VerdictRow.community_id == community_id,
                VerdictRow.decided_at < before,
                or_(VerdictRow.job_id.is_(None), _JOB_IS_OVER),
            )
            .order_by(VerdictRow.decided_at)
            .limit(limit)
        )
        query = delete(VerdictRow).where(VerdictRow.verdict_no.in_(due))
        return len(self._session.scalars(query.returning(VerdictRow.verdict_no)).all())

    def pictures_before(
        self, community_id: CommunityId, before: datetime, *, limit: int
    ) -> list[Picture]:
        """List pictures from before a time whose bytes were not deleted yet, oldest first."""
        query = (
            select(PictureRow)
            .join(JobRow, JobRow.job_id == PictureRow.job_id)
            .where(
                PictureRow.created_at < before,
                PictureRow.deleted_at.is_(None),
                JobRow.community_id == community_id,
                _JOB_IS_OVER,
            )
            .order_by(PictureRow.created_at)
            .limit(limit)
        )
        return _pictures(self._session, query)

    def pictures_decided_against(self, before: datetime, *, limit: int) -> list[Picture]:
        """List pictures that lie there although nobody is to see them, of any community.

        Args:
            before: When they must have been decided about: a decision may be undone.
            limit: How many at most.
        """
        query = (
            select(PictureRow)
            .join(JobRow, JobRow.job_id == PictureRow.job_id)
            .where(
                JobRow.state == JobState.WITHHELD,
                JobRow.updated_at < before,
                PictureRow.deleted_at.is_(None),
                _JOB_IS_OVER,
            )
            .order_by(JobRow.updated_at)
            .limit(limit)
        )
        return _pictures(self._session, query)

    def pictures_undecided(
        self, community_id: CommunityId, before: datetime, *, limit: int
    ) -> list[Picture]:
        """List held pictures that nobody decided about before their review lapsed.

        Args:
            community_id: Whose.
            before: When it must have lapsed.
            limit: How many at most.
        """
        query = (
            select(PictureRow)
            .join(JobRow, JobRow.job_id == PictureRow.job_id)
            .where(
                JobRow.state == JobState.EXPIRED,
                JobRow.updated_at < before,
                JobRow.community_id == community_id,
                PictureRow.deleted_at.is_(None),
                _JOB_IS_OVER,
            )
            .order_by(JobRow.updated_at)
            .limit(limit)
        )
        return _pictures(self._session, query)

    def chat_before(self, community_id: CommunityId, before: datetime, *, limit: int) -> list[str]:
        """List the keys of chat messages from before a time that still say something."""
        query = (
            select(ChatMessageRow.key)
            .outerjoin(JobRow, JobRow.job_id == ChatMessageRow.job_id)
            .where(
                ChatMessageRow.community_id == community_id,
                ChatMessageRow.created_at < before,
                ChatMessageRow.is_deleted.is_(False),
                or_(ChatMessageRow.job_id.is_(None), _JOB_IS_OVER),
                ~on_hold(
                    ChatMessageRow.community_id, ChatMessageRow.author_id, ChatMessageRow.job_id
                ),
            )
            .order_by(ChatMessageRow.created_at)
            .limit(limit)
        )
        return list(self._session.scalars(query))

    def tombstones_before(
        self, community_id: CommunityId, before: datetime, emptied_before: datetime, *, limit: int
    ) -> int:
        """Delete emptied messages that every open page has long heard of; say how many went."""
        due = (
            select(ChatMessageRow.message_no)
            .where(
                ChatMessageRow.community_id == community_id,
                ChatMessageRow.created_at < before,
                ChatMessageRow.is_deleted.is_(True),
                ChatMessageRow.updated_at < emptied_before,
            )
            .limit(limit)
        )
        query = delete(ChatMessageRow).where(ChatMessageRow.message_no.in_(due))
        return len(self._session.scalars(query.returning(ChatMessageRow.message_no)).all())


def _pictures(session: Session, query: Any) -> list[Picture]:  # Any: one of the selects above.
    return [Picture.model_validate(row, from_attributes=True) for row in session.scalars(query)]
