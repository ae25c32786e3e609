"""Put what waits for a person into the queue, in the transaction of the step that holds it.

Whoever takes a job into PROMPT_REVIEW or OUTPUT_REVIEW calls `open_for` in the same unit, right
after `unit.jobs.advance` or `begin`; whoever takes a report calls `report`. After the commit they
wake `core.events.REVIEWS_TOPIC`, which is a courtesy: pages also look by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.contracts.ids import new_id
from core.contracts.jobs import Job
from core.contracts.reviews import UNDECIDED, ReviewId, ReviewItem, ReviewKind
from core.contracts.verdicts import Decision, Verdict
from core.storage import Unit
from core.workflow import JobState, Outcome
from moderation.policy import FLOOR_CATEGORIES, Policy, Severity
from moderation.review.alike import prompt_key

UNSORTED = "medium"
"""The severity of what no category decided."""

NOTE_MOST = 1000
"""Characters of what authors and reporters add to an item."""

_HOLDING = frozenset({JobState.PROMPT_REVIEW, JobState.OUTPUT_REVIEW})


@dataclass(frozen=True, slots=True)
class Held:
    """Why a job is held."""

    outcome: Outcome
    """What held it: a review that the policy asks for, a check that failed, an appeal."""
    verdict: Verdict | None
    """What the policy said, if anything; with several pictures, `weightiest` of theirs."""
    policy: Policy
    """What is in force where it was asked for."""
    member_note: str = ""
    picture_hashes: tuple[str, ...] = ()
    """PDQ of its pictures, where they say something."""


def opened(job: Job, held: Held, *, kind: ReviewKind, now: datetime) -> ReviewItem:
    """Make the item of a job."""
    category = None if held.verdict is None else held.verdict.category
    review = held.policy.review
    known = held.policy.categories.get(category) if category else None
    severity = known.severity.value if known else UNSORTED
    is_report = kind is ReviewKind.REPORT
    return ReviewItem(
        item_id=ReviewId(new_id()),
        community_id=job.actor.community_id,
        channel_id=job.address.channel_id,
        job_id=job.job_id,
        member_id=job.actor.member_id,
        author=job.actor.display_name,
        kind=kind,
        category=category,
        severity=severity,
        needs_two=needs_two(category, held.policy),
        reports=1 if is_report else 0,
        text=job.spec.prompt,
        prompt_key=prompt_key(job.spec),
        picture_hashes=held.picture_hashes,
        member_note=held.member_note[:NOTE_MOST],
        policy_version=held.policy.version,
        verdict_id=None if held.verdict is None else held.verdict.verdict_id,
        opened_at=now,
        due_at=now + timedelta(hours=getattr(review.sla_hours, severity)),
        lapses_at=None if is_report else now + timedelta(hours=held.policy.review_timeout_h),
    )


def open_for(unit: Unit, job: Job, held: Held, *, now: datetime) -> ReviewItem | None:
    """Open the item of a job that a step has just held; None: the step did not hold it."""
    if job.state not in _HOLDING:
        return None
    item = opened(job, held, kind=kind_of(held), now=now)
    return item if unit.reviews.open(item) else unit.reviews.live_of_job(job.job_id)


def report(unit: Unit, job: Job, held: Held, *, now: datetime) -> ReviewItem:
    """Open the item of a reported job, or raise the one that is open.

    Each further report halves the time that is left to look.
    """
    fresh = opened(job, held, kind=ReviewKind.REPORT, now=now)
    # Where two report at once, the second waits here for the first and then finds its item.
    item = None if unit.reviews.open(fresh) else unit.reviews.locked_of_job(job.job_id)
    if item is None:
        return fresh
    notes = "\n".join(filter(None, (item.member_note, held.member_note)))
    raised = {"reports": item.reports + 1, "member_note": notes[:NOTE_MOST]}
    if item.state in UNDECIDED and item.due_at > now:
        raised["due_at"] = now + (item.due_at - now) / 2
    return unit.reviews.save(item.model_copy(update=raised))


def kind_of(held: Held) -> ReviewKind:
    """Say why a person has to look: a review that no finding asks for is a check's failure."""
    if held.outcome is Outcome.APPEALED:
        return ReviewKind.APPEAL
    if held.outcome is Outcome.CHECK_UNAVAILABLE:
        return ReviewKind.FAILED_CHECK
    if held.verdict is None or held.verdict.deciding is None:
        return ReviewKind.FAILED_CHECK
    return (
        ReviewKind.HELD_PICTURE if held.outcome is Outcome.OUTPUT_REVIEW else ReviewKind.HELD_PROMPT
    )


def needs_two(category: str | None, policy: Policy) -> bool:
    """Tell whether approving takes two people: for the floor always."""
    return category in FLOOR_CATEGORIES or category in policy.review.second_person


def weightiest(verdicts: Sequence[Verdict], policy: Policy) -> Verdict | None:
    """Pick the verdict that an item names: one that asks for a person, of the gravest category."""
    asking = [each for each in verdicts if each.decision is not Decision.ALLOW]
    return max(asking, key=lambda verdict: _gravity(verdict, policy), default=None)


def _gravity(verdict: Verdict, policy: Policy) -> int:
    known = policy.categories.get(verdict.category or "")
    return -1 if known is None else tuple(Severity).index(known.severity)
