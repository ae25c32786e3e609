"""Take a request's pictures down for good: alone, or with all that came from them.

Whoever deletes pictures that others were made from is asked first which of the two they mean. A
member's deletion reaches what is theirs; what others made of their pictures stays, for they could
go on from what was posted, and it can be reported. A moderator's reaches everybody's.
"""

import structlog

from bot import permissions, wording
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Reply
from bot.usecases.inputs import POSTED
from bot.usecases.presses import Press
from core.contracts.actors import Actor
from core.contracts.ids import JobId, MemberId
from core.contracts.jobs import Job, Picture
from core.errors import IllegalStep, Unavailable, UserError
from core.held import HeldArea
from core.storage import Unit
from core.takedown import Carried, Reach, Takedowns, reach_of
from core.workflow import Outcome

log = structlog.get_logger()


def pressed(services: Services, actor: Actor, press: Press) -> Reply:
    """Delete a job's pictures, or ask first, where something came from them.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `not_permitted`; `nothing_to_delete`, when no picture stands.
    """
    with services.store.reading() as unit:
        job = _deletable(unit, actor, press.job_id)
        reach = _reach(unit, actor, job)
    if reach.jobs:
        return wording.takedown_question(job, len(reach.jobs), reach.others)
    return delete(services, actor, press.job_id)


def delete(services: Services, actor: Actor, job_id: JobId) -> Reply:
    """Take a job's pictures down for good; that it was done, and by whom, stays on record.

    The bytes go first: when the blob store is away nothing has changed and the person may try
    again, and when this process dies in between, pressing again finishes the work.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `not_permitted`; `nothing_to_delete`, when no picture stands.
    """
    with services.store.reading() as unit:
        job = _deletable(unit, actor, job_id)
        is_kept = unit.holds.keeps(job)
        pictures = unit.pictures.of_job(job_id)
    # What a legal hold names is shown to nobody any more; once it is lifted, the sweep deletes it.
    gone = [] if is_kept else pictures
    for picture in gone:
        services.blobs.delete(picture.blob)
    taken_down = _record_deletion(services, actor, job, gone)
    services.courier.nudge(job.address.platform)
    is_own = permissions.is_author(actor, job)
    log.info("job_taken_down", job_id=job_id, pictures=len(pictures), is_own=is_own)
    return wording.taken_down(taken_down)


def delete_all(services: Services, actor: Actor, press: Press) -> Reply:
    """Take a job's pictures down with all that came from them, as far as this person reaches.

    What is wanted is written first, so that nothing is left half done: where a store goes away on
    the way, the sweep goes on with it.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `not_permitted`; `nothing_to_delete`, when no picture stands.
    """
    now = services.clock()
    with services.store.unit() as unit:
        job = _deletable(unit, actor, press.job_id)
        reach = _reach(unit, actor, job)
        takedown = unit.takedowns.begin(
            job.actor.community_id,
            job.job_id,
            by=actor.member_id,
            only_of=_only_of(actor),
            reach=len(reach.jobs),
            now=now,
        )
    try:
        carried = carrier(services).carry_out(takedown.takedown_id)
    except Unavailable as error:
        log.warning("takedown_postponed", takedown_id=takedown.takedown_id, code=error.code)
        return wording.takedown_goes_on(job)
    _tell(services, carried)
    return wording.takedown_done(job, carried.takedown, reach.others)


def carrier(services: Services) -> Takedowns:
    """Make what carries take-downs out, over this process's stores."""
    held = HeldArea(services.blobs, services.settings)
    return Takedowns(services.store, held, services.clock)


def _tell(services: Services, carried: Carried) -> None:
    """Stop who still draws, and have everybody told whose pictures went."""
    for job_id in carried.running:
        services.events.publish_cancel(job_id)
    services.courier.nudge(*carried.platforms, is_review=True)


def _deletable(unit: Unit, actor: Actor, job_id: JobId) -> Job:
    job = permissions.visible_job(unit, actor, job_id)
    is_own = permissions.is_author(actor, job)
    permissions.require(actor, Deed.DELETE_OWN if is_own else Deed.DELETE_OTHERS)
    if job.state not in POSTED:
        raise UserError("nothing_to_delete", value=job_id)
    return job


def _only_of(actor: Actor) -> MemberId | None:
    return None if actor.is_moderator else actor.member_id


def _reach(unit: Unit, actor: Actor, job: Job) -> Reach:
    return reach_of(unit, job.actor.community_id, job.job_id, _only_of(actor))


def _record_deletion(services: Services, actor: Actor, job: Job, pictures: list[Picture]) -> Job:
    now = services.clock()
    facts = {"pictures": len(pictures), "is_own": permissions.is_author(actor, job)}
    try:
        with services.store.unit() as unit:
            for picture in pictures:
                unit.pictures.mark_deleted(picture.verify_id, now)
            unit.audit.add(
                "pictures_deleted", job_id=job.job_id, by=actor.member_id, facts=facts, now=now
            )
            return unit.jobs.advance(job.job_id, Outcome.TAKEN_DOWN, now=now, by=actor.member_id)
    except IllegalStep as error:  # Another person was a moment faster.
        raise UserError("nothing_to_delete", value=job.job_id) from error
