"""Show a job again, and its full recipe, to those who may see them."""

import re

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.standing import read_standing, tell
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import JobId, VerifyId
from core.contracts.jobs import Job, Picture
from core.errors import NotFound, UserError
from core.storage import Unit

_VERIFY_ID = re.compile(r"[0-9a-f]{16}")

LINEAGE_SHOWN = 10
"""Requests that details go back over; further back, the last one's own details tell more."""


def is_verify_id(word: str) -> bool:
    """Tell whether a word may name a picture."""
    return _VERIFY_ID.fullmatch(word) is not None


def named_picture(unit: Unit, actor: Actor, word: str) -> Picture | None:
    """Find the picture that a verify id names; None where the word is none.

    Raises:
        NotFound: `picture_not_found`, the same whether it is another's secret or no picture.
    """
    if not is_verify_id(word):
        return None
    picture = unit.pictures.get(VerifyId(word))
    if not permissions.may_see(actor, unit.jobs.get(picture.job_id)):
        raise NotFound("picture_not_found", verify_id=word)
    return picture


def show_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/show`: a request's id, or the verify id of a picture of it.

    Raises:
        UserError: `job_id_missing`, and whatever `show` raises.
    """
    if not rest:
        raise UserError("job_id_missing")
    word = rest.split(maxsplit=1)[0].lower()
    with services.store.reading() as unit:
        picture = named_picture(unit, actor, word)
    return show(services, actor, picture.job_id if picture else JobId(word), address)


def show(services: Services, actor: Actor, job_id: JobId, address: ReplyAddress) -> Reply:
    """Tell how a job stands now: its progress, its pictures, or why there are none.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `age_restricted`, when this place is open to all and the job's was not.
    """
    with services.store.reading() as unit:
        job = permissions.visible_job(unit, actor, job_id)
        permissions.require_place(job, address)
        standing = read_standing(unit, job)
    return tell(services, standing, standing.kind)


def details(services: Services, actor: Actor, job_id: JobId) -> Reply:
    """Tell a job's full recipe, privately; the gate's findings go to its author and moderators.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
    """
    with services.store.reading() as unit:
        job = permissions.visible_job(unit, actor, job_id)
        standing = read_standing(unit, job)
        may_see_findings = actor.is_moderator or permissions.is_author(actor, job)
        verdicts = tuple(unit.verdicts.of_job(job_id)) if may_see_findings else ()
        lineage = _lineage(unit, actor, job)
    policy = services.gates.of(job.actor.community_id, job.address.channel_id).policy
    return wording.details(job, standing.pictures, verdicts, policy, lineage, standing.records)


def _lineage(unit: Unit, actor: Actor, job: Job) -> list[Job]:
    """Go back to what a job goes on from, as far as a person may see."""
    lineage: list[Job] = []
    while job.parent_id is not None and len(lineage) < LINEAGE_SHOWN:
        job = unit.jobs.get(job.parent_id)
        if not permissions.may_see(actor, job):
            break
        lineage.append(job)
    return lineage
