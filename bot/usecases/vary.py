"""Draw variations of a picture: near to it or further away, from a new seed."""

from bot import permissions
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Action, Form, Reply
from bot.usecases import imagine, inputs, remix
from bot.usecases.presses import Press
from core.contracts.actors import Actor

SUBTLE = 2.25
"""`--iw` of a gentle variation: noised to 0.37, which keeps the layout and changes the details."""

STRONG = 1.0
"""`--iw` of a strong one: noised to 0.72, which keeps the colours and the rough places."""

_WEIGHTS = {
    Action.VARY: (SUBTLE, "vary_subtle"),
    Action.VARY_SUBTLE: (SUBTLE, "vary_subtle"),
    Action.VARY_STRONG: (STRONG, "vary_strong"),
}
"""How much of the picture each button keeps, and how the job says that it came about."""


def vary(services: Services, actor: Actor, press: Press) -> Reply | Form:
    """Draw one picture's words again, beginning from the picture itself.

    Where the member has remix switched on, the words are opened for a change first.

    Raises:
        NotFound: `job_not_found` or `picture_not_found`, also where it is not theirs to see.
        UserError: `picture_deleted`, `age_restricted`, or what is wrong with a changed text.
    """
    permissions.require(actor, Deed.GO_ON)
    weight, action = _WEIGHTS[press.action]
    if press.fields is not None:
        return remix.submit(services, actor, press, action=action)
    with services.store.reading() as unit:
        origin = inputs.origin_of(unit, actor, press)
        settings = unit.settings.get(actor.community_id, actor.member_id)
    spec = origin.spec.model_copy(
        update={
            "seed": None,
            "image": origin.picture.verify_id,
            "image_weight": weight,
            "mask": None,
        }
    )
    if settings.is_remix:
        return remix.form(press, spec)
    return imagine.admit(services, actor, spec, press.address, parent=press.job_id, action=action)
