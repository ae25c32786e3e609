"""Keep moderators' cards as messages: one an item for all in their channel, and private ones.

A card's author, for the record, is the member whose request it quotes: what deletes all that is
kept of them, or of the request, finds it.
"""

from collections.abc import Callable
from datetime import datetime

from anyio import to_thread

from bot.replies import Reply
from bot.web_app.channel import EASEL, said_key
from bot.web_app.hub import Hub
from core.contracts.actors import Actor, Platform
from core.contracts.chat import ChatMessage
from core.contracts.ids import ChannelId, MemberId
from core.contracts.reviews import ReviewId, ReviewItem
from core.storage import Store, Unit


def card_key(item_id: ReviewId) -> str:
    """Name the message of an item in the moderators' channel."""
    return f"card:{item_id}"


def own_key(channel_id: ChannelId, item_id: ReviewId, member_id: MemberId) -> str:
    """Name the message of an item that one moderator asked for."""
    return f"card:{channel_id}:{item_id}:{member_id}"


class ItemCards:
    """The cards of one channel."""

    def __init__(self, store: Store, clock: Callable[[], datetime], channel_id: ChannelId) -> None:
        self._store = store
        self._clock = clock
        self._channel_id = channel_id

    def post(self, item: ReviewItem, reply: Reply) -> ChatMessage | None:
        """Show an item to everybody here, once a revision; None: it was shown already."""
        place = {"channel": self._channel_id}
        now = self._clock()
        with self._store.unit() as unit:
            if not unit.review_cards.record(item, Platform.WEB, place, now=now):
                return unit.chat.get(card_key(item.item_id))
            return self._put(unit, card_key(item.item_id), item, reply, None)

    def show(self, viewer: Actor, said_id: str, reply: Reply) -> list[ChatMessage]:
        """Show an item to who asked for it, last; return it with what they typed."""
        with self._store.unit() as unit:
            item = unit.reviews.get(reply.item or ReviewId(""))
            key = own_key(self._channel_id, item.item_id, viewer.member_id)
            card = self._put(unit, key, item, reply, viewer.member_id, is_news=True)
            said = unit.chat.get(said_key(said_id))
            return [card] if said is None else [said, card]

    def edit(self, viewer: Actor, item: ReviewItem, reply: Reply) -> list[ChatMessage]:
        """Bring the card up to date that a moderator asked for, where it still stands."""
        key = own_key(self._channel_id, item.item_id, viewer.member_id)
        with self._store.unit() as unit:
            standing = unit.chat.get(key)
            if standing is None or standing.is_deleted:
                return []
            return [self._put(unit, key, item, reply, viewer.member_id)]

    def _put(
        self,
        unit: Unit,
        key: str,
        item: ReviewItem,
        reply: Reply,
        audience: MemberId | None,
        *,
        is_news: bool = False,
    ) -> ChatMessage:
        return unit.chat.put(
            key=key,
            community_id=item.community_id,
            channel_id=self._channel_id,
            audience=audience,
            author=EASEL,
            author_id=item.member_id,
            kind="easel",
            body=reply.model_dump_json(exclude_defaults=True),
            job_id=item.job_id,
            now=self._clock(),
            is_news=is_news,
        )


class ChannelCards:
    """Be the web app's side of `bot.review_cards`."""

    def __init__(self, cards: ItemCards, hub: Hub) -> None:
        self._cards = cards
        self._hub = hub

    async def post(self, item: ReviewItem, reply: Reply) -> None:
        """Post or edit the card, and tell every open page."""
        await to_thread.run_sync(self._cards.post, item, reply)
        self._hub.announce()
