"""Keep one card an item in each platform's moderators' channel, edited in place for all.

One loop a front-end and process. It is woken when an item changes and looks by itself too, so a
lost wake-up costs seconds. A poster writes down which revision it shows together with showing it:
after a crash anywhere the next look carries on, and two processes never undo each other's work.
"""

from typing import Protocol

import anyio
import structlog
from anyio import to_thread

from bot.bell import Bell, ring_on
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases import review
from core.contracts.actors import Platform
from core.contracts.ids import CommunityId
from core.contracts.reviews import ReviewItem
from core.errors import AppError
from core.events import REVIEWS_TOPIC

log = structlog.get_logger()

CARDS_MOST = 50
"""Live cards in a channel, the most urgent items first: `/review queue` has the others."""

POLL_S = 5.0
"""What a wake-up that was lost costs."""

LOOK_S = 0.2
"""The shortest time between two looks: a burst of decisions is shown together."""


class CardPoster(Protocol):
    """How one front-end shows an item to its moderators."""

    async def post(self, item: ReviewItem, reply: Reply) -> None:
        """Post an item's card, or edit it in its place, and `unit.review_cards.record` that.

        Called again with the same item it must not post a second card, and with an older one it
        must change nothing.
        """


async def keep_cards_forever(
    services: Services, platform: Platform, community_id: CommunityId, poster: CardPoster
) -> None:
    """Keep a community's cards on a platform up to date until cancelled."""
    bell = Bell()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ring_on, services.events, REVIEWS_TOPIC, bell)
        while True:
            bell.clear()
            try:
                await keep_cards(services, platform, community_id, poster)
            except AppError as error:
                log.warning("review_cards_wait", code=error.code)
            except Exception:
                log.exception("review_cards_failed")
            await anyio.sleep(LOOK_S)
            await bell.wait(POLL_S)


async def keep_cards(
    services: Services, platform: Platform, community_id: CommunityId, poster: CardPoster
) -> int:
    """Post and edit what is due now; one card's failure leaves the others be. Returns how many."""
    posted = 0
    for item in await to_thread.run_sync(_due, services, platform, community_id):
        try:
            reply = await to_thread.run_sync(review.card, services, item)
            await poster.post(item, reply)
        except Exception:
            log.exception("review_card_not_posted", item_id=item.item_id)
        else:
            posted += 1
    return posted


def _due(services: Services, platform: Platform, community_id: CommunityId) -> list[ReviewItem]:
    with services.store.reading() as unit:
        return unit.review_cards.due(community_id, platform, most=CARDS_MOST)
