"""Keep which revision of an item each platform's moderators' channel shows, and where."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.contracts.actors import Platform
from core.contracts.ids import CommunityId
from core.contracts.reviews import UNDECIDED, ReviewItem
from core.storage.review_models import ReviewCardRow
from core.storage.review_rows import IS_LIVE, REVIEWS, to_item
from core.storage.statements import insert_into, table_of

_C, _CARDS = REVIEWS.c, table_of(ReviewCardRow).c

KEPT_FOR = timedelta(days=1)
"""How long a closed item's card is remembered: what is over is not edited again, and a process
that is this slow has been ended long ago."""


class ReviewCards:
    """The cards of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def due(self, community_id: CommunityId, platform: Platform, *, most: int) -> list[ReviewItem]:
        """List items whose card is behind, then the most urgent ones that have none.

        Args:
            community_id: Whose items.
            platform: Where the cards are.
            most: How many live items have a card at a time.
        """
        of_platform = (_C.community_id == community_id, _CARDS.platform == platform)
        shown = select(REVIEWS).join(table_of(ReviewCardRow), _CARDS.item_id == _C.item_id)
        behind = shown.where(*of_platform, _C.revision > _CARDS.revision).order_by(_C.due_at)
        rows = list(self._session.execute(behind))
        standing = (
            select(func.count())
            .select_from(REVIEWS)
            .join(table_of(ReviewCardRow), _CARDS.item_id == _C.item_id)
            .where(*of_platform, IS_LIVE)
        )
        room = most - (self._session.scalar(standing) or 0)
        if room > 0:
            has_card = (
                select(_CARDS.item_id)
                .where(_CARDS.item_id == _C.item_id, _CARDS.platform == platform)
                .exists()
            )
            fresh = (
                select(REVIEWS)
                .where(_C.community_id == community_id, IS_LIVE, _C.state.in_(UNDECIDED), ~has_card)
                .order_by(_C.due_at, _C.item_id)
                .limit(room)
            )
            rows += self._session.execute(fresh)
        return [to_item(row) for row in rows]

    def record(
        self, item: ReviewItem, platform: Platform, place: Mapping[str, str], *, now: datetime
    ) -> bool:
        """Write down that an item's card is shown; False: this revision, or a newer one, was.

        Who posts a card in the same unit posts each revision once, and never an old one over a
        new one, however many processes do so.
        """
        values = {"place": dict(place), "revision": item.revision}
        statement = (
            insert_into(self._session, ReviewCardRow)
            .values(item_id=item.item_id, platform=platform, **values)
            .on_conflict_do_update(
                index_elements=["item_id", "platform"],
                set_=values,
                where=ReviewCardRow.revision < item.revision,
            )
            .returning(ReviewCardRow.item_id)
        )
        is_new = self._session.scalar(statement) is not None
        if is_new and not item.is_live:
            self._forget_closed(platform, now - KEPT_FOR)
        return is_new

    def _forget_closed(self, platform: Platform, before: datetime) -> None:
        over = select(_C.item_id).where(
            _C.item_id.in_(select(_CARDS.item_id).where(_CARDS.platform == platform)),
            _C.closed_at < before,
        )
        self._session.execute(
            delete(ReviewCardRow).where(
                ReviewCardRow.platform == platform, ReviewCardRow.item_id.in_(over)
            )
        )
