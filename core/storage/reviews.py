"""Keep what waits for people: the moderators' queue, and what became of each item.

An item is changed in three steps within one unit: `locked`, a new contract made of it, `save`.
Whoever else wants it waits at the lock and then sees the change.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_, update
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.reviews import (
    UNDECIDED,
    ReviewFilter,
    ReviewId,
    ReviewItem,
    ReviewKind,
    ReviewOrder,
    ReviewState,
    Ruling,
)
from core.errors import IllegalStep, NotFound
from core.storage.models import JobRow
from core.storage.review_models import ReviewRow
from core.storage.review_rows import (
    HELD_STATES,
    IS_LIVE,
    IS_STANDING_REJECTION,
    REVIEWS,
    WAITS_FOR_IT,
    asked_for,
    bound,
    to_item,
    to_values,
)
from core.storage.statements import insert_into

_C = REVIEWS.c


class Reviews:
    """The review items of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, item: ReviewItem) -> bool:
        """Keep a new item; False: its job has one already, which stands."""
        statement = (
            insert_into(self._session, ReviewRow)
            .values(to_values(item))
            .on_conflict_do_nothing(index_elements=["job_id"], index_where=IS_LIVE)
            .returning(ReviewRow.item_id)
        )
        return self._session.scalar(statement) is not None

    def get(self, item_id: ReviewId) -> ReviewItem:
        """Find an item.

        Raises:
            NotFound: `review_not_found`.
        """
        return self._one(select(REVIEWS).where(_C.item_id == item_id), item_id)

    def locked(self, item_id: ReviewId) -> ReviewItem:
        """Find an item that nobody else changes before this unit ends.

        Read the clock after this: the wait for the lock may have been long.

        Raises:
            NotFound: `review_not_found`.
        """
        return self._one(select(REVIEWS).where(_C.item_id == item_id).with_for_update(), item_id)

    def save(self, item: ReviewItem) -> ReviewItem:
        """Write a changed item, with its next revision.

        Raises:
            IllegalStep: `review_moved_on`: somebody changed it since it was read.
        """
        grown = item.model_copy(update={"revision": item.revision + 1})
        values = to_values(grown)
        del values["item_id"]
        self._session.flush()
        statement = (
            update(REVIEWS)
            .where(_C.item_id == item.item_id, _C.revision == item.revision)
            .values(values)
            .returning(_C.item_id)
        )
        if self._session.scalar(statement) is None:
            raise IllegalStep("review_moved_on", item_id=item.item_id)
        return grown

    def page(
        self,
        community_id: CommunityId,
        asked: ReviewFilter,
        order: ReviewOrder = ReviewOrder.URGENT,
        *,
        now: datetime,
        after: ReviewId | None = None,
        limit: int = 50,
    ) -> list[ReviewItem]:
        """List a community's items.

        Args:
            community_id: Whose queue.
            asked: Which items.
            order: In which order; what is due first comes first.
            now: When; claims that are over count as none.
            after: The last item of the page before; None, or one that is gone: the first page.
            limit: How many.
        """
        moment = _C.due_at if order is ReviewOrder.URGENT else _C.opened_at
        query = select(REVIEWS).where(*asked_for(community_id, asked, now))
        key = tuple_(moment, _C.item_id)
        last = None if after is None else self._place(after, moment)
        if last is not None:
            is_before = order is ReviewOrder.NEWEST
            query = query.where(key < tuple_(*last) if is_before else key > tuple_(*last))
        ends = (moment, _C.item_id)
        if order is ReviewOrder.NEWEST:
            query = query.order_by(*(column.desc() for column in ends))
        else:
            query = query.order_by(*ends)
        return self._all(query.limit(limit))

    def count(self, community_id: CommunityId, asked: ReviewFilter, *, now: datetime) -> int:
        """Count what `page` would list."""
        query = select(func.count()).select_from(REVIEWS)
        return self._session.scalar(query.where(*asked_for(community_id, asked, now))) or 0

    def counts(self, community_id: CommunityId) -> dict[tuple[ReviewState, ReviewKind], int]:
        """Count what is not over, by state and kind."""
        query = (
            select(_C.state, _C.kind, func.count())
            .where(_C.community_id == community_id, IS_LIVE)
            .group_by(_C.state, _C.kind)
        )
        return {(state, kind): count for state, kind, count in self._session.execute(query)}

    def of_job(self, job_id: JobId) -> list[ReviewItem]:
        """List a job's items, oldest first."""
        query = select(REVIEWS).where(_C.job_id == job_id).order_by(_C.opened_at, _C.item_id)
        return self._all(query)

    def live_of_job(self, job_id: JobId) -> ReviewItem | None:
        """Find the item of a job in which something is still to come."""
        return next(iter(self._all(_live_of(job_id))), None)

    def locked_of_job(self, job_id: JobId) -> ReviewItem | None:
        """Find a job's live item, and let nobody else change it before this unit ends."""
        return next(iter(self._all(_live_of(job_id).with_for_update())), None)

    def of_member(
        self, community_id: CommunityId, member_id: MemberId, *, limit: int = 50
    ) -> list[ReviewItem]:
        """List the items of a member's requests, newest first."""
        query = (
            select(REVIEWS)
            .where(_C.community_id == community_id, _C.member_id == member_id)
            .order_by(_C.opened_at.desc(), _C.item_id)
            .limit(limit)
        )
        return self._all(query)

    def outcomes_of_member(
        self, community_id: CommunityId, member_id: MemberId
    ) -> dict[Ruling | None, int]:
        """Count what became of a member's items that are over; None: nobody decided."""
        query = (
            select(_C.ruling, func.count())
            .where(
                _C.community_id == community_id,
                _C.member_id == member_id,
                _C.closed_at.is_not(None),
            )
            .group_by(_C.ruling)
        )
        return dict(self._session.execute(query).all())

    def alike(
        self,
        community_id: CommunityId,
        prompt_key: str,
        states: Collection[ReviewState] = UNDECIDED,
        *,
        limit: int = 200,
    ) -> list[ReviewItem]:
        """List the items whose prompt normalises to the same, newest first; none without a key."""
        if not prompt_key:
            return []
        query = (
            select(REVIEWS)
            .where(
                _C.community_id == community_id,
                _C.prompt_key == prompt_key,
                _C.state.in_(states),
            )
            .order_by(_C.opened_at.desc(), _C.item_id)
            .limit(limit)
        )
        return self._all(query)

    def hashed(
        self, community_id: CommunityId, *, limit: int = 20_000
    ) -> list[tuple[ReviewId, tuple[str, ...]]]:
        """List what undecided items' pictures look like."""
        pictured = (ReviewKind.HELD_PICTURE, ReviewKind.FAILED_CHECK, ReviewKind.REPORT)
        query = (
            select(_C.item_id, _C.picture_hashes)
            .where(
                _C.community_id == community_id,
                IS_LIVE,
                _C.kind.in_(pictured),
                _C.state.in_(UNDECIDED),
            )
            .limit(limit)
        )
        rows = self._session.execute(query)
        return [(ReviewId(item_id), tuple(hashes)) for item_id, hashes in rows if hashes]

    def among(self, item_ids: Collection[ReviewId]) -> list[ReviewItem]:
        """List some items, newest first; those that are not there are left out."""
        query = select(REVIEWS).where(_C.item_id.in_(item_ids))
        return self._all(query.order_by(_C.opened_at.desc(), _C.item_id))

    def due_effects(self, now: datetime, *, limit: int = 100) -> list[ReviewId]:
        """Name decided items that take effect by now, the longest due first."""
        query = (
            select(_C.item_id)
            .where(_C.state == ReviewState.DECIDED, _C.effective_at <= now)
            .order_by(_C.effective_at)
            .limit(limit)
        )
        return [ReviewId(item_id) for item_id in self._session.scalars(query)]

    def lapsing(self, now: datetime, *, limit: int = 100) -> list[ReviewItem]:
        """List items that nobody decided in time, the longest over first."""
        query = (
            select(REVIEWS)
            .where(_C.state.in_(UNDECIDED), _C.lapses_at <= now)
            .order_by(_C.lapses_at)
            .limit(limit)
        )
        return self._all(query)

    def orphans(self, *, limit: int = 100) -> list[JobId]:
        """Name held jobs that no live item speaks for, the longest held first."""
        has_item = exists().where(_C.job_id == JobRow.job_id, IS_LIVE)
        query = (
            select(JobRow.job_id)
            .where(JobRow.state.in_(HELD_STATES), ~has_item)
            .order_by(JobRow.updated_at)
            .limit(limit)
        )
        return [JobId(job_id) for job_id in self._session.scalars(query)]

    def strays(self, *, limit: int = 100) -> list[ReviewItem]:
        """List items whose job no longer waits for them, but for rejections that stand."""
        query = (
            select(REVIEWS)
            .join(JobRow, JobRow.job_id == _C.job_id)
            .where(IS_LIVE, ~WAITS_FOR_IT, ~IS_STANDING_REJECTION)
            .limit(limit)
        )
        return self._all(query)

    def close(self, item: ReviewItem, state: ReviewState, *, now: datetime) -> ReviewItem:
        """End an item that nobody decides any more, and let go of it."""
        ended = {"state": state, "closed_at": now, "claimed_by": None, "claimed_name": ""}
        return self.save(item.model_copy(update={**ended, "claimed_until": None}))

    def close_of_job(self, job_id: JobId, state: ReviewState, *, now: datetime) -> None:
        """End a job's live item, but for a rejection that was decided.

        Who calls a request back, or deletes what was posted, does not escape what follows.
        """
        item = self.locked_of_job(job_id)
        if item is None:
            return
        if item.state is ReviewState.DECIDED and item.ruling is Ruling.REJECT:
            return
        self.close(item, state, now=now)

    def _place(self, item_id: ReviewId, moment: ColumnElement[datetime]) -> Sequence[Any] | None:
        found = self._session.execute(select(moment, _C.item_id).where(_C.item_id == item_id))
        row = found.one_or_none()
        if row is None:
            return None
        return (bound(moment, row[0]), bound(_C.item_id, row[1]))

    def _one(self, query: Select[*tuple[Any, ...]], item_id: ReviewId) -> ReviewItem:
        self._session.flush()
        row = self._session.execute(query).one_or_none()
        if row is None:
            raise NotFound("review_not_found", value=item_id)
        return to_item(row)

    def _all(self, query: Select[*tuple[Any, ...]]) -> list[ReviewItem]:
        self._session.flush()
        return [to_item(row) for row in self._session.execute(query)]


def _live_of(job_id: JobId) -> Select[*tuple[Any, ...]]:
    return select(REVIEWS).where(_C.job_id == job_id, IS_LIVE)
