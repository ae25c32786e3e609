"""Let moderators decide from a chat: a card an item, its buttons and forms, and `/review`.

Every front-end shows the same cards and hands in the same presses. Who may do what is decided by
`services.desk` at the moment of the press; a button grants nothing.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot import wording
from bot.bootstrap import Services
from bot.replies import Action, Form, Reply
from bot.usecases.labels import labels_from_item
from bot.usecases.presses import Press
from bot.wording.takedowns import ALL
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import ChannelId
from core.contracts.reviews import (
    UNDECIDED,
    ReviewFilter,
    ReviewId,
    ReviewItem,
    ReviewKind,
    Ruling,
)
from core.errors import NotFound, UserError
from core.takedown import reach_of
from moderation.policy import Policy
from moderation.review import rights
from moderation.review.acts import Said
from moderation.review.context import Context, read_context
from moderation.review.desk import ReviewDesk

_RULINGS = {
    Action.REVIEW_APPROVE: Ruling.APPROVE,
    Action.REVIEW_REJECT: Ruling.REJECT,
}
_FORMS = frozenset({*_RULINGS, Action.REVIEW_ESCALATE})

_Act = Callable[[ReviewDesk, Actor, ReviewId, Mapping[str, str]], ReviewItem]

_ACTS: Mapping[Action, _Act] = MappingProxyType(
    {
        Action.REVIEW_CLAIM: lambda desk, actor, item_id, _: desk.claim(actor, item_id),
        Action.REVIEW_RELEASE: lambda desk, actor, item_id, _: desk.release(actor, item_id),
        Action.REVIEW_APPROVE: lambda desk, actor, item_id, fields: desk.decide(
            actor, item_id, _said(Ruling.APPROVE, fields)
        ),
        Action.REVIEW_REJECT: lambda desk, actor, item_id, fields: desk.decide(
            actor, item_id, _said(Ruling.REJECT, fields)
        ),
        Action.REVIEW_ESCALATE: lambda desk, actor, item_id, fields: desk.escalate(
            actor, item_id, fields.get("note", "")
        ),
        Action.REVIEW_UNDO: lambda desk, actor, item_id, _: desk.undo(actor, item_id),
        Action.REVIEW_APPLY: lambda desk, actor, item_id, _: desk.apply_now(actor, item_id),
    }
)
"""What changes an item."""

ACTIONS = (*_ACTS, Action.REVIEW_REVEAL, Action.REVIEW_LABEL)
"""The buttons of an item's card."""


def may_review(services: Services, actor: Actor) -> bool:
    """Tell whether a person may see what waits: a moderator, of a role that the policy names."""
    if not actor.is_moderator:
        return False
    services.gates.look_again()
    policy = services.gates.of(actor.community_id, ChannelId("")).policy
    try:
        rights.require_role(policy, actor, "look")
    except UserError:
        return False
    return True


def card(services: Services, item: ReviewItem) -> Reply:
    """Make an item's card for the moderators' channel; it quotes the request."""
    now = services.clock()
    context = read_context(services.store, services.gates, item, now)
    policy = services.desk.policy_for(item)
    return wording.review_card(context, policy, now, is_echoed=_is_echoed(context, policy))


def press(services: Services, actor: Actor, pressed: Press) -> Reply | Form:
    """Do what a button of a card says, or open the form that it takes first.

    Raises:
        UserError: whatever the desk says; `label_not_settled` and the like for a label.
        NotFound: `review_not_found`, also where the item is another community's.
    """
    item_id = pressed.item
    if item_id is None:
        raise NotFound("review_not_found", value="")
    if pressed.action in _FORMS and pressed.fields is None:
        return _form(services, actor, item_id, pressed.action)
    if pressed.action is Action.REVIEW_REVEAL:
        return wording.review_revealed(item_id, services.desk.reveal(actor, item_id))
    if pressed.action is Action.REVIEW_LABEL:
        labels_from_item(services, actor, item_id)
        return wording.review_labelled()
    item = _ACTS[pressed.action](services.desk, actor, item_id, pressed.fields or {})
    return _own_card(services, item)


def review_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Take the next item, show one by its id, or count what waits: always privately.

    Raises:
        UserError: `review_not_permitted`.
        NotFound: `review_not_found`.
    """
    del address  # An item has its own.
    word = rest.strip()
    if not word:
        return _next(services, actor)
    if word.lower() == "queue":
        services.desk.page(actor, ReviewFilter(), limit=1)  # Asks who may look.
        with services.store.reading() as unit:
            return wording.review_queue(unit.reviews.counts(actor.community_id))
    return _own_card(services, services.desk.look(actor, ReviewId(word[:64])))


def _next(services: Services, actor: Actor) -> Reply:
    item = services.desk.next_item(actor)
    if item is not None:
        return _own_card(services, item)
    with services.store.reading() as unit:
        settings = unit.moderators.settings(actor.community_id, actor.member_id)
    return wording.review_none(is_paused=settings.is_paused)


def _own_card(services: Services, item: ReviewItem) -> Reply:
    return wording.review_card_privately(card(services, item), item)


def _form(services: Services, actor: Actor, item_id: ReviewId, action: Action) -> Form:
    """Open a form, unless it is plain already that it could not be sent."""
    item = services.desk.look(actor, item_id)
    with services.store.reading() as unit:
        rights.require_not_own(unit, actor, item)
    rights.require_rank(actor, item)
    rights.require_undecided(item)
    rights.require_free(actor, item, services.clock())
    ruling = _RULINGS.get(action)
    policy = services.desk.policy_for(item)
    reasons = policy.review.reasons_for(ruling) if ruling else {}
    reached = came_from(services, item) if ruling is Ruling.REJECT else 0
    return wording.review_form(item, action, reasons, reached)


def came_from(services: Services, item: ReviewItem) -> int:
    """Count the requests that a rejected report may take down with its own."""
    if item.kind is not ReviewKind.REPORT or item.state not in UNDECIDED:
        return 0
    with services.store.reading() as unit:
        return len(reach_of(unit, item.community_id, item.job_id, None).jobs)


def _said(ruling: Ruling, fields: Mapping[str, str]) -> Said:
    is_cascading = fields.get("reach") == ALL
    return Said(ruling, fields.get("reason", ""), fields.get("note", ""), is_cascading=is_cascading)


def _is_echoed(context: Context, policy: Policy) -> bool:
    """Tell whether what was found may be quoted: not, where any category in it forbids that."""
    found = {context.item.category}
    if context.deciding is not None:
        found |= {each.category for each in context.deciding.findings}
    named = [policy.categories[code] for code in found if code in policy.categories]
    return all(category.is_echoed for category in named)
