"""Say how a picture came about: the mode, what it went on from, and what it may be called."""

from dataclasses import dataclass

from core.contracts.jobs import Job
from core.contracts.provenance import DigitalSourceType, GenerationMode, Ingredient, Relation
from worker.sources import Source

_DRAWN = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
_EDITED = DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA

_RELATIONS = {
    GenerationMode.IMAGE2IMAGE: Relation.INPUT_TO,
    GenerationMode.INPAINT: Relation.PARENT_OF,
    GenerationMode.UPSCALE: Relation.PARENT_OF,
    GenerationMode.VARIATION: Relation.PARENT_OF,
}
"""A variation is drawn anew, pixel for pixel, and yet derived from its picture as no other is."""

_KEEPS_PIXELS = frozenset({GenerationMode.INPAINT, GenerationMode.UPSCALE})
"""What is seen of the picture before is still the same picture."""

VARIATIONS = frozenset({"vary_subtle", "vary_strong"})
"""What `Job.action` says of a job that varies a picture."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Where a picture comes from, in the words of its label."""

    mode: GenerationMode = GenerationMode.TEXT2IMAGE
    source_type: DigitalSourceType = _DRAWN
    ingredients: tuple[Ingredient, ...] = ()


def descent_of(job: Job, source: Source | None) -> Descent:
    """Tell where the pictures of a job come from.

    Args:
        job: What was asked for.
        source: What it goes on from.
    """
    if source is None:
        return Descent()
    mode = _mode_of(job, source)
    reference = Ingredient(
        relation=_RELATIONS[mode],
        verify_id=None if source.made_here is None else source.made_here.verify_id,
        sha256="" if source.made_here is None else source.made_here.sha256,
    )
    is_edited = mode in _KEEPS_PIXELS and (
        source.is_upload or (source.made_here is not None and source.made_here.is_edited)
    )
    return Descent(mode, _EDITED if is_edited else _DRAWN, (reference,))


def _mode_of(job: Job, source: Source) -> GenerationMode:
    """Go by what is asked of the engine; only a variation is told by the button's name."""
    if job.spec.upscale is not None:
        return GenerationMode.UPSCALE
    if source.mask is not None:
        return GenerationMode.INPAINT
    if not source.is_upload and (job.action in VARIATIONS or source.is_varied_again):
        return GenerationMode.VARIATION
    return GenerationMode.IMAGE2IMAGE
