"""Tell people what a moderator decided, or that nobody did: each of them once, and nobody else.

The moderator is never named: members deal with the community, not with one of its people.
"""

from bot.replies import Reply, ReplyKind, Visibility
from bot.wording.buttons import APPEAL
from bot.wording.endings import for_the_author
from bot.wording.phrases import ended
from core.contracts.jobs import Job


def appealed(job: Job) -> Reply:
    """Say that a moderator looks at a refusal again."""
    return for_the_author(
        job,
        ReplyKind.HELD,
        "A moderator will look at it",
        "You asked, so a person decides whether this is drawn. You will hear here either way; "
        "there is nothing you need to do.",
    )


def approved(job: Job, reason: str, *, was_appealed: bool) -> Reply:
    """Say that a request is drawn after all."""
    what = "A moderator looked again and approved it" if was_appealed else "A moderator approved it"
    return for_the_author(
        job,
        ReplyKind.CARD,
        what,
        reason,
        "It is drawn now, with the words and the seed that you asked with, and appears where you "
        "asked for it.",
    )


def pictures_approved(job: Job, reason: str) -> Reply:
    """Say that held pictures are shown."""
    return for_the_author(
        job,
        ReplyKind.CARD,
        "A moderator approved what was drawn",
        reason,
        "It is shown now where you asked for it.",
    )


def rejected(job: Job, reason: str, *, may_appeal: bool, was_appealed: bool) -> Reply:
    """Say that a moderator decided against a request, why, and whether that is the last word."""
    last = "A moderator looked at this refusal again, so this is the last word on it."
    once_more = "If they got you wrong, ask a moderator to look again. You can do so once."
    reply = for_the_author(
        job,
        ReplyKind.REFUSAL,
        "A moderator decided against this request",
        reason,
        last if was_appealed else once_more if may_appeal else "",
        "Ask for something else at any time.",
    )
    return reply.model_copy(update={"buttons": (APPEAL,)}) if may_appeal else reply


def pictures_rejected(job: Job, reason: str) -> Reply:
    """Say that held pictures are destroyed, and why."""
    return for_the_author(
        job,
        ReplyKind.REFUSAL,
        "A moderator decided against what was drawn",
        reason,
        "The pictures are destroyed. Your words may have been fine: another seed or other words "
        "may pass.",
    )


def appeal_expired(job: Job) -> Reply:
    """Say that nobody looked at a refusal again in time."""
    return for_the_author(
        job,
        ReplyKind.HELD,
        "Nobody could look at this in time",
        "No moderator decided on your question, so the refusal stands. You may ask for the picture "
        "again.",
    )


def pictures_expired(job: Job) -> Reply:
    """Say that nobody looked at held pictures in time."""
    return for_the_author(
        job,
        ReplyKind.HELD,
        "Nobody could look at this in time",
        "It was drawn, but no moderator decided whether it is shown, so it is closed. You may ask "
        "again.",
    )


def report_kept(job: Job) -> Reply:
    """Tell who reported a picture that it stays."""
    return _for_a_reporter(
        job, "Your report was looked at", "A moderator decided that these pictures stay."
    )


def report_taken_down(job: Job) -> Reply:
    """Tell who reported a picture that it is gone."""
    return _for_a_reporter(
        job, "Your report was looked at", "A moderator took these pictures down."
    )


def _for_a_reporter(job: Job, title: str, line: str) -> Reply:
    """Name the request by its id: its words may be what was wrong with it."""
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=(line, ended(f"It was about request {job.job_id}"), "Thank you for looking out."),
        job_id=job.job_id,
    )
