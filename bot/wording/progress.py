"""Say that a request is on its way, and how far it is."""

from bot.replies import Reply, ReplyKind
from bot.wording.phrases import lines_of
from bot.wording.recipes import recipe_line
from core.contracts.jobs import Job, QueuePlace
from core.contracts.progress import Phase, Progress


def accepted(job: Job, place: QueuePlace | None) -> Reply:
    """Say that a request was taken on: shown until its pictures replace it."""
    return Reply(
        kind=ReplyKind.PROGRESS,
        title=f"Drawing for {job.actor.display_name}",
        lines=lines_of(recipe_line(job.spec), place_line(place)),
        job_id=job.job_id,
        author=job.actor.display_name,
    )


def place_line(place: QueuePlace | None) -> str:
    """Say where a job stands in the queue."""
    if place is None:
        return "Waiting for the next step"
    if place.position == 1:
        return "Next in the queue"
    return f"Place {place.position} of {place.total} in the queue"


def progress_line(progress: Progress) -> str:
    """Say which step of which picture is reached."""
    if progress.phase is Phase.LOADING:
        return "Loading the model"
    if progress.phase is Phase.FINISHING:
        return "Checking and labelling"
    if not progress.total_steps:
        return "Starting to draw"  # The engine has the request and has not said how many steps.
    step = f"step {progress.step} of {progress.total_steps}"
    if progress.picture_count > 1:
        return f"Picture {progress.picture + 1} of {progress.picture_count}, {step}"
    return step.capitalize()
