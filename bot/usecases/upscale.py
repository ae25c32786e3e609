"""Enlarge one picture, alone."""

from bot import permissions
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Reply
from bot.usecases import imagine, inputs
from bot.usecases.presses import Press
from core.contracts.actors import Actor
from core.contracts.generation import GenerationSpec

FACTOR = 2
"""What the buttons ask for; `--upscale 4` goes further at once."""


def upscale(services: Services, actor: Actor, press: Press) -> Reply:
    """Ask for one picture to be enlarged; its words and its seed go with it, and whether it tiles.

    Raises:
        NotFound: `job_not_found` or `picture_not_found`, also where it is not theirs to see.
        UserError: `picture_deleted`, `age_restricted` or `upscale_too_large`.
    """
    permissions.require(actor, Deed.GO_ON)
    with services.store.reading() as unit:
        origin = inputs.origin_of(unit, actor, press)
    spec = GenerationSpec(
        prompt=origin.spec.prompt,
        seed=origin.picture.seed,
        model=origin.spec.model,
        is_tile=origin.spec.is_tile,
        image=origin.picture.verify_id,
        upscale=FACTOR,
    )
    return imagine.admit(
        services, actor, spec, press.address, parent=press.job_id, action="upscale"
    )
