"""Tell how a job stands: one reply for each kind of notice, from the record alone.

Delivery tells a notice with it and `/show` tells a state with it, so the two never differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.generation import GenerationSpec
from core.contracts.ids import VerifyId
from core.contracts.jobs import Job, Picture, QueuePlace
from core.contracts.registry import ProvenanceRecord
from core.contracts.reviews import ReviewItem, ReviewKind, Ruling
from core.contracts.verdicts import Decision, Verdict
from core.storage import Unit
from core.workflow import PRIVATE, JobState, NoticeKind
from moderation.policy import Policy

_S, _N = JobState, NoticeKind

STANDS_IN: dict[NoticeKind, frozenset[JobState]] = {
    _N.HELD: frozenset({_S.PROMPT_REVIEW}),
    _N.REFUSED: frozenset({_S.BLOCKED}),
    _N.QUEUED: frozenset({_S.SCREENING, _S.QUEUED, _S.RUNNING}),
    _N.RESULT: frozenset({_S.PUBLISHED, _S.DELIVERED}),
    _N.OUTPUT_HELD: frozenset({_S.OUTPUT_REVIEW}),
    _N.WITHHELD: frozenset({_S.WITHHELD}),
    _N.EXPIRED: frozenset({_S.EXPIRED}),
    _N.CANCELLED: frozenset({_S.CANCELLED}),
    _N.FAILED: frozenset({_S.FAILED}),
    _N.TAKEN_DOWN: frozenset({_S.WITHHELD}),
}
"""The states in which a notice still says something true. One that a later step has overtaken is
dropped: a picture taken down before it was posted must never be posted."""

_IN_QUEUE = frozenset({_S.SCREENING, _S.QUEUED, _S.RUNNING})
_JUDGED = frozenset({_S.BLOCKED})
_DRAWN = frozenset({_S.PUBLISHED, _S.DELIVERED, _S.WITHHELD, _S.EXPIRED})
_REVIEWED = frozenset({_S.PROMPT_REVIEW, _S.BLOCKED, _S.WITHHELD, _S.EXPIRED})
"""The states whose words need the job's place, its verdicts, its pictures, its review items."""

NEVER_APPEALED = "sexual_minors"
"""Whatever a policy says: nobody is asked to look at such words once more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of a job, as far as it takes to tell how it stands."""

    job: Job
    pictures: tuple[Picture, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    place: QueuePlace | None = None
    was_taken_down: bool = False
    rewrite: GenerationSpec | None = None
    """What would pass instead, where a refused request has such a version."""
    reviews: tuple[ReviewItem, ...] = ()
    """What waited for a person, oldest first."""
    was_drawn: bool = False
    records: Mapping[VerifyId, ProvenanceRecord] = field(default_factory=dict)
    """What the registry remembers of the pictures."""

    @property
    def kind(self) -> NoticeKind:
        """The notice that fits the state, whatever notices were given on the way."""
        is_nothing_left = self.job.state is JobState.WITHHELD or not self.pictures
        if self.was_taken_down and is_nothing_left:
            return NoticeKind.TAKEN_DOWN
        return next(kind for kind, states in STANDS_IN.items() if self.job.state in states)

    @property
    def deciding(self) -> Verdict | None:
        """The last verdict that was not a plain yes."""
        return next(
            (each for each in reversed(self.verdicts) if each.decision is not Decision.ALLOW), None
        )

    @property
    def rejection(self) -> ReviewItem | None:
        """The moderator's decision because of which nothing is shown, if it was one."""
        last = self.reviews[-1] if self.reviews else None
        is_it = last is not None and last.ruling is Ruling.REJECT and not last.is_live
        return last if is_it else None

    @property
    def was_appealed(self) -> bool:
        """Tell whether a moderator was asked to look again: that can be done once."""
        return any(each.kind is ReviewKind.APPEAL for each in self.reviews)

    def is_appealable(self, policy: Policy) -> bool:
        """Tell whether its author may ask a moderator to look again."""
        if (
            self.job.state is not JobState.BLOCKED
            or self.was_appealed
            or self.job.spec.is_forgotten
        ):
            return False
        refusing = [each for each in self.verdicts if each.decision is not Decision.ALLOW]
        codes = {finding.category for each in refusing for finding in each.findings}
        if NEVER_APPEALED in codes:
            return False
        named = {each.category for each in refusing} | {each.category for each in self.reviews}
        known = [policy.categories[code] for code in named if code in policy.categories]
        return all(category.appealable for category in known)


def is_overtaken(kind: NoticeKind, job: Job) -> bool:
    """Tell whether a later step has made a notice untrue; what a moderator decided stays so."""
    return kind not in PRIVATE and job.state not in STANDS_IN[kind]


def read_standing(unit: Unit, job: Job, kind: NoticeKind | None = None) -> Standing:
    """Read what it takes to tell how a job stands; deleted pictures are left out.

    Args:
        unit: The store.
        job: Which job.
        kind: The notice that is to be told, where it is one of those for one member alone.
    """
    is_reviewed = job.state in _REVIEWED or kind in PRIVATE
    pictures = unit.pictures.of_job(job.job_id) if job.state in _DRAWN else []
    kept = tuple(each for each in pictures if not unit.pictures.is_deleted(each.verify_id))
    return Standing(
        job=job,
        pictures=kept,
        verdicts=tuple(unit.verdicts.of_job(job.job_id)) if job.state in _JUDGED else (),
        place=unit.jobs.place(job.job_id) if job.state in _IN_QUEUE else None,
        was_taken_down=any(each.was_shown for each in pictures if each not in kept),
        rewrite=unit.rewrites.of(job.job_id) if job.state in _JUDGED else None,
        reviews=tuple(unit.reviews.of_job(job.job_id)) if is_reviewed else (),
        was_drawn=bool(pictures),
        records=_records(unit, job) if kept else {},
    )


def _records(unit: Unit, job: Job) -> dict[VerifyId, ProvenanceRecord]:
    return {record.verify_id: record for record in unit.registry.of_job(job.job_id)}


def was_appealed(unit: Unit, job: Job) -> bool:
    """Tell whether a moderator was asked to look at a refusal again, whatever came of it."""
    return any(each.kind is ReviewKind.APPEAL for each in unit.reviews.of_job(job.job_id))


def tell(services: Services, standing: Standing, kind: NoticeKind) -> Reply:
    """Say one kind of notice about a job in the words of `bot/wording.py`."""
    return _TELLERS[kind](services, standing)


def _accepted(_services: Services, standing: Standing) -> Reply:
    return wording.accepted(standing.job, standing.place)


def _held(_services: Services, standing: Standing) -> Reply:
    if standing.was_appealed:
        return wording.appealed(standing.job)
    return wording.held(standing.job)


def _refused(services: Services, standing: Standing) -> Reply:
    job, deciding, rejection = standing.job, standing.deciding, standing.rejection
    gate = services.gates.of(job.actor.community_id, job.address.channel_id)
    may_appeal = standing.is_appealable(gate.policy)
    if rejection is not None:
        reason = _told_by(rejection, gate.policy)
        return wording.rejected(
            job, reason, may_appeal=may_appeal, was_appealed=standing.was_appealed
        )
    if deciding is None:  # Decided before there were review items.
        return wording.withheld(job)
    return wording.refusal(
        gate.explain(deciding),
        job.spec.prompt,
        job.job_id,
        standing.rewrite,
        may_appeal=may_appeal,
    )


def _withheld(services: Services, standing: Standing) -> Reply:
    rejection = standing.rejection
    if rejection is None or rejection.kind is ReviewKind.REPORT:
        return wording.withheld(standing.job)
    return wording.pictures_rejected(standing.job, _told_by(rejection, _policy(services, standing)))


def _expired(_services: Services, standing: Standing) -> Reply:
    if standing.was_drawn:
        return wording.pictures_expired(standing.job)
    if standing.was_appealed:
        return wording.appeal_expired(standing.job)
    return wording.expired(standing.job)


def _approved(services: Services, standing: Standing) -> Reply:
    return wording.approved(
        standing.job, _approval_of(services, standing), was_appealed=standing.was_appealed
    )


def _pictures_approved(services: Services, standing: Standing) -> Reply:
    return wording.pictures_approved(standing.job, _approval_of(services, standing))


def _approval_of(services: Services, standing: Standing) -> str:
    """Say why the last approval was given; reports come later and say nothing of it."""
    given = (
        each
        for each in reversed(standing.reviews)
        if each.ruling is Ruling.APPROVE and each.kind is not ReviewKind.REPORT
    )
    item = next(given, None)
    return "" if item is None else _told_by(item, _policy(services, standing))


def _told_by(item: ReviewItem, policy: Policy) -> str:
    """Put a decision's reason into the policy's words; nothing where it has none any more."""
    reason = policy.review.reasons.get(item.reason_code)
    return "" if reason is None else reason.member_text


def _policy(services: Services, standing: Standing) -> Policy:
    job = standing.job
    return services.gates.of(job.actor.community_id, job.address.channel_id).policy


def _result(services: Services, standing: Standing) -> Reply:
    profile = services.catalog.get(standing.job.spec.model)
    return wording.result(standing.job, standing.pictures, profile, standing.records)


def _by(sentence: Callable[[Job], Reply]) -> Callable[[Services, Standing], Reply]:
    return lambda _services, standing: sentence(standing.job)


_TELLERS: dict[NoticeKind, Callable[[Services, Standing], Reply]] = {
    _N.HELD: _held,
    _N.REFUSED: _refused,
    _N.QUEUED: _accepted,
    _N.RESULT: _result,
    _N.OUTPUT_HELD: _by(wording.output_held),
    _N.WITHHELD: _withheld,
    _N.EXPIRED: _expired,
    _N.CANCELLED: _by(wording.cancelled),
    _N.FAILED: _by(wording.failed),
    _N.TAKEN_DOWN: _by(wording.taken_down),
    _N.APPROVED: _approved,
    _N.PICTURES_APPROVED: _pictures_approved,
    _N.REPORT_KEPT: _by(wording.report_kept),
    _N.REPORT_TAKEN_DOWN: _by(wording.report_taken_down),
}
