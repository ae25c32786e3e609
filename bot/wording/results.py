"""Present pictures: the label first, then how to draw them again, then what to expect."""

from collections.abc import Sequence

from bot.replies import Reply, ReplyKind, ReplyPicture
from bot.wording.buttons import result_buttons
from bot.wording.phrases import joined, lines_of, shortened
from bot.wording.pictures import LABEL, shown
from bot.wording.recipes import recipe_line
from bot.wording.reruns import difference_lines
from bot.wording.vocabulary import vocabulary_note
from core.catalog import ModelProfile
from core.contracts.jobs import Job, Picture

CAPTION_MAX = 80
"""Characters below a picture: two lines of its width; its alt text has all of them."""


def result(job: Job, pictures: Sequence[Picture], profile: ModelProfile) -> Reply:
    """Show a job's pictures."""
    return Reply(
        kind=ReplyKind.RESULT,
        title=f"Drawn for {job.actor.display_name}",
        lines=lines_of(
            _label_line(pictures, profile),
            recipe_line(job.spec, job.seed),
            *difference_lines(pictures),
            None
            if job.spec.is_forgotten
            else vocabulary_note([picture.prompt for picture in pictures], profile),
        ),
        pictures=tuple(_captioned(picture, len(pictures)) for picture in pictures),
        buttons=result_buttons(job, pictures),
        job_id=job.job_id,
        author=job.actor.display_name,
    )


def _captioned(picture: Picture, count: int) -> ReplyPicture:
    """Say which of several it is: the number that its buttons have, and its own words."""
    if count == 1:
        return shown(picture)
    words = shortened(picture.prompt, CAPTION_MAX)
    caption = " · ".join(lines_of(str(picture.index + 1), words))
    return shown(picture).model_copy(update={"caption": caption})


def _label_line(pictures: Sequence[Picture], profile: ModelProfile) -> str:
    ids = joined([picture.verify_id for picture in pictures])
    return " · ".join(lines_of(LABEL, profile.title or profile.name, ids and f"verify {ids}"))
