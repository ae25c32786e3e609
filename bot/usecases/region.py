"""Draw a part of a picture anew, in other words, and leave the rest as it is."""

from bot import grammar, permissions, wording
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Form, Reply
from bot.usecases import imagine, inputs, remix
from bot.usecases.presses import Press
from core.contracts.actors import Actor
from core.errors import UserError

MASK = "mask"
"""The field of the form that holds the id of the uploaded mask."""

WEIGHT = 0.0
"""`--iw` inside the mask: nothing that was there stays, so that anything can come in its place."""


def vary_region(services: Services, actor: Actor, press: Press) -> Reply | Form:
    """Ask for a mask and for words, then draw what is painted anew.

    Raises:
        NotFound: `job_not_found`, `picture_not_found` or `image_not_found`.
        UserError: `picture_deleted`, `age_restricted`, `mask_empty` where none was painted, or
            what is wrong with the text.
    """
    permissions.require(actor, Deed.GO_ON)
    with services.store.reading() as unit:
        origin = inputs.origin_of(unit, actor, press)
        record = unit.registry.find(origin.picture.verify_id)
    if press.fields is None:
        fresh = {"seed": None, "image": None, "image_weight": None, "mask": None}
        text = grammar.format(origin.spec.model_copy(update=fresh))
        return wording.region_form(
            text, origin.picture, action=press.action, job_id=press.job_id, record=record
        )
    mask = press.fields.get(MASK, "").strip()
    if not mask:
        raise UserError("mask_empty")
    flags = f"--image {origin.picture.verify_id} --mask {mask}"
    spec = remix.read_fields(services, actor, press, flags)
    if spec.image_weight is None:
        spec = spec.model_copy(update={"image_weight": WEIGHT})
    return imagine.admit(
        services, actor, spec, press.address, parent=press.job_id, action="vary_region"
    )
