"""Delete a member's data for good: files first, then every row in one transaction.

Whoever is killed in between does it again: what is gone is gone, and the rest is found by the
rows, which go last.
"""

import structlog

from bot.bootstrap import Services
from core.contracts.actors import Actor
from core.contracts.ids import JobId, MemberId, new_id
from core.contracts.jobs import Job, Picture
from core.contracts.mydata import GONE, Erased, Holdings
from core.contracts.reviews import ReviewState
from core.errors import UserError
from core.held import HeldArea
from core.storage import Unit
from core.workflow import TABLE, JobState, Outcome

log = structlog.get_logger()

TRIES = 5
"""A picture may be finished between the look and the lock; five in a row are no accident."""


class _MovedOnError(Exception):
    """There is a file that was not there a moment ago: nothing of the unit is kept."""


def erase(services: Services, member: Actor, *, by: MemberId | None = None) -> Erased:
    """Delete what is kept of a member, but for what must stay; doing it again goes on with it.

    Args:
        services: What every use case is handed.
        member: Whose data.
        by: Who does it at their wish, if not they themselves.

    Raises:
        UserError: `mydata_busy`.
        Unavailable: the database or the blob store is away; what is gone is gone.
    """
    if (kept := _kept_whole(services, member, by)) is not None:
        return Erased(requests=0, files=0, rows=0, stays=kept)
    for _ in range(TRIES):
        pictures, others = _files(services, member)
        _delete_files(services, pictures, others)
        try:
            return _erase_rows(services, member, by, pictures, others)
        except _MovedOnError:
            continue
    raise UserError("mydata_busy")


def _kept_whole(services: Services, member: Actor, by: MemberId | None) -> Holdings | None:
    """Tell whether a legal hold names the member, and write down that they asked."""
    now = services.clock()
    with services.store.unit() as unit:
        kept = unit.personal.erasure(member.community_id, member.member_id, now).holdings()
        if not kept.is_on_hold:
            return None
        unit.audit.add(
            "data_kept",
            job_id=None,
            by=by or member.member_id,
            facts={},
            now=now,
            community_id=member.community_id,
            about=member.member_id,
        )
    return kept


def _files(services: Services, member: Actor) -> tuple[list[Picture], list[str]]:
    with services.store.reading() as unit:
        erasure = unit.personal.erasure(member.community_id, member.member_id, services.clock())
        return erasure.pictures(), erasure.other_files()


def _delete_files(services: Services, pictures: list[Picture], others: list[str]) -> None:
    area = HeldArea(services.blobs, services.settings)
    for picture in pictures:
        area.destroy(picture)
    for blob in others:
        services.blobs.delete(blob)


def _erase_rows(
    services: Services,
    member: Actor,
    by: MemberId | None,
    pictures: list[Picture],
    others: list[str],
) -> Erased:
    now = services.clock()
    gone_as = MemberId(f"{GONE}{new_id()}")
    with services.store.unit() as unit:
        erasure = unit.personal.erasure(member.community_id, member.member_id, now)
        job_ids = erasure.jobs()
        if (erasure.pictures(), erasure.other_files()) != (pictures, others):
            raise _MovedOnError
        jobs = [unit.jobs.get(job_id) for job_id in job_ids]
        for job in jobs:
            _end(unit, job, gone_as, services)
        for key in erasure.messages():
            unit.chat.delete(key, now=now)
        rows = unit.audit.erase(member.member_id, member.community_id) + erasure.erase(gone_as)
        files = len(pictures) + len(others)
        unit.audit.add(
            "data_deleted",
            job_id=None,
            by=gone_as if by in {None, member.member_id} else by,
            facts={"requests": len(jobs), "files": files, "rows": rows},
            now=now,
            community_id=member.community_id,
            about=gone_as,
        )
        stays = erasure.holdings()
    _clear_caches(services, jobs)
    log.info("member_erased", requests=len(jobs), files=files, rows=rows)
    return Erased(requests=len(jobs), files=files, rows=rows, stays=stays)


def _end(unit: Unit, job: Job, gone_as: MemberId, services: Services) -> None:
    """Call a request back, or take its pictures down, wherever it stands."""
    now = services.clock()
    if job.state is JobState.OUTPUT_REVIEW:
        # Nobody decided against it: there is nothing left to decide about.
        unit.reviews.close_of_job(job.job_id, ReviewState.WITHDRAWN, now=now)
    for outcome in (Outcome.CANCELLED, Outcome.TAKEN_DOWN, Outcome.REJECTED):
        if (job.state, outcome) in TABLE:
            unit.jobs.advance(job.job_id, outcome, now=now, by=gone_as)
            return


def _clear_caches(services: Services, jobs: list[Job]) -> None:
    """Stop whoever still draws, and forget what was last told of it; neither ever fails."""
    for job in jobs:
        if job.state is JobState.RUNNING:
            services.events.publish_cancel(job.job_id)
        services.events.clear_progress(JobId(job.job_id))
    services.courier.nudge(*{job.address.platform for job in jobs})
