"""Present pictures: the label first, then how to draw them again, then what to expect."""

from collections.abc import Mapping, Sequence

from bot.replies import Reply, ReplyKind, ReplyPicture
from bot.wording.buttons import result_buttons
from bot.wording.layers import missing_line
from bot.wording.phrases import joined, lines_of, shortened
from bot.wording.pictures import labels_of, shown
from bot.wording.recipes import recipe_line
from bot.wording.reruns import difference_lines
from bot.wording.vocabulary import vocabulary_note
from core.catalog import ModelProfile
from core.contracts.ids import VerifyId
from core.contracts.jobs import Job, Picture
from core.contracts.registry import ProvenanceRecord

CAPTION_MAX = 80
"""Characters below a picture: two lines of its width; its alt text has all of them."""


def result(
    job: Job,
    pictures: Sequence[Picture],
    profile: ModelProfile,
    records: Mapping[VerifyId, ProvenanceRecord] | None = None,
) -> Reply:
    """Show a job's pictures.

    Args:
        job: Whose.
        pictures: Those of it that still stand.
        profile: Of the model that drew them.
        records: What the registry remembers of them.
    """
    made = [shown(picture, records) for picture in pictures]
    return Reply(
        kind=ReplyKind.RESULT,
        title=f"Drawn for {job.actor.display_name}",
        lines=lines_of(
            _label_line(made, profile),
            recipe_line(job.spec, job.seed),
            *difference_lines(pictures),
            missing_line(pictures, records or {}),
            None
            if job.spec.is_forgotten
            else vocabulary_note([picture.prompt for picture in pictures], profile),
        ),
        pictures=tuple(map(_captioned, made, pictures)) if len(made) > 1 else tuple(made),
        buttons=result_buttons(job, pictures),
        job_id=job.job_id,
        author=job.actor.display_name,
    )


def _captioned(made: ReplyPicture, picture: Picture) -> ReplyPicture:
    """Say which of several it is: the number that its buttons have, and its own words."""
    words = shortened(picture.prompt, CAPTION_MAX)
    caption = " · ".join(lines_of(str(picture.index + 1), words))
    return made.model_copy(update={"caption": caption})


def _label_line(pictures: Sequence[ReplyPicture], profile: ModelProfile) -> str:
    ids = joined([picture.verify_id for picture in pictures])
    return " · ".join(
        lines_of(labels_of(pictures), profile.title or profile.name, ids and f"verify {ids}")
    )
