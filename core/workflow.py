"""Say what follows from each outcome of a job: pure data, walked whole by its test.

No picture is generated without a cleared prompt and none is published without a cleared output;
both are proved over this table in `tests/core/test_workflow.py`.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import IllegalStep

MAX_ATTEMPTS = 3
"""A job that takes its worker down with it this often is the cause, not the victim."""


class JobState(StrEnum):
    """Where a job stands."""

    NEW = "new"
    SCREENING = "screening"
    PROMPT_REVIEW = "prompt_review"
    QUEUED = "queued"
    RUNNING = "running"
    OUTPUT_REVIEW = "output_review"
    PUBLISHED = "published"
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    WITHHELD = "withheld"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Outcome(StrEnum):
    """What happened to a job."""

    RULES_PASS = "rules_pass"  # noqa: S105 - an outcome, not a password.
    RULES_BLOCK = "rules_block"
    RULES_REVIEW = "rules_review"
    PROMPT_ALLOW = "prompt_allow"
    PROMPT_BLOCK = "prompt_block"
    PROMPT_REVIEW = "prompt_review"
    CHECK_UNAVAILABLE = "check_unavailable"
    APPROVED = "approved"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    STARTED = "started"
    CANCELLED = "cancelled"
    OUTPUT_ALLOW = "output_allow"
    OUTPUT_BLOCK = "output_block"
    OUTPUT_REVIEW = "output_review"
    WORKER_LOST = "worker_lost"
    DRAINED = "drained"
    FAILED = "failed"
    DELIVERED = "delivered"
    TAKEN_DOWN = "taken_down"
    APPEALED = "appealed"


class TaskName(StrEnum):
    """The tasks that a step may send; the strings are their Celery names."""

    SCREEN_PROMPT = "moderation.screen_prompt"
    SUGGEST_REWRITE = "moderation.suggest_rewrite"
    GENERATE = "worker.generate"


class NoticeKind(StrEnum):
    """What a step tells the people concerned; `bot/wording.py` has the sentences."""

    HELD = "held"
    REFUSED = "refused"
    QUEUED = "queued"
    RESULT = "result"
    OUTPUT_HELD = "output_held"
    WITHHELD = "withheld"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TAKEN_DOWN = "taken_down"
    APPROVED = "approved"
    PICTURES_APPROVED = "pictures_approved"
    REPORT_KEPT = "report_kept"
    REPORT_TAKEN_DOWN = "report_taken_down"


PRIVATE = frozenset(
    {
        NoticeKind.APPROVED,
        NoticeKind.PICTURES_APPROVED,
        NoticeKind.REPORT_KEPT,
        NoticeKind.REPORT_TAKEN_DOWN,
    }
)
"""Notices for one member alone, whatever becomes of the job: what a moderator decided."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one outcome: the next state, a task to send, notices to give."""

    state: JobState
    task: TaskName | None = None
    notice: NoticeKind | None = None
    aside: NoticeKind | None = None
    """What the job's author alone is told beside it."""


_S, _O, _T, _N = JobState, Outcome, TaskName, NoticeKind

TABLE: dict[tuple[JobState, Outcome], Step] = {
    # No notice while all goes well: the answer to the request itself says that it was accepted,
    # front-ends show live where it stands, and the next thing to tell is the result.
    (_S.NEW, _O.RULES_PASS): Step(_S.SCREENING, _T.SCREEN_PROMPT),
    # The caller is answered at once, privately; a safe rewrite, where there is one, comes after.
    (_S.NEW, _O.RULES_BLOCK): Step(_S.BLOCKED, _T.SUGGEST_REWRITE),
    (_S.NEW, _O.RULES_REVIEW): Step(_S.PROMPT_REVIEW, notice=_N.HELD),
    (_S.SCREENING, _O.PROMPT_ALLOW): Step(_S.QUEUED, _T.GENERATE),
    (_S.SCREENING, _O.PROMPT_BLOCK): Step(_S.BLOCKED, _T.SUGGEST_REWRITE, _N.REFUSED),
    (_S.SCREENING, _O.PROMPT_REVIEW): Step(_S.PROMPT_REVIEW, notice=_N.HELD),
    (_S.SCREENING, _O.CHECK_UNAVAILABLE): Step(_S.PROMPT_REVIEW, notice=_N.HELD),
    (_S.SCREENING, _O.CANCELLED): Step(_S.CANCELLED, notice=_N.CANCELLED),
    # A person's yes may come days later: its author is told, wherever the result goes.
    (_S.PROMPT_REVIEW, _O.APPROVED): Step(_S.QUEUED, _T.GENERATE, _N.QUEUED, _N.APPROVED),
    (_S.PROMPT_REVIEW, _O.REJECTED): Step(_S.BLOCKED, notice=_N.REFUSED),
    (_S.PROMPT_REVIEW, _O.TIMED_OUT): Step(_S.EXPIRED, notice=_N.EXPIRED),
    (_S.PROMPT_REVIEW, _O.CANCELLED): Step(_S.CANCELLED, notice=_N.CANCELLED),
    (_S.QUEUED, _O.STARTED): Step(_S.RUNNING),
    (_S.QUEUED, _O.CANCELLED): Step(_S.CANCELLED, notice=_N.CANCELLED),
    (_S.RUNNING, _O.OUTPUT_ALLOW): Step(_S.PUBLISHED, notice=_N.RESULT),
    (_S.RUNNING, _O.OUTPUT_BLOCK): Step(_S.WITHHELD, notice=_N.WITHHELD),
    (_S.RUNNING, _O.OUTPUT_REVIEW): Step(_S.OUTPUT_REVIEW, notice=_N.OUTPUT_HELD),
    (_S.RUNNING, _O.CHECK_UNAVAILABLE): Step(_S.OUTPUT_REVIEW, notice=_N.OUTPUT_HELD),
    (_S.RUNNING, _O.WORKER_LOST): Step(_S.QUEUED, _T.GENERATE),
    (_S.RUNNING, _O.DRAINED): Step(_S.QUEUED, _T.GENERATE),  # Its worker had to end in peace.
    (_S.RUNNING, _O.FAILED): Step(_S.FAILED, notice=_N.FAILED),
    (_S.RUNNING, _O.CANCELLED): Step(_S.CANCELLED, notice=_N.CANCELLED),
    (_S.OUTPUT_REVIEW, _O.APPROVED): Step(
        _S.PUBLISHED, notice=_N.RESULT, aside=_N.PICTURES_APPROVED
    ),
    (_S.OUTPUT_REVIEW, _O.REJECTED): Step(_S.WITHHELD, notice=_N.WITHHELD),
    (_S.OUTPUT_REVIEW, _O.TIMED_OUT): Step(_S.EXPIRED, notice=_N.EXPIRED),
    (_S.PUBLISHED, _O.DELIVERED): Step(_S.DELIVERED),
    (_S.PUBLISHED, _O.TAKEN_DOWN): Step(_S.WITHHELD, notice=_N.TAKEN_DOWN),
    (_S.DELIVERED, _O.TAKEN_DOWN): Step(_S.WITHHELD, notice=_N.TAKEN_DOWN),
    (_S.BLOCKED, _O.APPEALED): Step(_S.PROMPT_REVIEW, notice=_N.HELD),
}

WAITING = frozenset({_S.SCREENING, _S.PROMPT_REVIEW, _S.QUEUED, _S.RUNNING, _S.OUTPUT_REVIEW})
"""States in which a job still owes its author an answer."""

FINAL = frozenset({_S.DELIVERED, _S.BLOCKED, _S.WITHHELD, _S.EXPIRED, _S.CANCELLED, _S.FAILED})
"""States in which nothing more happens by itself."""


def advance(state: JobState, outcome: Outcome, *, attempts: int = 0) -> Step:
    """Look up what follows; a worker lost at the last attempt fails the job.

    Args:
        state: Where the job stands.
        outcome: What happened.
        attempts: How often the job has been started.

    Raises:
        IllegalStep: the table has no such row.
    """
    if outcome is Outcome.WORKER_LOST and attempts >= MAX_ATTEMPTS:
        outcome = Outcome.FAILED
    step = TABLE.get((state, outcome))
    if step is None:
        raise IllegalStep("illegal_step", state=state.value, outcome=outcome.value)
    return step
