"""Call requests back while they wait or run: one of them, or all of one's own."""

import structlog

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply, Visibility
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import JobId
from core.contracts.jobs import Job
from core.errors import IllegalStep, Unavailable, UserError
from core.storage import Unit
from core.workflow import TABLE, JobState, Outcome

log = structlog.get_logger()

CANCELLABLE = frozenset(state for state, outcome in TABLE if outcome is Outcome.CANCELLED)
"""States in which a request can still be called back."""

ALL = "all"
_ALL_MOST = 1000
"""Requests called back at once; more than anybody may have waiting."""


def cancel(services: Services, actor: Actor, job_id: JobId) -> Reply:
    """Call an own request back before it is drawn, or while it is.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `not_permitted`; `nothing_to_cancel`, when it is over already.
    """
    with services.store.unit() as unit:
        job = permissions.visible_job(unit, actor, job_id)
        if not permissions.is_author(actor, job):
            raise UserError("not_permitted", value="cancel")
        cancelled = _call_back(services, unit, job)
        if cancelled is None:
            raise UserError("nothing_to_cancel", value=job_id)
    _clear_up(services, [job])
    return wording.cancelled(cancelled)


def cancel_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do `/cancel JOB` and `/cancel all`.

    Raises:
        NotFound: `job_not_found`.
        UserError: `cancel_what`, `not_permitted`, `nothing_to_cancel`.
    """
    word = (rest.lower().split(maxsplit=1) or [""])[0]
    if not word:
        raise UserError("cancel_what")
    if word == ALL:
        return cancel_all(services, actor)
    # The request's own message tells everybody.
    private = {"visibility": Visibility.PRIVATE}
    return cancel(services, actor, JobId(word)).model_copy(update=private)


def cancel_all(services: Services, actor: Actor) -> Reply:
    """Call back everything of this person's that can be.

    Raises:
        UserError: `nothing_to_cancel`.
    """
    with services.store.unit() as unit:
        jobs = unit.jobs.recent(
            actor.community_id, member_id=actor.member_id, states=CANCELLABLE, limit=_ALL_MOST
        )
        jobs = [job for job in jobs if _call_back(services, unit, job) is not None]
    if not jobs:
        raise UserError("nothing_to_cancel", value=ALL)
    _clear_up(services, jobs)
    return wording.all_cancelled(len(jobs))


def _call_back(services: Services, unit: Unit, job: Job) -> Job | None:
    """Take the step; None where the job was a moment faster, or is over."""
    try:
        return unit.jobs.advance(
            job.job_id, Outcome.CANCELLED, now=services.clock(), by=job.actor.member_id
        )
    except IllegalStep:
        return None


def _clear_up(services: Services, jobs: list[Job]) -> None:
    """Stop what is drawn for called-back jobs, and remove what was kept for them.

    Their tickets at the broker start other people's jobs, or find nothing.
    """
    for job in jobs:
        if job.state is JobState.RUNNING:
            services.events.publish_cancel(job.job_id)
        if job.snapshot is not None:
            try:
                services.blobs.delete(job.snapshot)
            except Unavailable as error:
                log.warning("blob_left_behind", blob=job.snapshot, code=error.code)
        log.info("job_cancelled", job_id=job.job_id, state=job.state.value)
    services.courier.nudge(*{job.address.platform for job in jobs})
