"""Sit down at the queue: claim, decide, undo, escalate, in bulk too, with every rule in one place.

Front-ends make one desk a process (`ReviewDesk(store, gates, clock, events)`; the bot's is
`services.desk`) and call it in a thread. Each act reads the policy and the item at that moment, so
that no button that was drawn earlier grants anything, and returns the item as it is afterwards.
A decision takes effect when its time to undo is over: `moderation.review.settling` does that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.contracts.actors import Actor, Role
from core.contracts.base import utc_now
from core.contracts.ids import ChannelId
from core.contracts.jobs import Picture
from core.contracts.reviews import (
    ReviewFilter,
    ReviewId,
    ReviewItem,
    ReviewOrder,
)
from core.errors import AppError, UserError
from core.events import REVIEWS_TOPIC
from core.storage import Store
from moderation.gates import Gates
from moderation.policy import Policy
from moderation.review import acts, rights
from moderation.review.acts import Said, Sitting
from moderation.review.alike import AT_MOST, alike_to
from moderation.review.context import Context, read_context

_LOOKED_AT = 50
"""Items looked at for the next one: more of a person's own in a row are not to be expected."""


class Waker(Protocol):
    """Tell waiting processes that there is something to do. `core.events.Events` is one."""

    def wake(self, topic: str) -> None:
        """Wake who listens to a topic; never raises."""


@dataclass(frozen=True, slots=True)
class InBulk:
    """What became of one item of a bulk decision."""

    item_id: ReviewId
    item: ReviewItem | None = None
    error: AppError | None = None
    """Why it was not decided, where it was not."""


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """The moderators' desk of one process. Safe to share by threads."""

    store: Store
    gates: Gates
    clock: Callable[[], datetime] = utc_now
    signals: Waker | None = None

    def page(
        self,
        actor: Actor,
        asked: ReviewFilter,
        order: ReviewOrder = ReviewOrder.URGENT,
        *,
        after: ReviewId | None = None,
        limit: int = 50,
    ) -> list[ReviewItem]:
        """List the person's community's items.

        Raises:
            UserError: `review_not_permitted`.
        """
        self._require_role(actor, "page")
        with self.store.reading() as unit:
            return unit.reviews.page(
                actor.community_id, asked, order, now=self.clock(), after=after, limit=limit
            )

    def look(self, actor: Actor, item_id: ReviewId) -> ReviewItem:
        """Find one item.

        Raises:
            UserError: `review_not_permitted`.
            NotFound: `review_not_found`, also where it is another community's.
        """
        return self._look(actor, item_id, "look")

    def claim(self, actor: Actor, item_id: ReviewId) -> ReviewItem:
        """Take an item, or take it for longer; it is free again by itself.

        Raises:
            UserError: `review_not_permitted`, `review_own`, `review_escalated`; `review_claimed`
                with name and until; `review_decided` with name and at; `review_over`.
            NotFound: `review_not_found`.
        """
        return self._change(actor, item_id, "claim", acts.claim)

    def release(self, actor: Actor, item_id: ReviewId) -> ReviewItem:
        """Give an own claim back; nothing happens where nobody has it. Raises as `claim`."""
        return self._change(actor, item_id, "release", acts.release)

    def decide(self, actor: Actor, item_id: ReviewId, said: Said) -> ReviewItem:
        """Decide an item that is free or one's own claim.

        An approval that takes two people leaves the first time a SECOND that somebody else has to
        agree to; anybody's rejection decides.

        Raises:
            UserError: as `claim`; `review_second_same`; `review_reason_unknown` with allowed;
                `review_note_too_long`.
            NotFound: `review_not_found`.
        """
        return self._change(actor, item_id, "decide", lambda sitting: acts.decide(sitting, said))

    def undo(self, actor: Actor, item_id: ReviewId) -> ReviewItem:
        """Take a decision back before it takes effect, or one's own first of two approvals.

        Raises:
            UserError: `review_undo_late`; `review_not_permitted` to others than who decided and
                admins; `review_not_decided`; `review_own`, `review_escalated`, `review_over`.
            NotFound: `review_not_found`.
        """
        return self._change(actor, item_id, "undo", acts.undo)

    def apply_now(self, actor: Actor, item_id: ReviewId) -> ReviewItem:
        """Let a decision take effect without waiting; raises as `undo`, but never that it is late.

        It is carried out by whoever settles next, within a second.
        """
        return self._change(actor, item_id, "apply_now", acts.apply_now)

    def escalate(self, actor: Actor, item_id: ReviewId, note: str = "") -> ReviewItem:
        """Leave an item to the admins. Raises as `claim`, and `review_note_too_long`."""
        return self._change(
            actor, item_id, "escalate", lambda sitting: acts.escalate(sitting, note)
        )

    def alike(self, actor: Actor, item_id: ReviewId) -> list[ReviewItem]:
        """List undecided items of equal words or of pictures that look the same; raises as `look`.

        Who claimed them, or whose they are, makes no difference here.
        """
        item = self._look(actor, item_id, "alike")
        with self.store.reading() as unit:
            return alike_to(unit, item)

    def decide_alike(
        self, actor: Actor, item_id: ReviewId, ids: Sequence[ReviewId], said: Said
    ) -> list[InBulk]:
        """Decide some items that are alike, each by itself and by every rule.

        What cannot be decided is told beside the others, with the error that `decide` has for it,
        or `review_not_alike`.

        Raises:
            UserError: `review_too_many`; `review_not_permitted`.
            NotFound: `review_not_found`.
        """
        if len(ids) > AT_MOST:
            raise UserError("review_too_many", value=len(ids), allowed=[str(AT_MOST)])
        known = {each.item_id for each in self.alike(actor, item_id)} | {item_id}
        return [self._decide_one(actor, each, said, known) for each in dict.fromkeys(ids)]

    def next_item(self, actor: Actor, *, after: ReviewId | None = None) -> ReviewItem | None:
        """Claim the most urgent item that the person may decide; None: there is none.

        Whoever pauses is offered nothing.

        Args:
            actor: Who asks.
            after: Go on after this one in the queue's order.

        Raises:
            UserError: `review_not_permitted`.
        """
        asked = ReviewFilter(is_free=True, is_escalated=None if _is_admin(actor) else False)
        with self.store.reading() as unit:
            if unit.moderators.settings(actor.community_id, actor.member_id).is_paused:
                return None
        for item in self.page(actor, asked, after=after, limit=_LOOKED_AT):
            if item.first_by == actor.member_id:
                continue
            try:
                return self.claim(actor, item.item_id)
            except UserError:
                continue  # One's own, or taken in between.
        return None

    def reveal(self, actor: Actor, item_id: ReviewId) -> list[Picture]:
        """List an item's pictures for one who asked to see them plainly, and write that down.

        Raises:
            UserError: `review_not_permitted`, `review_own`, `review_escalated`.
            NotFound: `review_not_found`.
        """
        self._look(actor, item_id, "reveal")
        with self.store.unit() as unit:
            item = unit.reviews.get(item_id)
            rights.require_not_own(unit, actor, item)
            rights.require_rank(actor, item)
            pictures = unit.pictures.of_job(item.job_id)
            shown = [each for each in pictures if not unit.pictures.is_deleted(each.verify_id)]
            unit.audit.add(
                "picture_revealed",
                job_id=item.job_id,
                by=actor.member_id,
                facts={"item": item_id, "pictures": len(shown)},
                now=self.clock(),
            )
        return shown

    def context(self, actor: Actor, item_id: ReviewId) -> Context:
        """Gather what the person should know before deciding; raises as `look`."""
        item = self._look(actor, item_id, "context")
        return read_context(self.store, self.gates, item, self.clock())

    def policy_for(self, item: ReviewItem) -> Policy:
        """Find the policy in force where an item's request was made: its reasons, for example."""
        return self.gates.of(item.community_id, item.channel_id).policy

    def _require_role(self, actor: Actor, act: str) -> None:
        self.gates.look_again()  # What was in force a second ago may be no more.
        # The community's word: a channel's part has no say in who decides.
        policy = self.gates.of(actor.community_id, ChannelId("")).policy
        rights.require_role(policy, actor, act)

    def _look(self, actor: Actor, item_id: ReviewId, act: str) -> ReviewItem:
        self._require_role(actor, act)
        with self.store.reading() as unit:
            item = unit.reviews.get(item_id)
        rights.require_of_community(actor, item)
        return item

    def _change(
        self,
        actor: Actor,
        item_id: ReviewId,
        act: str,
        change: Callable[[Sitting], ReviewItem],
    ) -> ReviewItem:
        policy = self.policy_for(self._look(actor, item_id, act))
        with self.store.unit() as unit:
            item = unit.reviews.locked(item_id)
            rights.require_not_own(unit, actor, item)
            rights.require_rank(actor, item)
            # The clock after the lock: what was decided while this waited came first.
            changed = change(Sitting(unit, actor, item, policy, self.clock()))
        if self.signals is not None:
            self.signals.wake(REVIEWS_TOPIC)
        return changed

    def _decide_one(
        self, actor: Actor, item_id: ReviewId, said: Said, known: set[ReviewId]
    ) -> InBulk:
        if item_id not in known:
            return InBulk(item_id, error=UserError("review_not_alike", value=item_id))
        try:
            return InBulk(item_id, self.decide(actor, item_id, said))
        except UserError as error:
            return InBulk(item_id, error=error)


def _is_admin(actor: Actor) -> bool:
    return actor.role is Role.ADMIN
