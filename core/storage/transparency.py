"""Count what the moderation of one community did: five queries, however much is stored."""

from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.sanctions import SanctionKind
from core.contracts.transparency import CategoryTally, Tally, Transparency
from core.contracts.verdicts import Decision
from core.storage.models import JobRow, VerdictRow
from core.storage.review_models import ReviewRow, SanctionRow

_HELD = (ReviewKind.HELD_PROMPT, ReviewKind.HELD_PICTURE, ReviewKind.FAILED_CHECK)
_IS_APPEAL = ReviewRow.kind == ReviewKind.APPEAL
_IS_SETTLED = ReviewRow.state == ReviewState.SETTLED

_OF_REVIEWS: dict[str, ColumnElement[bool]] = {
    "held": ReviewRow.kind.in_(_HELD),
    "appealed": _IS_APPEAL,
    "answered": and_(_IS_APPEAL, _IS_SETTLED),
    "overturned": and_(_IS_APPEAL, _IS_SETTLED, ReviewRow.ruling == Ruling.APPROVE),
    "lapsed": ReviewRow.state == ReviewState.LAPSED,
}
"""What is counted of review items, by the tally's name."""

_OF_VERDICTS: dict[str, ColumnElement[bool]] = {
    "requests": VerdictRow.category.is_not(None),
    "refused": and_(VerdictRow.category.is_not(None), VerdictRow.decision == Decision.BLOCK),
}
"""What is counted of requests that a verdict gave a category to."""


class TransparencyCounts:
    """The counts of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def between(self, community_id: CommunityId, since: datetime, until: datetime) -> Transparency:
        """Count what began in a community from a moment on and before another."""
        jobs = and_(JobRow.community_id == community_id, _within(JobRow.created_at, since, until))
        of_all = select(func.count(), func.count(distinct(JobRow.member_id))).where(jobs)
        count, members = self._session.execute(of_all).one()
        found: dict[str | None, dict[str, Any]] = {}
        self._add_verdicts(found, community_id, since, until)
        self._add_reviews(found, community_id, since, until)
        self._add_waits(found, community_id, since, until)
        return Transparency(
            since=since,
            until=until,
            requests=Tally(count=count, members=members),
            categories=tuple(
                CategoryTally(category=category, **found[category])
                for category in sorted(found, key=lambda each: (each is None, each))
            ),
            sanctions=self._sanctions(community_id, since, until),
        )

    def _add_verdicts(
        self,
        found: dict[str | None, dict[str, Any]],
        community_id: CommunityId,
        since: datetime,
        until: datetime,
    ) -> None:
        """Count requests by the categories that were found in them, each once a category."""
        query = (
            select(VerdictRow.category, *_tallies(_OF_VERDICTS, JobRow.job_id, JobRow.member_id))
            .join(JobRow, JobRow.job_id == VerdictRow.job_id)
            .where(
                VerdictRow.community_id == community_id,
                VerdictRow.category.is_not(None),
                _within(VerdictRow.decided_at, since, until),
            )
            .group_by(VerdictRow.category)
        )
        for category, *numbers in self._session.execute(query):
            _note(found, category, _OF_VERDICTS, numbers)

    def _add_reviews(
        self,
        found: dict[str | None, dict[str, Any]],
        community_id: CommunityId,
        since: datetime,
        until: datetime,
    ) -> None:
        query = (
            select(
                ReviewRow.category, *_tallies(_OF_REVIEWS, ReviewRow.item_id, ReviewRow.member_id)
            )
            .where(
                ReviewRow.community_id == community_id,
                ReviewRow.kind != ReviewKind.REPORT,
                _within(ReviewRow.opened_at, since, until),
            )
            .group_by(ReviewRow.category)
        )
        for category, *numbers in self._session.execute(query):
            _note(found, category, _OF_REVIEWS, numbers)

    def _add_waits(
        self,
        found: dict[str | None, dict[str, Any]],
        community_id: CommunityId,
        since: datetime,
        until: datetime,
    ) -> None:
        """Find each category's median wait; neither database knows one that both do."""
        query = select(
            ReviewRow.category, ReviewRow.opened_at, ReviewRow.decided_at, ReviewRow.member_id
        ).where(
            ReviewRow.community_id == community_id,
            ReviewRow.kind != ReviewKind.REPORT,
            ReviewRow.decided_at.is_not(None),
            _within(ReviewRow.opened_at, since, until),
        )
        waits: dict[str | None, list[float]] = {}
        whose: dict[str | None, set[str]] = {}
        for category, opened_at, decided_at, member_id in self._session.execute(query):
            if decided_at is None:
                continue  # The query says so, and its types do not.
            waits.setdefault(category, []).append((decided_at - opened_at).total_seconds())
            whose.setdefault(category, set()).add(member_id)
        for category, each in waits.items():
            tallies = found.setdefault(category, {})
            tallies["wait_s"] = median(each)
            tallies["waits"] = Tally(count=len(each), members=len(whose[category]))

    def _sanctions(
        self, community_id: CommunityId, since: datetime, until: datetime
    ) -> dict[SanctionKind, Tally]:
        query = (
            select(SanctionRow.kind, func.count(), func.count(distinct(SanctionRow.member_id)))
            .where(SanctionRow.community_id == community_id, _within(SanctionRow.at, since, until))
            .group_by(SanctionRow.kind)
        )
        return {
            kind: Tally(count=count, members=members)
            for kind, count, members in self._session.execute(query)
        }


def _within(column: Any, since: datetime, until: datetime) -> ColumnElement[bool]:  # Any: a column.
    return and_(column >= since, column < until)


def _tallies(
    of: dict[str, ColumnElement[bool]],
    what: Any,
    whose: Any,  # Any: columns.
) -> list[ColumnElement[int]]:
    """Ask for each count and its members, in one grouped query."""
    return [
        func.count(distinct(case((condition, column))))
        for condition in of.values()
        for column in (what, whose)
    ]


def _note(
    found: dict[str | None, dict[str, Any]],  # Any: the fields of a category's tally.
    category: str | None,
    of: dict[str, ColumnElement[bool]],
    numbers: list[int],
) -> None:
    tallies = found.setdefault(category, {})
    for name, count, members in zip(of, numbers[::2], numbers[1::2], strict=True):
        tallies[name] = Tally(count=count, members=members)
