"""List a member's requests and favourites, page by page, to that member alone."""

from collections.abc import Mapping, Sequence

from bot.replies import Reply, ReplyField, ReplyKind, ReplyPicture, Visibility
from bot.wording.phrases import WORDS_DELETED, lines_of, shortened
from bot.wording.pictures import labels_of, shown
from core.contracts.ids import VerifyId
from core.contracts.jobs import Job, Picture
from core.contracts.registry import ProvenanceRecord
from core.workflow import JobState

_PROMPT_SHOWN = 80
"""Characters of a prompt in a list: enough to know it by."""

_S = JobState

_STATES = {
    _S.NEW: "being checked",
    _S.SCREENING: "being checked",
    _S.PROMPT_REVIEW: "waits for a moderator",
    _S.QUEUED: "in the queue",
    _S.RUNNING: "being drawn",
    _S.OUTPUT_REVIEW: "waits for a moderator",
    _S.PUBLISHED: "drawn",
    _S.DELIVERED: "drawn",
    _S.BLOCKED: "refused",
    _S.WITHHELD: "not shown",
    _S.EXPIRED: "closed, nobody could look at it",
    _S.CANCELLED: "cancelled",
    _S.FAILED: "failed",
}


def history_card(
    rows: Sequence[tuple[Job, Picture | None]],
    page: int,
    kept: str | None,
    *,
    has_more: bool,
    records: Mapping[VerifyId, ProvenanceRecord] | None = None,
) -> Reply:
    """List requests, newest first, each with its first picture where that may be shown."""
    pictures = tuple(_captioned(picture, records) for _, picture in rows if picture is not None)
    command = " ".join(lines_of("/history", kept))
    if not rows:
        lines: tuple[str, ...] = (
            _nothing(page, "You have asked for nothing of this kind yet.", command),
        )
    else:
        lines = lines_of(
            f"{labels_of(pictures)} · the first picture of each request" if pictures else None,
            "Open one with /show and its id.",
            f"Older ones: {command} {page + 1}" if has_more else None,
        )
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=_title("Your requests", kept, page),
        lines=lines,
        fields=tuple(ReplyField(name=job.job_id, value=_in_words(job)) for job, _ in rows),
        pictures=pictures,
    )


def favourites_card(
    rows: Sequence[tuple[Job, Picture, bool]],
    page: int,
    *,
    has_more: bool,
    records: Mapping[VerifyId, ProvenanceRecord] | None = None,
) -> Reply:
    """List marked pictures, last marked first; one that may not be shown here is named alone."""
    pictures = tuple(_captioned(picture, records) for _, picture, fits in rows if fits)
    if not rows:
        hint = "Nothing is marked yet: press “Favourite” below a picture."
        lines: tuple[str, ...] = (_nothing(page, hint, "/favourites"),)
    else:
        lines = lines_of(
            f"{labels_of(pictures)} · your favourites" if pictures else None,
            "Open one with /show and its id.",
            f"Older ones: /favourites {page + 1}" if has_more else None,
        )
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=_title("Your favourites", None, page),
        lines=lines,
        fields=tuple(
            ReplyField(name=job.job_id, value=_marked_in_words(job, picture, fits=fits))
            for job, picture, fits in rows
        ),
        pictures=pictures,
    )


def favourite_marked(job: Job, count: int, *, is_marked: bool) -> Reply:
    """Confirm that pictures were marked, or are not any more."""
    what = "These pictures are" if count > 1 else "This picture is"
    title = f"{what} {'among' if is_marked else 'no longer among'} your favourites"
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=("/favourites lists them. Nobody else sees what you marked.",),
        job_id=job.job_id,
    )


def _captioned(
    picture: Picture, records: Mapping[VerifyId, ProvenanceRecord] | None
) -> ReplyPicture:
    """Say below a picture which request it belongs to: its id opens it."""
    return shown(picture, records).model_copy(update={"caption": picture.job_id})


def state_in_words(job: Job) -> str:
    """Say where a request stands, in a list."""
    return _STATES[job.state]


def _nothing(page: int, at_all: str, command: str) -> str:
    return at_all if page == 1 else f"There is nothing on page {page}. Back to the first: {command}"


def _title(what: str, kept: str | None, page: int) -> str:
    return ", ".join(lines_of(what, kept, f"page {page}" if page > 1 else None))


def _in_words(job: Job) -> str:
    count = job.spec.picture_count
    return " · ".join(
        (
            state_in_words(job),
            f"{job.created_at:%Y-%m-%d %H:%M} UTC",
            f"{count} pictures" if count > 1 else "1 picture",
            WORDS_DELETED if job.spec.is_forgotten else shortened(job.spec.prompt, _PROMPT_SHOWN),
        )
    )


def _marked_in_words(job: Job, picture: Picture, *, fits: bool) -> str:
    if not fits:
        return "made in an age-restricted channel, where /show shows it"
    return " · ".join(
        (
            f"picture {picture.index + 1}",
            f"by {job.actor.display_name}",
            f"verify {picture.verify_id}",
            shortened(picture.prompt, _PROMPT_SHOWN) or WORDS_DELETED,
        )
    )
