"""Ask a person to look at a refusal again: once a request, with a sentence if one likes.

What is drawn in the end is what was asked for in the first place: the job goes on, with its own
words, seed and address. Who is barred from asking for pictures may still ask this.
"""

import structlog

from bot import permissions, wording
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Form, Reply
from bot.standing import read_standing, was_appealed
from bot.usecases import inputs
from bot.usecases.presses import Press
from bot.wording.forms import APPEAL_MOST
from core.contracts.actors import Actor
from core.contracts.jobs import Job
from core.errors import IllegalStep, NotFound, UserError
from core.storage import Unit
from core.workflow import Outcome
from moderation.policy import Policy
from moderation.review.opening import Held, open_for

log = structlog.get_logger()

NOTE = "note"
"""The one field of the form."""


def appeal(services: Services, actor: Actor, press: Press) -> Reply | Form:
    """Open the form, or take it up: the refusal goes to the moderators, and its author is told.

    Raises:
        NotFound: `job_not_found`, also where the job is another member's.
        UserError: `appeal_used`, when this refusal was looked at again, or is to be;
            `appeal_not_possible`, when it stands whatever anybody says, or there is no refusal;
            `appeal_note_too_long`.
    """
    permissions.require(actor, Deed.APPEAL)
    with services.store.reading() as unit:
        job = unit.jobs.get(press.job_id)
        if not permissions.is_author(actor, job):
            raise NotFound("job_not_found", value=press.job_id)
        permissions.require_place(job, press.address)
        policy = services.gates.of(actor.community_id, job.address.channel_id).policy
        _require_possible(unit, job, policy)
    if press.fields is None:
        return wording.appeal_form(job.job_id)
    held = _open(services, actor, job, policy, _note_of(press))
    services.courier.nudge(held.address.platform, is_review=True)
    log.info("refusal_appealed", job_id=held.job_id)
    return wording.appealed(held)


def _require_possible(unit: Unit, job: Job, policy: Policy) -> None:
    inputs.require_words(job.spec)
    standing = read_standing(unit, job)
    if standing.is_appealable(policy):
        return
    code = "appeal_used" if was_appealed(unit, job) else "appeal_not_possible"
    raise UserError(code, value=job.job_id)


def _note_of(press: Press) -> str:
    note = " ".join((press.fields or {}).get(NOTE, "").split())
    if len(note) > APPEAL_MOST:
        raise UserError("appeal_note_too_long", value=len(note), allowed=[str(APPEAL_MOST)])
    return note


def _open(services: Services, actor: Actor, job: Job, policy: Policy, note: str) -> Job:
    """Hold the job and open its item, both or neither; of two presses at once, one does it."""
    now = services.clock()
    try:
        with services.store.unit() as unit:
            # The step takes the job's lock: what is read of its items after it stays so.
            held = unit.jobs.advance(job.job_id, Outcome.APPEALED, now=now, by=actor.member_id)
            inputs.require_words(held.spec)
            before = read_standing(unit, job)
            if not before.is_appealable(policy):
                raise UserError("appeal_used", value=job.job_id)
            why = Held(Outcome.APPEALED, before.deciding, policy, member_note=note)
            open_for(unit, held, why, now=now)
            return held
    except IllegalStep as error:  # The other press was a moment faster.
        raise UserError("appeal_used", value=job.job_id) from error
