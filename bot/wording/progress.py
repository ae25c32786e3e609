"""Say that a request is on its way, and how far it is."""

from bot.replies import Action, Button, Reply, ReplyKind
from bot.wording.phrases import lines_of
from bot.wording.prices import gpu_seconds
from bot.wording.recipes import recipe_line
from core.contracts.jobs import Job, QueuePlace
from core.contracts.progress import Phase, Progress

_SECONDS_MOST = 120.0
"""Longer spans are told in minutes."""

CANCEL = Button(action=Action.CANCEL, label="Cancel")


def accepted(job: Job, place: QueuePlace | None) -> Reply:
    """Say that a request was taken on: shown until its pictures replace it."""
    return Reply(
        kind=ReplyKind.PROGRESS,
        title=f"Drawing for {job.actor.display_name}",
        lines=lines_of(recipe_line(job.spec), _price_line(job), place_line(place)),
        buttons=(CANCEL,),
        job_id=job.job_id,
        author=job.actor.display_name,
    )


def place_line(place: QueuePlace | None) -> str:
    """Say where a job stands in the queue, and when its pictures will come."""
    if place is None:
        return "Waiting for the next step"
    stands = f"Place {place.position} of {place.total} in the queue"
    if place.position == 1:
        stands = "Next in the queue"
    if place.eta_low_s is None or place.eta_high_s is None:
        return stands
    return f"{stands}, about {_span(place.eta_low_s, place.eta_high_s)}"


def _span(low_s: float, high_s: float) -> str:
    """Write a span of time in seconds or, where that is longer than two minutes, in minutes."""
    unit, size = ("min", 60.0) if high_s > _SECONDS_MOST else ("s", 1.0)
    low, high = _rounded(low_s / size), _rounded(high_s / size)
    return f"{high} {unit}" if low == high else f"{low}-{high} {unit}"


def _rounded(figure: float) -> int:
    """Round to what is honest: single units up to ten, then fives, then tens."""
    step = 1 if figure < 10 else 5 if figure < 60 else 10  # noqa: PLR2004 - as the line above says.
    return max(1, step * round(figure / step))


def _price_line(job: Job) -> str | None:
    if job.price_gpu_s is None:
        return None
    price = gpu_seconds(job.price_gpu_s)
    return f"{price[0].upper()}{price[1:]}"


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
