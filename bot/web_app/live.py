"""Say where a waiting job stands right now, in the words and numbers that a page shows."""

from dataclasses import dataclass

from bot import wording
from core.contracts.actors import Actor
from core.contracts.jobs import Job, QueuePlace
from core.contracts.progress import Phase, Progress


@dataclass(frozen=True, slots=True)
class Live:
    """A waiting or running job, as far as is known."""

    job: Job
    place: QueuePlace | None = None
    progress: Progress | None = None
    preview_no: int = 0
    """Counts the previews, so that each has its own address; 0: there is none yet."""

    @property
    def line(self) -> str:
        """One short sentence: the step reached, or the place in the queue."""
        if self.progress is not None:
            return wording.progress_line(self.progress)
        return wording.place_line(self.place)

    @property
    def total(self) -> int:
        """The steps of all pictures together; 0: not known yet."""
        if self.progress is None or self.progress.phase is Phase.LOADING:
            return 0
        return self.progress.total_steps * self.progress.picture_count

    @property
    def done(self) -> int:
        """The steps behind us, over all pictures."""
        if self.progress is None:
            return 0
        return self.progress.picture * self.progress.total_steps + self.progress.step

    def preview_url(self, viewer: Actor) -> str | None:
        """Where the newest preview is, for the one person who may see it."""
        is_requester = viewer.member_id == self.job.actor.member_id
        if not is_requester or not self.preview_no:
            return None
        return f"/jobs/{self.job.job_id}/preview/{self.preview_no}"
