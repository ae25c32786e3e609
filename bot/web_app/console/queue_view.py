"""Make what the queue's templates show: entries of the list, one item, and what may be done to it.

Nothing here grants anything: what is offered is what would be taken at this moment, and the desk
decides by itself when it is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases import review
from bot.web_app.console.door import Visitor
from bot.web_app.console.queue_asked import Asked
from bot.wording import console_queue as words
from bot.wording.takedowns import reaches_of
from core.contracts.reviews import UNDECIDED, ReviewItem, ReviewKind, ReviewState, Ruling
from core.contracts.verdicts import Finding, Span, Verdict
from moderation.policy import Policy
from moderation.policy_house import Reason
from moderation.review.context import Context

QUEUE = "/console/queue"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in a list."""

    item: ReviewItem
    kind: str
    category: str
    severity: str
    due: str
    is_late: bool
    used: int
    """Percent of the time until its deadline that is over."""
    holder: str
    """Who has it now; empty: nobody."""
    is_mine: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The list as one page shows it."""

    entries: Sequence[Entry]
    has_more: bool
    waiting: int
    """How many items wait in the whole queue, whatever is filtered."""
    asked: Asked
    is_first: bool

    def link(self, item_id: str = "") -> str:
        """Make the address of this list with an item open."""
        query = self.asked.address | ({"item": item_id} if item_id else {})
        return f"{QUEUE}?{urlencode(query)}" if query else QUEUE


@dataclass(frozen=True, slots=True)
class Offered:
    """What may be done to an item now, by who looks at it."""

    claim: bool = False
    release: bool = False
    decide: bool = False
    escalate: bool = False
    undo: bool = False
    apply_now: bool = False
    label: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item stands, and what its decision panel offers."""

    item: ReviewItem
    is_mine: bool
    is_own: bool
    is_claimed: bool
    seconds_left: int
    """Until the decision takes effect."""
    offered: Offered
    reasons: Mapping[Ruling, Mapping[str, Reason]]
    reason: str
    """The title of the reason that was given."""
    takes_two: bool
    approves: str
    rejects: str
    categories: Mapping[str, str]
    fault: Reply | None = None
    """Why the last act did not happen: said beside the item."""
    told: Reply | None = None
    """What the last act did, where its traces alone would not tell."""
    reaches: str = ""
    """What a rejection may take down as well, where something came from the pictures."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the prompt: plain, marked, or left out."""

    text: str
    is_marked: bool = False
    is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One item with everything that is known about it."""

    entry: Entry
    standing: Standing
    context: Context
    pieces: Sequence[Piece]
    parameters: Sequence[tuple[str, str]]
    findings: Sequence[Finding]
    policy: Policy
    alike: Sequence[Entry]
    past: Sequence[Entry]
    cases: Sequence[Entry]
    told: Mapping[str, str] = field(default_factory=dict)
    """What became of items of a bulk decision, by their ids."""


def entry_of(item: ReviewItem, policy: Policy, visitor: Visitor, now: datetime) -> Entry:
    """Make an item's entry."""
    left = (item.due_at - now).total_seconds()
    whole = max((item.due_at - item.opened_at).total_seconds(), 1.0)
    is_held = item.is_claimed(now)
    return Entry(
        item=item,
        kind=words.KINDS[item.kind],
        category=title_of(item.category, policy),
        severity=words.SEVERITIES.get(item.severity, item.severity),
        due=words.due_line(left),
        is_late=left < 0,
        used=round(100 * min(max(1 - left / whole, 0.0), 1.0)),
        holder=item.claimed_name if is_held else "",
        is_mine=is_held and item.claimed_by == visitor.actor.member_id,
        outcome=words.outcome(item),
    )


def standing_of(
    services: Services,
    item: ReviewItem,
    visitor: Visitor,
    *,
    fault: Reply | None = None,
    told: Reply | None = None,
) -> Standing:
    """Say how an item stands; asks the policy, and of a report what came from its pictures."""
    now, actor, policy = services.clock(), visitor.actor, services.desk.policy_for(item)
    is_claimed = item.is_claimed(now)
    is_mine = is_claimed and item.claimed_by == actor.member_id
    left = 0.0 if item.effective_at is None else (item.effective_at - now).total_seconds()
    reason = policy.review.reasons.get(item.reason_code)
    return Standing(
        item=item,
        is_mine=is_mine,
        is_own=item.member_id == actor.member_id,
        is_claimed=is_claimed,
        seconds_left=max(round(left), 0),
        offered=_offered(item, visitor, is_mine=is_mine, is_claimed=is_claimed, left=left),
        reasons={ruling: policy.review.reasons_for(ruling) for ruling in Ruling},
        reason=reason.title if reason else item.reason_code,
        takes_two=item.needs_two,
        approves=words.APPROVES[item.kind],
        rejects=words.REJECTS[item.kind],
        categories={code: each.title for code, each in policy.categories.items()},
        fault=fault,
        told=told,
        reaches=reaches_of(review.came_from(services, item)),
    )


def _offered(
    item: ReviewItem, visitor: Visitor, *, is_mine: bool, is_claimed: bool, left: float
) -> Offered:
    actor = visitor.actor
    if item.member_id == actor.member_id or (item.is_escalated and not visitor.is_admin):
        return Offered()
    if item.state in UNDECIDED:
        is_free = is_mine or not is_claimed
        return Offered(
            claim=not is_claimed,
            release=is_mine,
            decide=is_free,
            escalate=is_free and not item.is_escalated,
            undo=is_free and item.state is ReviewState.SECOND and item.first_by == actor.member_id,
        )
    if item.state is ReviewState.DECIDED:
        is_decider = visitor.is_admin or item.decided_by == actor.member_id
        can_wait = is_decider and left > 0 and not item.is_settling
        return Offered(undo=can_wait, apply_now=can_wait)
    is_learnable = item.ruling is not None and item.kind is not ReviewKind.HELD_PICTURE
    return Offered(label=item.state is ReviewState.SETTLED and is_learnable)


def shown(
    services: Services,
    context: Context,
    alike: Sequence[ReviewItem],
    visitor: Visitor,
    standing: Standing,
) -> Shown:
    """Make everything that the middle and the right show."""
    item, now = context.item, services.clock()
    policy = services.desk.policy_for(item)

    def entries(items: Sequence[ReviewItem]) -> list[Entry]:
        return [entry_of(each, policy, visitor, now) for each in items]

    is_echoed = is_quoted(context, policy)
    return Shown(
        entry=entry_of(item, policy, visitor, now),
        standing=standing,
        context=context,
        pieces=pieces_of(item.text, context.spans, is_echoed=is_echoed),
        parameters=_parameters(context, is_echoed=is_echoed),
        findings=() if context.deciding is None else context.deciding.findings,
        policy=policy,
        alike=entries(alike),
        past=entries(context.past),
        cases=entries(context.cases),
    )


def title_of(category: str | None, policy: Policy) -> str:
    """Name a category as the policy does; one that it no longer has, by its code."""
    if category is None:
        return words.NO_CATEGORY
    known = policy.categories.get(category)
    return known.title if known else category


def is_quoted(context: Context, policy: Policy) -> bool:
    """Tell whether what was found may be shown: not, where any category in it forbids an echo."""
    found: set[str | None] = {context.item.category}
    if isinstance(context.deciding, Verdict):
        found |= {each.category for each in context.deciding.findings}
    named = [policy.categories[code] for code in found if code in policy.categories]
    return all(category.is_echoed for category in named)


def pieces_of(text: str | None, spans: Sequence[Span], *, is_echoed: bool) -> list[Piece]:
    """Cut a prompt at what was found in it; where that is never quoted, leave it out.

    Where nothing names the words, a classifier having read the whole, the whole is what was found.
    """
    if text is None:
        return []
    if not spans and not is_echoed:
        return [Piece("", is_left_out=True)]
    pieces, at = [], 0
    for start, end in _joined(spans):
        if start > at:
            pieces.append(Piece(text[at:start]))
        found = text[start:end]
        pieces.append(Piece(found, is_marked=True) if is_echoed else Piece("", is_left_out=True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return pieces


def _joined(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Join ranges that overlap, from left to right."""
    joined: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda each: each.start):
        if joined and span.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span.end))
        else:
            joined.append((span.start, span.end))
    return joined


def _parameters(context: Context, *, is_echoed: bool) -> list[tuple[str, str]]:
    """List what was asked for beside the words, and the seed and model in force."""
    job, spec = context.job, context.job.spec
    is_shown = is_echoed and not spec.is_forgotten
    facts: list[tuple[str, object]] = [
        ("Keep out", ", ".join(spec.negative) if is_shown else "not quoted" * bool(spec.negative)),
        ("Pictures", spec.picture_count if is_shown else spec.count),
        ("Aspect", spec.aspect),
        ("Seed", job.seed),
        ("Model", job.model),
        ("Steps", spec.steps),
        ("Guidance", spec.guidance_scale),
        ("Stylize", spec.stylize),
        ("Style", spec.style),
        ("LoRAs", ", ".join(f"{each.name} {each.weight:g}" for each in spec.loras)),
        ("Quality", spec.quality.value if spec.quality.value != "standard" else None),
        ("Tiles", "yes" if spec.is_tile else None),
        ("Goes on from", spec.image),
        ("Weight of it", spec.image_weight),
        ("Mask", spec.mask),
        ("Upscale", spec.upscale),
    ]
    return [(name, str(value)) for name, value in facts if value not in {None, ""}]
