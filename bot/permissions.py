"""Say who may do what to whose job: asked by every use case, known to no front-end."""

from enum import StrEnum

from core.contracts.actors import Actor, ReplyAddress, Role
from core.contracts.ids import JobId
from core.contracts.jobs import Job
from core.errors import NotFound, UserError
from core.storage import Unit
from core.workflow import JobState


class Deed(StrEnum):
    """What a person may want to do; the strings are stable and reach `UserError` facts."""

    IMAGINE = "imagine"
    REROLL = "reroll"
    GO_ON = "go_on"
    REPORT = "report"
    APPEAL = "appeal"
    DELETE_OWN = "delete_own"
    DELETE_OTHERS = "delete_others"
    HOLD = "hold"


RANK = (Role.MEMBER, Role.MODERATOR, Role.ADMIN)

MINIMUM: dict[Deed, Role] = {
    Deed.IMAGINE: Role.MEMBER,
    Deed.REROLL: Role.MEMBER,
    Deed.GO_ON: Role.MEMBER,
    Deed.REPORT: Role.MEMBER,
    Deed.APPEAL: Role.MEMBER,
    Deed.DELETE_OWN: Role.MEMBER,
    Deed.DELETE_OTHERS: Role.MODERATOR,
    Deed.HOLD: Role.ADMIN,
}
"""The least role that each deed takes."""

OPEN_STATES = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.PUBLISHED, JobState.DELIVERED})
"""States in which a community may know of a job: its prompt is cleared and nothing is withheld.
In every other state a job concerns its author alone."""


def require(actor: Actor, deed: Deed) -> None:
    """Let a person pass who may do this.

    Raises:
        UserError: `not_permitted`.
    """
    least = MINIMUM[deed]
    if RANK.index(actor.role) < RANK.index(least):
        raise UserError("not_permitted", value=deed.value, allowed=[least.value])


def is_author(actor: Actor, job: Job) -> bool:
    """Tell whether this person asked for this job, in this community."""
    return (actor.community_id, actor.member_id) == (job.actor.community_id, job.actor.member_id)


def is_of_community(actor: Actor, job: Job) -> bool:
    """Tell whether this person is where this job was asked for."""
    return actor.community_id == job.actor.community_id


def may_see(actor: Actor, job: Job) -> bool:
    """Tell whether this person may know that a job exists."""
    if not is_of_community(actor, job):
        return False
    return is_author(actor, job) or job.state in OPEN_STATES


def visible_job(unit: Unit, actor: Actor, job_id: JobId) -> Job:
    """Find a job for a person who may know of it.

    Raises:
        NotFound: `job_not_found`, the same whether the job is another's secret or no job at all.
    """
    job = unit.jobs.get(job_id)
    if not may_see(actor, job):
        raise NotFound("job_not_found", value=job_id)
    return job


def fits_place(job: Job, address: ReplyAddress) -> bool:
    """Tell whether a job may be shown in a place: what is age-restricted stays where it is."""
    return address.is_age_restricted or not job.address.is_age_restricted


def require_place(job: Job, address: ReplyAddress) -> None:
    """Let a job be shown in a place that it fits.

    Raises:
        UserError: `age_restricted`, when this place is open to all and the job's was not.
    """
    if not fits_place(job, address):
        raise UserError("age_restricted", value=job.job_id)
