"""Say how a request stands when no picture is shown: held, withheld, over or gone."""

from bot.replies import Reply, ReplyKind, Visibility
from bot.wording.errors import words_for
from bot.wording.mistakes import Words
from bot.wording.outages import AWAY
from bot.wording.recipes import recipe_line
from core.contracts.jobs import Job

_GAVE_UP = Words(
    "The drawing broke off again and again",
    "It is not tried any more. Other flags, or fewer pictures, may help.",
)
"""For a job that failed because its worker or something it needs went away at every attempt:
"it starts again by itself" would no longer be true."""


def held(job: Job) -> Reply:
    """Say that a moderator looks at the request first."""
    return for_the_author(
        job,
        ReplyKind.HELD,
        "A moderator will look at this first",
        "The rules are not sure about this request, so a person decides. "
        "You will hear here either way; there is nothing you need to do.",
    )


def output_held(job: Job) -> Reply:
    """Say that a moderator looks at the pictures first."""
    return for_the_author(
        job,
        ReplyKind.HELD,
        "A moderator will look at the picture first",
        "It is drawn, and a person decides whether it is shown. You will hear here either way.",
    )


def withheld(job: Job) -> Reply:
    """Say that the pictures, or the request, did not pass."""
    return for_the_author(
        job,
        ReplyKind.REFUSAL,
        "This request is not shown",
        "A check or a moderator decided against it. Your words may have been fine: "
        "another seed or other words may pass.",
    )


def expired(job: Job) -> Reply:
    """Say that nobody decided in time."""
    return for_the_author(
        job,
        ReplyKind.HELD,
        "Nobody could look at this in time",
        "No moderator decided while the request was held, so it is closed. You may ask again.",
    )


def reported(job: Job) -> Reply:
    """Confirm a report to who made it."""
    return _reply(
        job,
        ReplyKind.CARD,
        Visibility.PRIVATE,
        "Thank you, this is reported",
        "Your report is on record for the moderators. Nobody else sees that you made it.",
    )


def cancelled(job: Job) -> Reply:
    """Say that a request was called back."""
    line = "This request was called back before it was drawn."
    return _reply(job, ReplyKind.CARD, Visibility.PUBLIC, "Cancelled", line)


def all_cancelled(count: int) -> Reply:
    """Say how many requests were called back, to the one whose they were."""
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="Cancelled",
        lines=(f"{count} of your requests {'was' if count == 1 else 'were'} called back.",),
    )


def failed(job: Job) -> Reply:
    """Say that a drawing failed, and what may help."""
    reason = _GAVE_UP if job.failure is None or job.failure in AWAY else words_for(job.failure)
    line = f"{reason.title}. {reason.text}"
    return _reply(job, ReplyKind.ERROR, Visibility.PUBLIC, "This could not be drawn", line)


def taken_down(job: Job) -> Reply:
    """Say that pictures are gone for good."""
    line = "The pictures of this request were taken down."
    return _reply(job, ReplyKind.CARD, Visibility.PUBLIC, "Deleted", line)


def for_the_author(job: Job, kind: ReplyKind, title: str, *lines: str) -> Reply:
    """Repeat the request as well: what is not shown is easily lost."""
    told = filter(None, lines)
    return _reply(job, kind, Visibility.PRIVATE, title, *told, recipe_line(job.spec))


def _reply(job: Job, kind: ReplyKind, visibility: Visibility, title: str, *lines: str) -> Reply:
    return Reply(
        kind=kind,
        visibility=visibility,
        title=title,
        lines=lines,
        job_id=job.job_id,
        author=job.actor.display_name,
    )
