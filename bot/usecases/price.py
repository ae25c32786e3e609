"""Say what a request costs in GPU-seconds, and ask before a large one is begun."""

from bot import quotas, wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.catalog import ModelProfile
from core.contracts.actors import Platform
from core.contracts.generation import GenerationSpec
from core.contracts.ids import DraftId, new_id
from core.contracts.jobs import Job
from core.contracts.personal import Draft
from core.contracts.usage import Pace


def price_of(spec: GenerationSpec, profile: ModelProfile, pace: Pace) -> float | None:
    """Estimate GPU-seconds from how quickly the model drew lately; None: it never drew."""
    if spec.upscale is not None:
        return pace.enlarging_s
    if pace.step_s is None:
        return None
    steps = profile.steps_for(spec.steps, spec.quality)
    if spec.image is not None:  # What stays of the picture is not drawn.
        steps = max(1, round(steps * spec.strength))
    return round(spec.picture_count * steps * pace.step_s, 3)


def is_asked_first(services: Services, job: Job) -> bool:
    """Tell whether a request is asked about before it begins; a terminal has no buttons."""
    limit = services.settings.confirm_gpu_s
    is_large = limit > 0 and (job.price_gpu_s or 0.0) > limit
    return is_large and job.address.platform is not Platform.CLI


def ask(services: Services, job: Job) -> Reply:
    """Keep a request as a draft, and ask its author for a yes.

    Raises:
        UserError: it could not be begun now, whatever the answer.
    """
    price_gpu_s = job.price_gpu_s or 0.0
    draft = Draft(
        draft_id=DraftId(new_id()),
        community_id=job.actor.community_id,
        member_id=job.actor.member_id,
        address=job.address,
        spec=job.spec,
        action=job.action,
        parent_id=job.parent_id,
        price_gpu_s=price_gpu_s,
        created_at=job.created_at,
    )
    settings, now = services.settings, job.created_at
    with services.store.unit() as unit:
        quotas.require_room(unit, job.actor, settings, now=now, price_gpu_s=price_gpu_s)
        allowance = quotas.allowance_of(unit, job.actor, settings, now)
        unit.drafts.add(draft)
    left_gpu_s = allowance.left_gpu_s if allowance.is_limited else None
    return wording.price_asked(draft, left_gpu_s)
