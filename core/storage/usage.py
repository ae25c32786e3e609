"""Add up what members have waiting and what they have had: what limits and prices go by."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.usage import Load, Pace
from core.storage.models import JobRow, PictureRow
from core.workflow import WAITING

RECENT = 50
"""Pictures whose median makes a model's pace: the last minutes on a busy machine."""

_OLDEST = timedelta(days=2)
"""A picture of today belongs to a job of the last days: reviews end after one by default."""

_TOOK_S = case((PictureRow.gpu_s > 0, PictureRow.gpu_s), else_=PictureRow.duration_s)
"""An engine that knows no device time still knows how long a picture took."""


class Usage:
    """The usage of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def waiting(self, community_id: CommunityId, member_id: MemberId) -> tuple[Load, Load]:
        """Add up the jobs that still owe an answer: to a member, and to the whole community.

        One look for both, because every request takes it.
        """
        is_own = JobRow.member_id == member_id
        price = func.coalesce(JobRow.price_gpu_s, 0.0)
        query = select(
            func.coalesce(func.sum(case((is_own, 1), else_=0)), 0),
            func.coalesce(func.sum(case((is_own, price), else_=0.0)), 0.0),
            func.count(),
            func.coalesce(func.sum(price), 0.0),
        ).where(JobRow.community_id == community_id, JobRow.state.in_(sorted(WAITING)))
        own, own_gpu_s, count, gpu_s = self._session.execute(query).one()
        return Load(count=own, gpu_s=own_gpu_s), Load(count=count, gpu_s=gpu_s)

    def drawn_gpu_s(
        self, community_id: CommunityId, since: datetime, member_id: MemberId | None = None
    ) -> float:
        """Add up the GPU-seconds of the pictures drawn since a moment; deleted ones count too."""
        query = (
            select(func.coalesce(func.sum(_TOOK_S), 0.0))
            .join(JobRow, JobRow.job_id == PictureRow.job_id)
            .where(
                JobRow.community_id == community_id,
                JobRow.created_at >= since - _OLDEST,
                PictureRow.created_at >= since,
            )
        )
        if member_id is not None:
            query = query.where(JobRow.member_id == member_id)
        return self._session.scalar(query) or 0.0

    def pace(self, model: str) -> Pace:
        """Tell how quickly a model drew its last pictures."""
        query = (
            select(_TOOK_S, PictureRow.steps)
            .where(PictureRow.model == model)
            .order_by(PictureRow.created_at.desc())
            .limit(RECENT)
        )
        recent = self._session.execute(query).all()
        return Pace(
            step_s=_median([took_s / steps for took_s, steps in recent if steps]),
            enlarging_s=_median([took_s for took_s, steps in recent if not steps]),
        )


def _median(figures: Sequence[float]) -> float | None:
    return median(figures) if figures else None
