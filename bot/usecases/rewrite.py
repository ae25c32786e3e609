"""Offer a refused request as it would pass; nothing of it is drawn before its author says so."""

from bot import permissions
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Form, Reply
from bot.usecases import remix
from bot.usecases.presses import Press
from core.contracts.actors import Actor
from core.errors import NotFound, UserError

ACTION = "rewrite"


def rewrite(services: Services, actor: Actor, press: Press) -> Reply | Form:
    """Open the safe rewrite as text to change, then take it through the gate as any request.

    Raises:
        NotFound: `job_not_found`, also where the job is another member's.
        UserError: `no_rewrite`, or what is wrong with the text.
    """
    permissions.require(actor, Deed.IMAGINE)
    with services.store.reading() as unit:
        job = unit.jobs.get(press.job_id)
        if not permissions.is_author(actor, job):
            raise NotFound("job_not_found", value=press.job_id)
        permissions.require_place(job, press.address)
        spec = unit.rewrites.of(job.job_id)
    if spec is None:
        raise UserError("no_rewrite", value=press.job_id)
    if press.fields is not None:
        return remix.submit(services, actor, press, action=ACTION)
    return remix.form(press, spec)
