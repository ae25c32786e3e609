"""Count moderators' work for themselves: eleven queries, however much is stored.

Days are found by comparing with their limits, in a query around one that numbers them: neither
database knows a way to cut a moment down to its day that the other one has as well.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.reviews import UNDECIDED, Ruling
from core.contracts.statistics import AGES_H, Day, Decider, Statistics, Waiting
from core.contracts.verdicts import Decision
from core.storage.models import VerdictRow
from core.storage.review_models import ReviewRow
from core.storage.transparency import TransparencyCounts


class StatisticsOfWork:
    """The statistics of one store."""

    def __init__(self, session: Session, *, counts: TransparencyCounts) -> None:
        self._session = session
        self._counts = counts

    def between(
        self, community_id: CommunityId, since: datetime, until: datetime, *, now: datetime
    ) -> Statistics:
        """Count a community's work from the midnight `since` on and before the one `until`."""
        return Statistics(
            counts=self._counts.between(community_id, since, until),
            wait_s=self._wait(community_id, since, until),
            days=self._days(community_id, since, until),
            deciders=self._deciders(community_id, since, until),
            waiting=self._waiting(community_id, now),
        )

    def _wait(self, community_id: CommunityId, since: datetime, until: datetime) -> float | None:
        query = select(ReviewRow.opened_at, ReviewRow.decided_at).where(
            ReviewRow.community_id == community_id, _within(ReviewRow.decided_at, since, until)
        )
        rows = self._session.execute(query)
        waits = [(decided - opened).total_seconds() for opened, decided in rows if decided]
        return median(waits) if waits else None

    def _days(self, community_id: CommunityId, since: datetime, until: datetime) -> tuple[Day, ...]:
        starts = [since + timedelta(days=each) for each in range((until - since).days)]
        is_refused = and_(
            VerdictRow.community_id == community_id, VerdictRow.decision == Decision.BLOCK
        )
        is_here = ReviewRow.community_id == community_id
        counted = {
            "refused": self._daily(VerdictRow.decided_at, VerdictRow.job_id, is_refused, starts),
            "held": self._daily(ReviewRow.opened_at, ReviewRow.item_id, is_here, starts),
            "decided": self._daily(ReviewRow.decided_at, ReviewRow.item_id, is_here, starts),
        }
        return tuple(
            Day(
                day=start.astimezone(UTC).date(),
                **{name: found.get(number, 0) for name, found in counted.items()},
            )
            for number, start in enumerate(starts)
        )

    def _daily(
        self,
        at: Any,  # Any: a column.
        what: Any,
        condition: ColumnElement[bool],
        starts: Sequence[datetime],
    ) -> dict[int, int]:
        """Count what happened each day, by the day's number."""
        if not starts:
            return {}
        limits = [start + timedelta(days=1) for start in starts]
        number = case(*((at < limit, each) for each, limit in enumerate(limits)))
        numbered = (
            select(number.label("number"), what.label("what"))
            .where(condition, _within(at, starts[0], limits[-1]))
            .subquery()
        )
        query = select(numbered.c.number, func.count(distinct(numbered.c.what))).group_by(
            numbered.c.number
        )
        return {int(number): int(count) for number, count in self._session.execute(query)}

    def _deciders(
        self, community_id: CommunityId, since: datetime, until: datetime
    ) -> tuple[Decider, ...]:
        query = (
            select(
                ReviewRow.decided_by,
                func.max(ReviewRow.decided_name),
                *(func.count(case((ReviewRow.ruling == ruling, 1))) for ruling in Ruling),
            )
            .where(
                ReviewRow.community_id == community_id,
                ReviewRow.decided_by.is_not(None),
                _within(ReviewRow.decided_at, since, until),
            )
            .group_by(ReviewRow.decided_by)
        )
        found = [
            Decider(
                member_id=MemberId(member_id or ""),
                name=name,
                **dict(zip(("approved", "rejected"), counts, strict=True)),
            )
            for member_id, name, *counts in self._session.execute(query)
        ]
        return tuple(sorted(found, key=lambda each: (-each.decided, each.member_id)))

    def _waiting(self, community_id: CommunityId, now: datetime) -> Waiting:
        opened = ReviewRow.opened_at
        limits = [now - timedelta(hours=hours) for hours in AGES_H]
        ages = [
            opened > limits[0],
            *(and_(opened <= late, opened > early) for late, early in pairwise(limits)),
            opened <= limits[-1],
        ]
        query = select(
            *(func.count(case((age, 1))) for age in ages),
            func.count(case((ReviewRow.due_at <= now, 1))),
            func.min(ReviewRow.opened_at),
        ).where(
            ReviewRow.community_id == community_id,
            ReviewRow.closed_at.is_(None),  # What the queue's index holds.
            ReviewRow.state.in_(UNDECIDED),
        )
        *by_age, overdue, oldest = self._session.execute(query).one()
        return Waiting(by_age=tuple(by_age), overdue=overdue, oldest=oldest)


def _within(at: Any, since: datetime, until: datetime) -> ColumnElement[bool]:  # Any: a column.
    return and_(at >= since, at < until)
