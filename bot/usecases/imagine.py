"""Take a request from its text to the first gate and onto the road, in one transaction."""

import secrets

from bot import grammar, permissions, quotas, standing
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Reply
from bot.usecases import effective
from bot.usecases.effective import Personal
from core.catalog import Catalog, ModelProfile
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import SEED_MAX, GenerationSpec
from core.contracts.ids import JobId, new_id
from core.contracts.jobs import Job
from core.contracts.verdicts import Verdict
from core.errors import UserError
from core.workflow import JobState
from moderation.engine import outcome_of, texts_of


def submit(
    services: Services,
    actor: Actor,
    text: str,
    address: ReplyAddress,
    *,
    parent: JobId | None = None,
    action: str = "imagine",
) -> Reply:
    """Read a request, screen it by rules, and accept, hold or refuse it.

    Returns:
        What the person sees at once: public when accepted, private when held or refused.

    Raises:
        UserError: the request cannot be read, or the person may not make it now.
    """
    permissions.require(actor, Deed.IMAGINE)
    with services.store.reading() as unit:
        personal = effective.personal_of(unit, actor)
    spec = read_request(services.catalog, text, services.gate.policy.max_prompt_chars, personal)
    return admit(services, actor, spec, address, parent=parent, action=action)


def read_request(
    catalog: Catalog,
    text: str,
    prompt_max: int = grammar.PROMPT_MAX,
    personal: Personal = effective.NOBODYS,
) -> GenerationSpec:
    """Read what is asked for, and check that the model in force can draw it.

    Args:
        catalog: The models on offer.
        text: What stands after `/imagine`.
        prompt_max: Characters of a prompt that the community's policy allows.
        personal: The settings and styles of who asks.

    Raises:
        UserError: what is wrong with which flag, and what is allowed.
    """
    spec = effective.read(catalog, text, personal, prompt_max)
    _require_drawable(spec, catalog.get(spec.model))
    return spec


def admit(
    services: Services,
    actor: Actor,
    spec: GenerationSpec,
    address: ReplyAddress,
    *,
    parent: JobId | None = None,
    action: str = "imagine",
) -> Reply:
    """Bring a request that is already read through the gate: what a re-roll starts with.

    Raises:
        UserError: the person has too many jobs waiting, or the model is no longer on offer.
    """
    profile = services.catalog.get(spec.model)
    job = _new_job(services, actor, spec, address, profile).model_copy(
        update={"parent_id": parent, "action": action}
    )
    verdict = services.gate.screen_rules(
        texts_of(spec, profile.styles),
        community_id=actor.community_id,
        job_id=job.job_id,
        now=job.created_at,
        is_age_restricted=address.is_age_restricted,
    )
    stood = _record(services, job, verdict)
    match stood.job.state:
        case JobState.SCREENING:
            services.courier.nudge()
        case JobState.PROMPT_REVIEW:
            services.courier.nudge(address.platform)
    return standing.tell(services, stood, stood.kind)


def _require_drawable(spec: GenerationSpec, profile: ModelProfile) -> None:
    if profile.aspects is not None and spec.aspect not in profile.aspects:
        allowed = [str(aspect) for aspect in profile.aspects]
        raise UserError("aspect_unsupported", flag="--ar", value=str(spec.aspect), allowed=allowed)
    if spec.style is not None and spec.style not in profile.styles:
        allowed = list(profile.styles)
        raise UserError("style_unsupported", flag="--style", value=spec.style, allowed=allowed)


def _new_job(
    services: Services,
    actor: Actor,
    spec: GenerationSpec,
    address: ReplyAddress,
    profile: ModelProfile,
) -> Job:
    now = services.clock()
    return Job(
        job_id=JobId(new_id()),
        state=JobState.NEW,
        actor=actor,
        address=address,
        spec=spec,
        seed=spec.seed if spec.seed is not None else secrets.randbelow(SEED_MAX + 1),
        model=profile.name,
        queue=profile.queue,
        policy_version=services.gate.policy.version,
        created_at=now,
        updated_at=now,
    )


def _record(services: Services, job: Job, verdict: Verdict) -> standing.Standing:
    """Write job, verdict and what follows from it, all or nothing."""
    outcome = outcome_of(verdict)
    with services.store.unit() as unit:
        # Counted under the write lock: of two requests at once, one takes the last place.
        quotas.require_room(unit, job.actor, services.settings.max_waiting_jobs)
        unit.jobs.add(job)
        unit.verdicts.add(verdict)
        job = unit.jobs.advance(job.job_id, outcome, now=job.created_at, by=job.actor.member_id)
    # All there is to tell of a job that is a moment old. Its place in the queue comes with the
    # notice that its prompt is cleared: counting a long queue here would make every answer slow.
    return standing.Standing(job, verdicts=(verdict,))
