"""Learn from people: keep what they decided, and propose thresholds that fit it better."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.bootstrap import Services
from bot.usecases.policy_desk import Desk
from bot.usecases.policy_drafts import Proposed, set_values
from bot.usecases.privacy import default_learning
from core.contracts.actors import Actor, Role
from core.contracts.features import Features
from core.contracts.ids import CommunityId, JobId
from core.contracts.labels import Label, LabelSource, Learning
from core.contracts.records import Fact
from core.contracts.reviews import ReviewId, ReviewItem, ReviewKind, ReviewState, Ruling
from core.contracts.verdicts import Decision
from core.errors import NotFound, UserError
from moderation.policy import CATEGORY_CODES, FLOOR_CATEGORIES
from moderation.retune import Retuned, retune


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person says of a decided request."""

    job_id: JobId
    source: LabelSource
    right: Decision
    category: str | None = None
    """What it breaks; needed where it may not be drawn."""


def add(services: Services, actor: Actor, said: Judgement) -> Label:
    """Keep what a moderator says of a request, in place of what was said of it before.

    Its author's own word counts, else the community's policy. The words are kept only where the
    operator's setting allows it too, and never for a category of the floor.

    Raises:
        NotFound: `job_not_found`: no such request in the community, or nothing is kept of it.
        UserError: `not_permitted` for members; `policy_value_invalid` where the category is none;
            `consent_missing`: its author lets nothing be learnt from it.
    """
    if not actor.is_moderator:
        raise UserError("not_permitted", value="label", allowed=[Role.MODERATOR.value])
    is_harmful = said.right is not Decision.ALLOW
    if is_harmful and said.category not in CATEGORY_CODES:
        raise UserError("policy_value_invalid", value=said.category or "category")
    now = services.clock()
    default = default_learning(services, actor.community_id)
    with services.store.unit() as unit:
        features = unit.features.of_job(said.job_id)
        if features is None or features.community_id != actor.community_id:
            raise NotFound("job_not_found", job_id=said.job_id)
        own = unit.consents.take_learning(actor.community_id, features.member_id, now=now)
        learning = own or default
        if learning is Learning.NOTHING:
            raise UserError("consent_missing", value=said.job_id)
        label = _label(services, actor, said, features, learning, now)
        unit.labels.put(label)
        unit.labels.forget_before(_oldest(services, now))
        facts: dict[str, Fact] = {
            "right": said.right,
            "category": label.category,
            "source": said.source,
        }
        unit.audit.add(
            "decision_labelled",
            job_id=said.job_id,
            by=actor.member_id,
            facts=facts,
            now=now,
            community_id=actor.community_id,
        )
    return label


def listed(services: Services, community_id: CommunityId) -> list[Label]:
    """List a community's labels that are not too old."""
    with services.store.reading() as unit:
        return unit.labels.since(community_id, _oldest(services, services.clock()))


def propose_retuned(desk: Desk) -> tuple[list[Retuned], Proposed | None]:
    """Compare the thresholds in force with better ones, and propose those; nothing is activated.

    Loosening a grave category makes the draft one that a second person activates.
    """
    found = retune(desk.effective().policy, listed(desk.services, desk.scope.community_id))
    values = {
        f"categories.{each.category}.thresholds": (
            f"{{review: {each.after.thresholds.review}, block: {each.after.thresholds.block}}}"
        )
        for each in found
        if each.is_changed
    }
    if not values:
        return found, None
    return found, set_values(desk, values, desk.held.active, "retuned on labelled decisions")


def _label(
    services: Services,
    actor: Actor,
    said: Judgement,
    features: Features,
    learning: Learning,
    now: datetime,
) -> Label:
    is_harmful = said.right is not Decision.ALLOW
    category = said.category if is_harmful else None
    is_kept = (
        services.settings.labels_keep_text
        and learning is Learning.WORDS
        and not {category, features.category} & set(FLOOR_CATEGORIES)
    )
    scores: dict[str, float] = {}
    for each in features.scores:
        for code, score in each.items():
            scores[code] = max(score, scores.get(code, 0.0))
    return Label(
        job_id=said.job_id,
        community_id=features.community_id,
        member_id=features.member_id,
        source=said.source,
        decided=features.decision,
        right=said.right,
        category=category,
        role=actor.role,
        is_age_restricted=features.is_age_restricted,
        scores=scores,
        texts=tuple(text for _, _, text in features.texts) if is_kept else None,
        policy_version=features.policy_version,
        at=now,
    )


def _oldest(services: Services, now: datetime) -> datetime:
    return now - timedelta(days=services.settings.labels_keep_days)


def labels_from_item(
    services: Services, actor: Actor, item_id: ReviewId, category: str | None = None
) -> Label:
    """Keep what a settled decision of the moderators says of a request: one press.

    Args:
        services: What every use case is handed.
        actor: Who presses it.
        item_id: The decided item.
        category: What the request breaks, where the item names no category or a wrong one.

    Raises:
        NotFound: `review_not_found`; whatever `add` raises.
        UserError: `review_not_permitted`; `review_own`; `label_not_settled`, where nobody decided
            it or that can still be undone; `label_of_pictures`, because only words are learnt from;
            whatever `add` raises.
    """
    item = services.desk.look(actor, item_id)
    if item.member_id == actor.member_id:
        raise UserError("review_own", value=item_id)
    if item.state is not ReviewState.SETTLED or item.ruling is None:
        raise UserError("label_not_settled", value=item_id)
    if item.kind is not ReviewKind.REPORT and _was_drawn_for_it(services, item):
        raise UserError("label_of_pictures", value=item_id)
    is_harmful = item.ruling is Ruling.REJECT
    said = Judgement(
        item.job_id,
        _source_of(item),
        Decision.BLOCK if is_harmful else Decision.ALLOW,
        (category or item.category) if is_harmful else None,
    )
    return add(services, actor, said)


def _source_of(item: ReviewItem) -> LabelSource:
    """Say how a decision came to be looked at again, as a label has it."""
    if item.kind is ReviewKind.REPORT:
        is_confirmed = item.ruling is Ruling.REJECT
        return LabelSource.REPORTED if is_confirmed else LabelSource.UPHELD
    return LabelSource.OVERTURNED if item.ruling is Ruling.APPROVE else LabelSource.UPHELD


def _was_drawn_for_it(services: Services, item: ReviewItem) -> bool:
    """Tell whether an item was about pictures: its words may have been fine, or need not be."""
    if item.kind is ReviewKind.HELD_PICTURE:
        return True
    if item.kind is not ReviewKind.FAILED_CHECK:
        return False
    with services.store.reading() as unit:
        drawn = unit.pictures.of_job(item.job_id)
    return any(picture.created_at <= item.opened_at for picture in drawn)
