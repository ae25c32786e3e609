"""Gather what a moderator should know before deciding: one read for a card or a page.

`services.desk.context(actor, item_id)` gives it to whoever may decide. It quotes the request, so
it is for moderators' eyes alone and reaches no log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.contracts.features import Features
from core.contracts.jobs import Job, Picture
from core.contracts.records import Report
from core.contracts.reviews import (
    ReviewFilter,
    ReviewItem,
    ReviewOrder,
    ReviewState,
    Ruling,
)
from core.contracts.sanctions import Sanction
from core.contracts.verdicts import Decision, Finding, Span, Stage, Verdict
from core.storage import Store, Unit
from moderation.classifiers.base import UNSAFE
from moderation.engine import texts_of
from moderation.gates import Gates, Place
from moderation.inquiry import Subject, digest_of
from moderation.weighing import Scale

_PAST = 20
"""Of a member's past items: what fits on a page beside the rest."""

_SHOWN_FROM = 0.005
"""A score below this is shown as 0.00 and says nothing."""

_CLOSED = frozenset({ReviewState.SETTLED})


@dataclass(frozen=True, slots=True)
class RulesNow:
    """What the policy in force makes of the words, without a classifier."""

    decision: Decision
    category: str | None
    policy_version: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoresNow:
    """What a classifier said of the words, weighed by the policy in force."""

    decision: Decision
    scores: Mapping[str, float]
    """The highest of each category; those that say nothing are left out."""
    is_on_record: bool
    """True: it was asked when the request was screened; False: just now."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is known about one item."""

    item: ReviewItem
    job: Job
    verdicts: tuple[Verdict, ...]
    deciding: Verdict | None
    """The verdict that holds it: its findings name rule, score and policy version."""
    spans: tuple[Span, ...]
    """What to mark in the prompt."""
    pictures: tuple[Picture, ...]
    """Those whose bytes are there; `ReviewDesk.reveal` before they are shown plainly."""
    reports: tuple[Report, ...]
    past: tuple[ReviewItem, ...]
    """The member's other items, newest first."""
    outcomes: Mapping[Ruling | None, int]
    """How often the member's items were approved, rejected, or (None) not decided."""
    sanctions: tuple[Sanction, ...]
    """Those that count now."""
    cases: tuple[ReviewItem, ...]
    """Near past cases: the same words first, then the same category; each with its ruling."""
    rules: RulesNow | None
    """None: the words are gone, or the policy in force cannot be read."""
    scores: ScoresNow | None
    """None: no classifier was asked then, and none is loaded in this process."""
    policy_fault: str | None = None
    """The code of what is wrong with the policy in force, where it cannot be read."""


def read_context(store: Store, gates: Gates, item: ReviewItem, now: datetime) -> Context:
    """Gather what is known about an item; a dozen indexed reads, whatever the queue's length.

    Raises:
        Unavailable: the database is away.
    """
    place = gates.place(item.community_id, item.channel_id)
    with store.reading() as unit:
        job = unit.jobs.get(item.job_id)
        verdicts = unit.verdicts.of_job(item.job_id)
        features = unit.features.of_job(item.job_id)
        pictures = unit.pictures.of_job(item.job_id)
        deciding = _deciding(item, verdicts)
        past = unit.reviews.of_member(item.community_id, item.member_id, limit=_PAST + 1)
        is_readable = place.fault is None and item.text is not None
        return Context(
            item=item,
            job=job,
            verdicts=tuple(verdicts),
            deciding=deciding,
            spans=_spans(deciding, item.text),
            pictures=tuple(
                each for each in pictures if not unit.pictures.is_deleted(each.verify_id)
            ),
            reports=tuple(unit.reports.of_job(item.job_id)),
            past=tuple(each for each in past if each.item_id != item.item_id)[:_PAST],
            outcomes=unit.reviews.outcomes_of_member(item.community_id, item.member_id),
            sanctions=tuple(unit.sanctions.live_of(item.community_id, item.member_id, now=now)),
            cases=_cases(unit, item, place.gate.policy.review.cases_shown, now),
            rules=_rules_now(unit, job, place, now) if is_readable else None,
            scores=_scores_now(job, features, place, now) if is_readable else None,
            policy_fault=place.fault,
        )


def _deciding(item: ReviewItem, verdicts: Sequence[Verdict]) -> Verdict | None:
    return next((each for each in verdicts if each.verdict_id == item.verdict_id), None)


def _spans(verdict: Verdict | None, text: str | None) -> tuple[Span, ...]:
    """List what asks for a person, as it stands in the prompt, from left to right."""
    if verdict is None or text is None:
        return ()
    spans = {
        (span.start, span.end): span
        for finding in verdict.findings
        if finding.decision is not Decision.ALLOW and finding.field == "prompt"
        for span in (finding.span, *finding.also)
        if span is not None and text[span.start : span.end] == span.text
    }
    return tuple(spans[place] for place in sorted(spans))


def _cases(unit: Unit, item: ReviewItem, limit: int, now: datetime) -> tuple[ReviewItem, ...]:
    """Find how requests like it were decided, without those that nobody decided."""
    same = unit.reviews.alike(item.community_id, item.prompt_key, _CLOSED, limit=limit)
    if item.category is not None and len(same) < limit:
        asked = ReviewFilter(states=_CLOSED, categories=frozenset({item.category}))
        same += unit.reviews.page(
            item.community_id, asked, ReviewOrder.NEWEST, now=now, limit=limit + len(same)
        )
    found = {each.item_id: each for each in same if each.ruling and each.item_id != item.item_id}
    return tuple(found.values())[:limit]


def _rules_now(unit: Unit, job: Job, place: Place, now: datetime) -> RulesNow:
    texts = texts_of(job.spec, None, unit.uploads.names_of((job.spec.image, job.spec.mask)))
    verdict = place.gate.screen_rules(
        texts,
        community_id=job.actor.community_id,
        job_id=job.job_id,
        now=now,
        is_age_restricted=job.address.is_age_restricted,
    )
    return RulesNow(verdict.decision, verdict.category, verdict.policy_version, verdict.findings)


def _scores_now(
    job: Job, features: Features | None, place: Place, now: datetime
) -> ScoresNow | None:
    """Weigh what is on record, else ask the classifier, if this process has one."""
    if features is not None and features.scores:
        return _weighed(job, features.scores, place, is_on_record=True)
    if place.gate.classifier is None:
        return None
    texts = texts_of(job.spec)
    subject = Subject(
        Stage.PROMPT,
        job.actor.community_id,
        job.job_id,
        now,
        digest_of(texts),
        job.address.is_age_restricted,
    )
    scores = place.gate.examine(texts, subject).scores
    return _weighed(job, scores, place, is_on_record=False) if scores else None


def _weighed(
    job: Job, scores: Sequence[Mapping[str, float]], place: Place, *, is_on_record: bool
) -> ScoresNow:
    scale = Scale(place.gate.policy, job.address.is_age_restricted)
    highest: dict[str, float] = {}
    for each in scores:
        for code, score in each.items():
            highest[code] = max(score, highest.get(code, 0.0))
    decision = max((scale.strictest(each) for each in scores), key=tuple(Decision).index)
    told = {
        code: score for code, score in highest.items() if score >= _SHOWN_FROM and code != UNSAFE
    }
    ordered = dict(sorted(told.items(), key=lambda one: -one[1]))
    return ScoresNow(decision, ordered, is_on_record)
