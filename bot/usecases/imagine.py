"""Take a request from its text to the first gate and onto the road, in one transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot import grammar, permissions, quotas, standing
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Reply
from bot.usecases import effective, inputs, price
from bot.usecases.effective import Personal
from core.catalog import Catalog, ModelProfile
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.features import Features
from core.contracts.generation import SEED_MAX, GenerationSpec
from core.contracts.ids import DraftId, JobId, new_id
from core.contracts.jobs import Job
from core.contracts.verdicts import Decision, Verdict
from core.errors import UserError
from core.workflow import JobState, Outcome
from moderation.engine import Examined, outcome_of, texts_of
from moderation.features import features_of, is_whole, remember
from moderation.gates import Place
from moderation.review.opening import Held, open_for
from moderation.rules import ScreenedText
from moderation.sanctions import on_refused


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
    policy = services.gates.of(actor.community_id, address.channel_id).policy
    spec = read_request(services.catalog, text, policy.max_prompt_chars, personal)
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


def admit(  # noqa: PLR0913 - who asks for what, where, and how it came about.
    services: Services,
    actor: Actor,
    spec: GenerationSpec,
    address: ReplyAddress,
    *,
    parent: JobId | None = None,
    action: str = "imagine",
    draft_id: DraftId | None = None,
) -> Reply:
    """Bring a request that is already read through the gate: what a re-roll starts with.

    Args:
        services: What every use case is handed.
        actor: Who asks.
        spec: What for.
        address: Where the answer goes.
        parent: The job that this one goes on from.
        action: How it came about.
        draft_id: The draft whose price its author has accepted; a large request without one is
            answered with its price and a question.

    Raises:
        UserError: the person is barred, has too many jobs waiting or has had today's share, the
            model is no longer on offer or does not draw this, a picture that is gone on from is
            not there for this person, the words of what is asked for again were deleted, or the
            draft was used before.
    """
    inputs.require_words(spec)
    profile = services.catalog.get(spec.model)
    _require_drawable(spec, profile)
    file_names = _require_inputs(services, actor, spec, address)
    place = services.gates.place(actor.community_id, address.channel_id)
    job = _new_job(services, actor, spec, address, profile).model_copy(
        update={
            "parent_id": parent,
            "action": action,
            "policy_version": place.gate.policy.version,
            "price_gpu_s": price.price_of(spec, profile, services.paces.of(profile.name)),
        }
    )
    texts = texts_of(spec, profile.styles, file_names)
    verdict = place.gate.screen_rules(
        texts,
        community_id=actor.community_id,
        job_id=job.job_id,
        now=job.created_at,
        is_age_restricted=address.is_age_restricted,
    )
    is_blocked = outcome_of(verdict) is Outcome.RULES_BLOCK
    if draft_id is None and not is_blocked and price.is_asked_first(services, job):
        return price.ask(services, job)
    stood = _record(services, _Screened(job, texts, verdict, place), draft_id)
    match stood.job.state:
        case JobState.SCREENING | JobState.BLOCKED:  # A refused one may have a rewrite.
            services.courier.nudge()
        case JobState.PROMPT_REVIEW:
            services.courier.nudge(address.platform, is_review=True)
    return standing.tell(services, stood, stood.kind)


def _require_inputs(
    services: Services, actor: Actor, spec: GenerationSpec, address: ReplyAddress
) -> list[str]:
    """Check the pictures that a request goes on from; give what their files are called."""
    if spec.image is None:
        return []
    with services.store.reading() as unit:
        return inputs.require(unit, actor, address, spec)


def _require_drawable(spec: GenerationSpec, profile: ModelProfile) -> None:
    if profile.aspects is not None and spec.aspect not in profile.aspects:
        allowed = [str(aspect) for aspect in profile.aspects]
        raise UserError("aspect_unsupported", flag="--ar", value=str(spec.aspect), allowed=allowed)
    if spec.style is not None and spec.style not in profile.styles:
        allowed = list(profile.styles)
        raise UserError("style_unsupported", flag="--style", value=spec.style, allowed=allowed)
    for choice in spec.loras:
        if choice.name not in profile.loras:
            near = get_close_matches(choice.name, profile.loras, n=1)
            raise UserError(
                "lora_unsupported",
                flag="--lora",
                value=choice.name,
                allowed=list(profile.loras),
                suggestion=near[0] if near else None,
            )


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
        priority=services.settings.moderator_priority if actor.is_moderator else 0,
        policy_version="",  # That of the place, which who calls this knows.
        created_at=now,
        updated_at=now,
    )


@dataclass(frozen=True, slots=True)
class _Screened:
    """A request and what rules make of it."""

    job: Job
    texts: Sequence[ScreenedText]
    verdict: Verdict
    place: Place

    def features(self) -> Features | None:
        """Keep what is decided here for replays; what goes on is kept when it is screened."""
        if self.verdict.decision is Decision.ALLOW or not is_whole(self.verdict, self.place):
            return None
        return features_of(
            Examined(self.verdict, ()),
            self.texts,
            channel_id=self.job.address.channel_id,
            member_id=self.job.actor.member_id,
            is_age_restricted=self.job.address.is_age_restricted,
        )


def _record(services: Services, screened: _Screened, draft_id: DraftId | None) -> standing.Standing:
    """Write job, verdict and what follows from it, all or nothing."""
    job, verdict = screened.job, screened.verdict
    outcome, features = outcome_of(verdict), screened.features()
    with services.store.unit() as unit:
        # Counted under the write lock: of two requests at once, one takes the last place.
        quotas.require_room(
            unit,
            job.actor,
            services.settings,
            now=job.created_at,
            price_gpu_s=job.price_gpu_s,
        )
        if draft_id is not None and not unit.drafts.use(draft_id, job.created_at):
            raise UserError("draft_used", value=draft_id)
        job = unit.jobs.begin(job, outcome, now=job.created_at, by=job.actor.member_id)
        unit.verdicts.add(verdict)
        if outcome is Outcome.RULES_BLOCK:
            on_refused(unit, job, verdict, screened.place.gate.policy, job.updated_at)
        open_for(unit, job, Held(outcome, verdict, screened.place.gate.policy), now=job.updated_at)
        if features is not None:
            remember(unit, features, screened.place)
    # All there is to tell of a job that is a moment old. Its place in the queue comes with the
    # notice that its prompt is cleared: counting a long queue here would make every answer slow.
    return standing.Standing(job, verdicts=(verdict,))
