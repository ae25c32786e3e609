"""Add up what members have waiting and what they have had: what limits and prices go by."""

from collections.abc import Sequence
from datetime import date
from statistics import median

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.usage import Load, Pace
from core.storage.models import DrawnDayRow, JobRow, PictureRow
from core.storage.statements import among, run, table_of
from core.workflow import WAITING

RECENT = 50
"""Pictures whose median makes a model's pace: the last minutes on a busy machine."""

_JOB_ROWS = table_of(JobRow)
_JOBS, _PICTURES, _DAYS = _JOB_ROWS.c, table_of(PictureRow).c, table_of(DrawnDayRow).c
_TOOK_S = case((_PICTURES.gpu_s > 0, _PICTURES.gpu_s), else_=_PICTURES.duration_s)
"""An engine that knows no device time still knows how long a picture took."""

_IS_WAITING = (_JOBS.community_id == bindparam("community_id")) & among(_JOBS.state, *WAITING)
_IS_OWN = _JOBS.member_id == bindparam("member_id")


def _sum_of(figure: ColumnElement[float]) -> ColumnElement[float]:
    return func.coalesce(func.sum(figure), 0.0)


_WAITING_COUNTS = select(
    func.count().label("own"),
    _sum_of(_JOBS.price_gpu_s).label("own_gpu_s"),
    # By itself, so that everybody's jobs are only counted in the index.
    select(func.count())
    .select_from(_JOB_ROWS)
    .where(_IS_WAITING)
    .correlate(None)
    .scalar_subquery(),
).where(_IS_WAITING, _IS_OWN)
_WAITING_GPU_S = select(_sum_of(_JOBS.price_gpu_s)).where(_IS_WAITING)

_DRAWN = select(_sum_of(_DAYS.gpu_s)).where(
    _DAYS.community_id == bindparam("community_id"), _DAYS.day == bindparam("day")
)
_DRAWN_FOR_MEMBER = _DRAWN.where(_DAYS.member_id == bindparam("member_id"))

_LAST_DRAWN: Select[tuple[float, int]] = (
    select(_TOOK_S, _PICTURES.steps)
    .where(_PICTURES.model == bindparam("model"))
    .order_by(_PICTURES.created_at.desc())
    .limit(RECENT)
)


class Usage:
    """The usage of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def waiting(self, community_id: CommunityId, member_id: MemberId) -> tuple[Load, int]:
        """Add up a member's jobs that still owe an answer, and count those of everybody.

        One look for both, because every request takes it.
        """
        values = {"community_id": community_id, "member_id": member_id}
        own, own_gpu_s, count = run(self._session, _WAITING_COUNTS, **values).one()
        return Load(count=own, gpu_s=own_gpu_s), count

    def waiting_gpu_s(self, community_id: CommunityId) -> float:
        """Add up the prices of a community's jobs that still owe an answer."""
        return float(run(self._session, _WAITING_GPU_S, community_id=community_id).scalar_one())

    def drawn_gpu_s(
        self, community_id: CommunityId, day: date, member_id: MemberId | None = None
    ) -> float:
        """Tell the GPU-seconds of the pictures drawn in a day (UTC); deleted ones count too."""
        values: dict[str, object] = {"community_id": community_id, "day": day}
        if member_id is None:
            return float(run(self._session, _DRAWN, **values).scalar_one())
        found = run(self._session, _DRAWN_FOR_MEMBER, **values, member_id=member_id)
        return float(found.scalar_one())

    def pace(self, model: str) -> Pace:
        """Tell how quickly a model drew its last pictures."""
        recent = run(self._session, _LAST_DRAWN, model=model).all()
        return Pace(
            step_s=_median([took_s / steps for took_s, steps in recent if steps]),
            enlarging_s=_median([took_s for took_s, steps in recent if not steps]),
        )


def _median(figures: Sequence[float]) -> float | None:
    return median(figures) if figures else None
