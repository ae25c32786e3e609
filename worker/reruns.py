"""Draw a picture as it was drawn before, and hold the new one against the first.

A rerun is drawn in the same company as its original: in reproducible mode where that one was, else
with nobody else beside it, which is how most pictures come about. The stored files of both are
decoded and compared value by value, so what is told holds for exactly what people see.

Each picture bears a mark of its own in its pixels. Two drawings are the same where their pixels
were the same before that, which the registry remembers by their hash; where they are not, the new
one is marked as the first one was, so that only what was drawn is counted.
"""

import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import structlog
from PIL import Image, ImageChops

from core.contracts.jobs import Cause, Difference, Job, Picture
from core.contracts.registry import ProvenanceRecord
from core.errors import NotFound, Unavailable
from core.held import HeldArea
from core.provenance.stamp import Stamper
from core.storage import Store
from worker.engine.messages import DrawRequest, Ready
from worker.finishing import Finished

log = structlog.get_logger()

ACTION = "rerun"
"""What `Job.action` says of a job that draws its parent's pictures again."""

_LIBRARIES = ("torch", "diffusers")
"""Those whose versions decide the bits."""

_LEVELS = 256


@dataclass(frozen=True, slots=True)
class Original:
    """A picture that is drawn again, and whether its bytes should still be there."""

    picture: Picture
    is_deleted: bool
    record: ProvenanceRecord | None = None
    """What the registry remembers of it."""


@dataclass(frozen=True, slots=True)
class Reruns:
    """Find a rerun's originals, ask for them again, and compare."""

    store: Store
    held: HeldArea
    """Reads pictures wherever they lie."""
    stamper: Stamper
    """Marks what was drawn again as the first one was."""
    is_always: bool = False
    """Whether the engine draws every picture in reproducible mode, asked or not."""

    def originals(self, job: Job) -> tuple[Original, ...]:
        """Find the pictures that a job draws again; none for any other job."""
        if job.action != ACTION or job.parent_id is None:
            return ()
        with self.store.reading() as unit:
            return tuple(
                Original(
                    each,
                    unit.pictures.is_deleted(each.verify_id),
                    unit.registry.find(each.verify_id),
                )
                for each in unit.pictures.of_job(job.parent_id)
            )

    def asked_alike(self, request: DrawRequest, originals: Sequence[Original]) -> DrawRequest:
        """Ask for the same company as the originals had."""
        if not originals:
            return request
        is_reproducible = _all_reproducible(originals)
        is_solo = request.is_solo or not is_reproducible
        changes = {"is_reproducible": is_reproducible, "is_solo": is_solo}
        return request.model_copy(update=changes)

    def described(
        self, finished: Finished, originals: Sequence[Original], ready: Ready | None
    ) -> Finished:
        """Say what the pictures were drawn with, and how each differs from the one before it."""
        drawn = {
            "environment": environment_of(ready),
            "is_reproducible": self.is_always or _all_reproducible(originals),
        }
        pictures = [each.model_copy(update=drawn) for each in finished.pictures]
        # Words and seed make a picture; two of one job that share both are the same picture.
        found = {(each.picture.prompt, each.picture.seed): each for each in originals}
        drawings = dict(zip((each.verify_id for each in pictures), finished.drawn, strict=True))
        try:
            pictures = [
                again.model_copy(
                    update={
                        "difference": self._difference(again, drawings[again.verify_id], original)
                    }
                )
                if (original := found.get((again.prompt, again.seed)))
                else again
                for again in pictures
            ]
        except Unavailable as error:  # The new pictures stand, compared or not.
            log.warning("rerun_not_compared", code=error.code)
        return replace(finished, pictures=tuple(pictures))

    def _difference(self, again: Picture, drawing: Image.Image, original: Original) -> Difference:
        first = original.picture
        known = _known_causes(again, first)
        pixels = self._pixels(original)
        if isinstance(pixels, Cause):
            return Difference(original=first.verify_id, values=0, causes=(pixels,))
        if drawing.size != pixels.size:
            return Difference(original=first.verify_id, values=0, causes=(Cause.SIZE, *known))
        counted = self._counted(drawing, pixels, original.record)
        if counted is None:
            return Difference(original=first.verify_id, values=0, causes=(Cause.MARK, *known))
        values, differing, largest = counted
        log.info("rerun_compared", job_id=again.job_id, values=values, differing=differing)
        if differing and not known and not (first.is_reproducible and again.is_reproducible):
            known = (Cause.COMPANY,)
        return Difference(
            original=first.verify_id,
            values=values,
            differing=differing,
            largest=largest,
            causes=known if differing else (),
        )

    def _counted(
        self, drawing: Image.Image, posted: Image.Image, record: ProvenanceRecord | None
    ) -> tuple[int, int, int] | None:
        """Compare what was drawn; None where the first one's mark cannot be written any more."""
        plain = drawing.convert("RGB")
        if record is None or not record.drawn_sha256:  # Labelled before there were marks.
            return _counted(plain, posted)
        if hashlib.sha256(plain.tobytes()).hexdigest() == record.drawn_sha256:
            return _counted(plain, plain)
        try:
            return _counted(self.stamper.marked_as(plain, record.mark), posted)
        except ValueError:
            return None

    def _pixels(self, original: Original) -> Image.Image | Cause:
        """Read a first picture as it was posted, or say why that cannot be."""
        if original.is_deleted:
            return Cause.ORIGINAL_GONE
        try:
            data = self.held.read(original.picture)
        except NotFound:
            return Cause.ORIGINAL_GONE
        if hashlib.sha256(data).hexdigest() != original.picture.sha256:
            return Cause.ORIGINAL_CHANGED
        return _decoded(data)


def environment_of(ready: Ready | None) -> str:
    """Say what the bits of a picture hang on beside its recipe: device, format, libraries."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    return " · ".join([*([] if ready is None else [f"{ready.device} {ready.dtype}"]), *versions])


def _all_reproducible(originals: Sequence[Original]) -> bool:
    return bool(originals) and all(each.picture.is_reproducible for each in originals)


def _known_causes(again: Picture, first: Picture) -> tuple[Cause, ...]:
    """Name what the records of two pictures say is different."""
    drawn, then = (
        {
            Cause.WEIGHTS: picture.model_sha256,
            Cause.SCHEDULER: picture.scheduler,
            Cause.STEPS: (picture.steps, picture.guidance_scale),
            Cause.ENVIRONMENT: picture.environment,
        }
        for picture in (again, first)
    )
    return tuple(cause for cause, now in drawn.items() if now != then[cause])


def _decoded(data: bytes) -> Image.Image:
    """Read the pixels of one of our own files."""
    with Image.open(BytesIO(data), formats=["PNG"]) as image:
        return image.convert("RGB")


def _counted(new: Image.Image, first: Image.Image) -> tuple[int, int, int]:
    """Count the 8-bit values, those that differ, and the largest difference."""
    bands = ImageChops.difference(new, first).histogram()
    by_size = [sum(bands[size::_LEVELS]) for size in range(_LEVELS)]
    values = sum(by_size)
    return values, values - by_size[0], max(size for size, count in enumerate(by_size) if count)
