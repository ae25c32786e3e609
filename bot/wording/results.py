"""Present pictures: the label first, then how to draw them again, then what to expect."""

from collections.abc import Sequence

from bot.replies import Action, Button, Reply, ReplyKind
from bot.wording.phrases import joined, lines_of
from bot.wording.pictures import LABEL, shown
from bot.wording.recipes import recipe_line
from bot.wording.reruns import difference_lines
from bot.wording.vocabulary import vocabulary_note
from bot.wording.reruns import difference_lines
from core.catalog import ModelProfile
from core.contracts.jobs import Job, Picture

BUTTONS = (
    Button(action=Action.REROLL, label="Draw again"),
    Button(action=Action.DETAILS, label="Details"),
    Button(
        action=Action.DELETE,
        label="Delete",
        is_danger=True,
        needs_confirmation="Delete these pictures for everybody? This cannot be undone.",
    ),
    Button(
        action=Action.REPORT,
        label="Report",
        needs_confirmation="Report these pictures to the moderators?",
            *difference_lines(pictures),
    ),
)


def result(job: Job, pictures: Sequence[Picture], profile: ModelProfile) -> Reply:
    """Show a job's pictures."""
    return Reply(
        kind=ReplyKind.RESULT,
        title=f"Drawn for {job.actor.display_name}",
        lines=lines_of(
            _label_line(pictures, profile),
            recipe_line(job.spec, job.seed),
            *difference_lines(pictures),
            vocabulary_note([picture.prompt for picture in pictures], profile),
        ),
        pictures=tuple(shown(picture) for picture in pictures),
        buttons=BUTTONS,
        job_id=job.job_id,
        author=job.actor.display_name,
    )


def _label_line(pictures: Sequence[Picture], profile: ModelProfile) -> str:
    ids = joined([picture.verify_id for picture in pictures])
    return " · ".join(lines_of(LABEL, profile.title or profile.name, ids and f"verify {ids}"))
