"""Turn a job into the engine's request: which pictures, from which seeds, with how much work."""

import hashlib

from core.catalog import ModelProfile
from core.contracts.actors import Actor
from core.contracts.generation import SEED_MAX
from core.contracts.jobs import Job
from core.prompts import PromptPart, weigh
from worker.engine.messages import DrawRequest, ImageInput, LoraUse, ModelSource, PictureOrder
from worker.sources import Source

_STEPS_UNKNOWN = 30
"""Where a profile names no steps for a quality: what `ModelProfile` itself takes as standard."""


def prompts_of(job: Job) -> tuple[str, ...]:
    """List the permutation that each picture of a job shows, by the picture's index."""
    return tuple(variant for variant in job.spec.variants for _ in range(job.spec.count))


def request_for(
    job: Job,
    profile: ModelProfile,
    request_id: str,
    source: Source | None = None,
    *,
    has_previews: bool,
) -> DrawRequest:
    """Order a job's pictures.

    Picture i of every permutation has the job's seed + i, so that permutations differ in their
    words alone, and so that the picture comes out the same when its own prompt and its own seed
    are asked for alone.
    """
    spec = job.spec
    style = profile.styles.get(spec.style, "") if spec.style else ""
    orders = (
        PictureOrder(parts=_styled(weigh(variant), style), seed=(job.seed + index) % (SEED_MAX + 1))
        for variant in spec.variants
        for index in range(spec.count)
    )
    return DrawRequest(
        request_id=request_id,
        model=model_of(profile),
        pictures=tuple(orders),
        negative=", ".join(spec.negative),
        aspect=spec.aspect,
        steps=spec.steps or profile.steps.get(spec.quality.value, _STEPS_UNKNOWN),
        guidance_scale=_guidance(job, profile),
        is_tile=spec.is_tile,
        loras=tuple(
            LoraUse(path=profile.lora_path(each.name), scale=each.weight) for each in spec.loras
        ),
        has_previews=has_previews,
        image=_image(job, profile, source),
        upscale=spec.upscale,
        enlarge_to=profile.post_size,
        priority=job.priority,
        owner=owner_of(job.actor),
    )


def owner_of(actor: Actor) -> str:
    """Tell people apart without saying who they are: the engine lets them take turns."""
    named = f"{actor.community_id}\0{actor.member_id}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def model_of(profile: ModelProfile) -> ModelSource:
    """Name a profile's weights to the engine."""
    return ModelSource(source=profile.source, native_size=profile.native_size)


def _image(job: Job, profile: ModelProfile, source: Source | None) -> ImageInput | None:
    if source is None:
        return None
    if job.spec.upscale is not None:
        return source.whole()
    return source.fitted(job.spec.aspect, profile.native_size, job.spec.strength)


def _styled(parts: tuple[PromptPart, ...], style: str) -> tuple[PromptPart, ...]:
    """Give every wanted part the style; what is not wanted stays as it is."""
    return tuple(
        PromptPart(part.text + style, part.weight) if part.weight > 0 else part for part in parts
    )


def _guidance(job: Job, profile: ModelProfile) -> float | None:
    """Settle the guidance; None leaves it to a pipeline of which no profile says better."""
    spec = job.spec
    is_asked = spec.guidance_scale is not None or spec.stylize is not None
    if not is_asked and "guidance_scale" not in profile.model_fields_set:
        return None
    return profile.guidance_for(spec.guidance_scale, spec.stylize)
