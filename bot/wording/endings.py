"""Say how a request stands when no picture is shown: held, withheld, over or gone."""

from bot.replies import Reply, ReplyKind, Visibility
from bot.wording.errors import words_for
from bot.wording.recipes import recipe_line
from core.contracts.jobs import Job


def held(job: Job) -> Reply:
    """Say that a moderator looks at the request first."""
    return _private(
        job,
        "A moderator will look at this first",
        "The rules are not sure about this request, so a person decides. "
        "You will hear here either way; there is nothing you need to do.",
        recipe_line(job.spec),
    )


def output_held(job: Job) -> Reply:
    """Say that a moderator looks at the pictures first."""
    return _private(
        job,
        "A moderator will look at the picture first",
        "It is drawn, and a person decides whether it is shown. You will hear here either way.",
        recipe_line(job.spec),
    )


def withheld(job: Job) -> Reply:
    """Say that the pictures, or the request, did not pass."""
    return _private(
        job,
        "This request is not shown",
        "A check or a moderator decided against it. Your words may have been fine: "
        "another seed or other words may pass.",
        recipe_line(job.spec),
    )


def expired(job: Job) -> Reply:
    """Say that nobody decided in time."""
    return _private(
        job,
        "Nobody could look at this in time",
        "No moderator decided while the request was held, so it is closed. You may ask again.",
        recipe_line(job.spec),
    )


def reported(job: Job) -> Reply:
    """Confirm a report to who made it."""
    return _private(
        job,
        "Thank you, this is reported",
        "Your report is on record for the moderators. Nobody else sees that you made it.",
    )


def cancelled(job: Job) -> Reply:
    """Say that a request was called back."""
    return _public(job, "Cancelled", "This request was called back before it was drawn.")


def failed(job: Job) -> Reply:
    """Say that a drawing failed, and what may help."""
    reason = words_for(job.failure) if job.failure else words_for("worker_lost")
    return _public(job, "This could not be drawn", f"{reason.title}. {reason.text}")


def taken_down(job: Job) -> Reply:
    """Say that pictures are gone for good."""
    return _public(job, "Deleted", "The pictures of this request were taken down.")


def _private(job: Job, title: str, *lines: str) -> Reply:
    return _ending(job, ReplyKind.HELD, Visibility.PRIVATE, title, lines)


def _public(job: Job, title: str, *lines: str) -> Reply:
    return _ending(job, ReplyKind.ERROR, Visibility.PUBLIC, title, lines)


def _ending(
    job: Job, kind: ReplyKind, visibility: Visibility, title: str, lines: tuple[str, ...]
) -> Reply:
    return Reply(
        kind=kind,
        visibility=visibility,
        title=title,
        lines=lines,
        job_id=job.job_id,
        author=job.actor.display_name,
    )
