"""Do what the buttons under a price say: draw it, once, or leave it."""

from datetime import timedelta

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases import imagine
from bot.usecases.presses import Press
from core.contracts.actors import Actor
from core.contracts.personal import Draft
from core.errors import NotFound, UserError
from core.storage import Unit

GOOD_FOR = timedelta(minutes=15)
"""After this the price is no longer what it was, and the person has turned to something else."""


def confirm(services: Services, actor: Actor, press: Press) -> Reply:
    """Begin a request whose price its author has seen; it goes through the whole gate again.

    Raises:
        NotFound: `draft_not_found`, also where it is another's.
        UserError: `draft_expired`, `draft_used`, or whatever any request may be refused for.
    """
    with services.store.reading() as unit:
        draft = _own(unit, actor, press)
    if services.clock() > draft.created_at + GOOD_FOR:
        raise UserError("draft_expired", value=draft.draft_id)
    return imagine.admit(
        services,
        actor,
        draft.spec,
        draft.address,
        parent=draft.parent_id,
        action=draft.action,
        draft_id=draft.draft_id,
    )


def decline(services: Services, actor: Actor, press: Press) -> Reply:
    """Leave a request be.

    Raises:
        NotFound: `draft_not_found`, also where it is another's.
        UserError: `draft_used`.
    """
    with services.store.unit() as unit:
        draft = _own(unit, actor, press)
        if not unit.drafts.use(draft.draft_id, services.clock()):
            raise UserError("draft_used", value=draft.draft_id)
    return wording.draft_declined(draft)


def _own(unit: Unit, actor: Actor, press: Press) -> Draft:
    if press.draft is None:
        raise NotFound("draft_not_found", value="none")
    draft = unit.drafts.get(press.draft)
    if (draft.community_id, draft.member_id) != (actor.community_id, actor.member_id):
        raise NotFound("draft_not_found", value=press.draft)
    return draft
