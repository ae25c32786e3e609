"""Ask what goes with pictures from which others were made, and say what went."""

from bot.replies import Reply, ReplyKind, Visibility
from bot.wording.buttons import DELETE_ALL, DELETE_ONE
from bot.wording.phrases import lines_of
from core.contracts.jobs import Job
from core.contracts.takedowns import Takedown

ALL = "all"
"""Says in a decision's form that what came from the pictures goes with them."""


def reaches(count: int) -> dict[str, str]:
    """Offer how far a rejected report reaches, nearest first."""
    return {"these": "Only these pictures", ALL: reaches_of(count)}


def reaches_of(count: int) -> str:
    """Say what a rejected report may take down as well; nothing came from them: nothing."""
    if not count:
        return ""
    requests = "1 request that was" if count == 1 else f"{count:,} requests that were"
    return f"These and {requests} made from them, whoever asked"


def takedown_question(job: Job, reached: int, others: int) -> Reply:
    """Ask whether what came from the pictures goes too."""
    return _card(
        job,
        "Delete what came from them, too?",
        f"{_requests(reached)} made from these pictures: variations, enlarged ones, pictures that "
        "began with one of them, and theirs in turn. What was drawn from the same words alone "
        "stays.",
        _stays(others),
        "This cannot be undone.",
    ).model_copy(update={"buttons": (DELETE_ONE, DELETE_ALL)})


def takedown_done(job: Job, takedown: Takedown, others: int) -> Reply:
    """Say what went."""
    pictures = "1 picture" if takedown.pictures == 1 else f"{takedown.pictures:,} pictures"
    requests = "1 request" if takedown.jobs == 1 else f"{takedown.jobs:,} requests"
    return _card(job, "Deleted", f"{pictures} of {requests} went.", _stays(others))


def takedown_goes_on(job: Job) -> Reply:
    """Say that a part could not be deleted yet."""
    return _card(
        job,
        "This goes on by itself",
        "Something that is needed is away, so not all of it is deleted yet. The rest goes as soon "
        "as it is back; there is nothing you need to do.",
    )


def _requests(count: int) -> str:
    return "1 request was" if count == 1 else f"{count:,} requests were"


def _stays(others: int) -> str | None:
    if not others:
        return None
    if others == 1:
        return (
            "Another member began with one of them: that stays theirs. Report it if it should go."
        )
    return (
        f"Other members began {others:,} requests with them: those stay theirs. Report what should "
        "go."
    )


def _card(job: Job, title: str, *lines: str | None) -> Reply:
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=lines_of(*lines),
        job_id=job.job_id,
        author=job.actor.display_name,
    )
