"""Tell how a job stands: one reply for each kind of notice, from the record alone.

Delivery tells a notice with it and `/show` tells a state with it, so the two never differ.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.ids import JobId
from core.contracts.jobs import Job, Picture, QueuePlace
from core.contracts.verdicts import Decision, Verdict
from core.storage import Unit
from core.workflow import JobState, NoticeKind

_S, _N = JobState, NoticeKind

STANDS_IN: dict[NoticeKind, frozenset[JobState]] = {
    _N.ACCEPTED: frozenset({_S.SCREENING, _S.QUEUED, _S.RUNNING}),
    _N.HELD: frozenset({_S.PROMPT_REVIEW}),
    _N.REFUSED: frozenset({_S.BLOCKED}),
    _N.QUEUED: frozenset({_S.QUEUED, _S.RUNNING}),
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


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is recorded of a job and may be told."""

    job: Job
    pictures: tuple[Picture, ...]
    verdicts: tuple[Verdict, ...]
    place: QueuePlace | None
    was_taken_down: bool

    @property
    def kind(self) -> NoticeKind:
        """The notice that fits the state, whatever notices were given on the way."""
        if self.job.state is JobState.WITHHELD and self.was_taken_down:
            return NoticeKind.TAKEN_DOWN
        return next(kind for kind, states in STANDS_IN.items() if self.job.state in states)

    @property
    def deciding(self) -> Verdict | None:
        """The last verdict that was not a plain yes."""
        return next(
            (each for each in reversed(self.verdicts) if each.decision is not Decision.ALLOW), None
        )


def read_standing(unit: Unit, job_id: JobId) -> Standing:
    """Read what is recorded of a job; deleted pictures are left out.

    Raises:
        NotFound: `job_not_found`.
    """
    pictures = unit.pictures.of_job(job_id)
    kept = tuple(each for each in pictures if not unit.pictures.is_deleted(each.verify_id))
    return Standing(
        job=unit.jobs.get(job_id),
        pictures=kept,
        verdicts=tuple(unit.verdicts.of_job(job_id)),
        place=unit.jobs.place(job_id),
        was_taken_down=len(kept) < len(pictures),
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
    reason = services.gate.explain(deciding)
    return wording.refusal(reason, standing.job.spec.prompt, standing.job.job_id)


def _result(services: Services, standing: Standing) -> Reply:
    profile = services.catalog.get(standing.job.spec.model)
    return wording.result(standing.job, standing.pictures, profile)


def _by(sentence: Callable[[Job], Reply]) -> Callable[[Services, Standing], Reply]:
    return lambda _services, standing: sentence(standing.job)


_TELLERS: dict[NoticeKind, Callable[[Services, Standing], Reply]] = {
    _N.ACCEPTED: _accepted,
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
