"""Tell how a job stands: one reply for each kind of notice, from the record alone.

Delivery tells a notice with it and `/show` tells a state with it, so the two never differ.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.generation import GenerationSpec
from core.contracts.jobs import Job, Picture, QueuePlace
from core.contracts.verdicts import Decision, Verdict
from core.storage import Unit
from core.workflow import JobState, NoticeKind

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
_DRAWN = frozenset({_S.PUBLISHED, _S.DELIVERED, _S.WITHHELD})
"""The states whose words need the job's place, its verdicts, its pictures."""


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


def read_standing(unit: Unit, job: Job) -> Standing:
    """Read what it takes to tell how a job stands; deleted pictures are left out."""
    pictures = unit.pictures.of_job(job.job_id) if job.state in _DRAWN else []
    kept = tuple(each for each in pictures if not unit.pictures.is_deleted(each.verify_id))
    return Standing(
        job=job,
        pictures=kept,
        verdicts=tuple(unit.verdicts.of_job(job.job_id)) if job.state in _JUDGED else (),
        place=unit.jobs.place(job.job_id) if job.state in _IN_QUEUE else None,
        was_taken_down=any(each.was_shown for each in pictures if each not in kept),
        rewrite=unit.rewrites.of(job.job_id) if job.state in _JUDGED else None,
    )


def tell(services: Services, standing: Standing, kind: NoticeKind) -> Reply:
    """Say one kind of notice about a job in the words of `bot/wording.py`."""
    return _TELLERS[kind](services, standing)


def _accepted(_services: Services, standing: Standing) -> Reply:
    return wording.accepted(standing.job, standing.place)


def _refused(services: Services, standing: Standing) -> Reply:
    deciding = standing.deciding
    if deciding is None:  # A moderator refused what every check had let pass.
        return wording.withheld(standing.job)
    job = standing.job
    gate = services.gates.of(job.actor.community_id, job.address.channel_id)
    reason = gate.explain(deciding)
    return wording.refusal(reason, standing.job.spec.prompt, standing.job.job_id, standing.rewrite)


def _result(services: Services, standing: Standing) -> Reply:
    profile = services.catalog.get(standing.job.spec.model)
    return wording.result(standing.job, standing.pictures, profile)


def _by(sentence: Callable[[Job], Reply]) -> Callable[[Services, Standing], Reply]:
    return lambda _services, standing: sentence(standing.job)


_TELLERS: dict[NoticeKind, Callable[[Services, Standing], Reply]] = {
    _N.HELD: _by(wording.held),
    _N.REFUSED: _refused,
    _N.QUEUED: _accepted,
    _N.RESULT: _result,
    _N.OUTPUT_HELD: _by(wording.output_held),
    _N.WITHHELD: _by(wording.withheld),
    _N.EXPIRED: _by(wording.expired),
    _N.CANCELLED: _by(wording.cancelled),
    _N.FAILED: _by(wording.failed),
    _N.TAKEN_DOWN: _by(wording.taken_down),
}
