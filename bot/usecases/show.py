"""Show a job again, and its full recipe, to those who may see them."""

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.standing import read_standing, tell
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import JobId
from core.contracts.jobs import Job
from core.storage import Unit

LINEAGE_SHOWN = 10
"""Requests that details go back over; further back, the last one's own details tell more."""


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
    return wording.details(job, standing.pictures, verdicts, services.gate.policy, lineage)


def _lineage(unit: Unit, actor: Actor, job: Job) -> list[Job]:
    """Go back to what a job goes on from, as far as a person may see."""
    lineage: list[Job] = []
    while job.parent_id is not None and len(lineage) < LINEAGE_SHOWN:
        job = unit.jobs.get(job.parent_id)
        if not permissions.may_see(actor, job):
            break
        lineage.append(job)
    return lineage
