"""Keep queue and jobs in step: every held job has an item, and every item a job that waits.

The steps themselves see to that. This is for rows from before there was a queue, and for bugs.
"""

from datetime import datetime

import structlog

from core.contracts.ids import JobId
from core.contracts.jobs import Job
from core.contracts.reviews import ReviewItem, ReviewState
from core.contracts.verdicts import Decision, Stage
from core.storage import Store, Unit
from core.workflow import JobState, Outcome
from moderation.gates import Gates
from moderation.policy import Policy
from moderation.review.opening import Held, open_for, weightiest

log = structlog.get_logger()


def adopt_orphans(store: Store, gates: Gates) -> int:
    """Open items for held jobs that have none, as of when they were held; say how many.

    Raises:
        Unavailable: the database is away.
    """
    with store.reading() as unit:
        orphans = unit.reviews.orphans()
    return len([job_id for job_id in orphans if _adopt(store, gates, job_id)])


def withdraw_strays(store: Store, *, now: datetime) -> int:
    """End items whose job no longer waits for them; say how many.

    Raises:
        Unavailable: the database is away.
    """
    with store.reading() as unit:
        strays = unit.reviews.strays()
    return len([item for item in strays if _withdraw(store, item, now)])


def _adopt(store: Store, gates: Gates, job_id: JobId) -> ReviewItem | None:
    with store.reading() as unit:
        job = unit.jobs.get(job_id)
    policy = gates.of(job.actor.community_id, job.address.channel_id).policy
    with store.unit() as unit:
        job = unit.jobs.lock(job_id)
        item = open_for(unit, job, _held(unit, job, policy), now=job.updated_at)
    if item is not None:
        log.warning("review_adopted", job_id=job_id, item_id=item.item_id)
    return item


def _held(unit: Unit, job: Job, policy: Policy) -> Held:
    """Read from the record why a job is held."""
    is_drawn = job.state is JobState.OUTPUT_REVIEW
    made = [
        each
        for each in unit.verdicts.of_job(job.job_id)
        if (each.stage is Stage.IMAGE) == is_drawn and each.decision is not Decision.ALLOW
    ]
    if is_drawn:
        looks = tuple(each.pdq for each in unit.pictures.of_job(job.job_id) if each.pdq)
        verdict = weightiest(made, policy)
        return Held(Outcome.OUTPUT_REVIEW, verdict, policy, picture_hashes=looks)
    verdict = made[-1] if made else None
    was_refused = verdict is not None and verdict.decision is Decision.BLOCK
    return Held(Outcome.APPEALED if was_refused else Outcome.PROMPT_REVIEW, verdict, policy)


def _withdraw(store: Store, item: ReviewItem, now: datetime) -> bool:
    with store.unit() as unit:
        unit.jobs.lock(item.job_id)
        if unit.reviews.locked(item.item_id) != item:  # Somebody was busy with it after all.
            return False
        unit.reviews.close(item, ReviewState.WITHDRAWN, now=now)
    log.warning("review_withdrawn", job_id=item.job_id, item_id=item.item_id)
    return True
