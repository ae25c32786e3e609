"""A moderator sees what led here, how like cases ended, and what the policy says today."""

from dataclasses import replace

import pytest

from core.contracts.features import Asked, Features
from core.contracts.generation import GenerationSpec
from core.contracts.policies import Scope
from core.contracts.reviews import ReviewState, Ruling
from core.contracts.sanctions import Sanction, SanctionKind
from core.contracts.verdicts import Decision, Finding, Span
from core.errors import UserError
from core.workflow import JobState
from moderation.engine import Gate
from moderation.gates import Gates
from moderation.review.context import read_context
from tests.core.storage.samples import START, a_job, a_picture, a_review, a_verdict, at
from tests.moderation.review.conftest import MEMBER, MOD
from tests.moderation.test_gates import put

TEXT = "a school shooting in a red town"
LOCAL = Scope(community_id="local", channel_id="")


def span(words, text=TEXT):
    return Span(start=text.index(words), end=text.index(words) + len(words), text=words)


@pytest.fixture
def case(store):
    """A held request with its verdict, and everything else about it."""
    job = a_job(JobState.PROMPT_REVIEW, spec=GenerationSpec(prompt=TEXT))
    findings = (
        Finding(
            category="violence_weapons",
            source="rule:violence.terms",
            decision=Decision.REVIEW,
            span=span("red"),
            also=(span("shooting"),),
        ),
        Finding(
            category="ip_brand",
            source="rule:brand",
            decision=Decision.ALLOW,
            span=span("school"),
        ),
    )
    verdict = a_verdict(job.job_id, category="violence_weapons", findings=findings)
    item = a_review(
        job, opened_s=100, category="violence_weapons", text=TEXT, verdict_id=verdict.verdict_id
    )
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.verdicts.add(verdict)
        unit.reviews.open(item)
    return item


def closed(store, ruling, *, opened_s=0, member="web:bob", **fields):
    """Keep an item that is over."""
    job = a_job(JobState.DELIVERED, member=member)
    state = ReviewState.SETTLED if ruling else ReviewState.LAPSED
    item = a_review(job, opened_s, state=state, ruling=ruling, closed_at=at(opened_s + 1), **fields)
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.reviews.open(item)
    return item


def test_the_words_that_decided_are_marked_from_left_to_right(desk, case):
    """Not those of findings that ask for nothing, nor what no longer stands there."""
    found = desk.context(MOD, case.item_id)

    assert [each.text for each in found.spans] == ["shooting", "red"]
    assert found.deciding is not None
    assert found.deciding.findings[0].source == "rule:violence.terms"
    moved = read_context(desk.store, desk.gates, case.model_copy(update={"text": "other"}), START)
    assert moved.spans == ()


def test_the_members_past_and_what_came_of_it_are_there(desk, case, store):
    """Newest first, with counts; what no longer counts is left out."""
    own = [
        closed(store, ruling, opened_s=second, member="web:ada")
        for second, ruling in enumerate((Ruling.APPROVE, Ruling.REJECT, Ruling.REJECT, None))
    ]
    closed(store, Ruling.REJECT)
    strike = Sanction(
        sanction_id="s1",
        community_id="local",
        member_id="web:ada",
        kind=SanctionKind.STRIKE,
        weight=1,
        reason="",
        by="system",
        by_name="",
        at=START,
        expires_at=at(3600),
    )
    with store.unit() as unit:
        unit.sanctions.add(strike)
        unit.sanctions.add(strike.model_copy(update={"sanction_id": "s2", "expires_at": START}))

    found = desk.context(MOD, case.item_id)

    assert [each.item_id for each in found.past] == [each.item_id for each in reversed(own)]
    assert found.outcomes == {Ruling.APPROVE: 1, Ruling.REJECT: 2, None: 1}
    assert [each.sanction_id for each in found.sanctions] == ["s1"]


def test_near_cases_are_the_same_words_first_then_the_same_category(desk, case, store):
    """Decided ones, and no more than the policy wants to see."""
    put(store, LOCAL, "review: {cases_shown: 3}")
    kind = [closed(store, Ruling.REJECT, opened_s=s, category="violence_weapons", prompt_key="") for s in (1, 2, 3)]  # fmt: skip
    words = closed(store, Ruling.APPROVE, category="ip_brand", prompt_key=case.prompt_key)
    closed(store, None, opened_s=9, prompt_key=case.prompt_key)
    closed(store, Ruling.APPROVE, opened_s=9, category="ip_brand", prompt_key="")

    found = desk.context(MOD, case.item_id)

    assert [each.item_id for each in found.cases] == [
        words.item_id,
        kind[2].item_id,
        kind[1].item_id,
    ]


def test_what_the_rules_say_now_follows_the_policy_in_force(desk, case, store):
    before = desk.context(MOD, case.item_id).rules
    put(store, LOCAL, "categories: {violence_weapons: {action: block}}")

    after = desk.context(MOD, case.item_id).rules

    assert (before.decision, before.category) == (Decision.REVIEW, "violence_weapons")
    assert (after.decision, after.category) == (Decision.BLOCK, "violence_weapons")
    assert before.policy_version != after.policy_version


def remembered(store, item, scores):
    with store.unit() as unit:
        unit.features.add(
            Features(
                verdict_id=item.verdict_id,
                job_id=item.job_id,
                community_id=item.community_id,
                channel_id=item.channel_id,
                member_id=item.member_id,
                is_age_restricted=False,
                decision=Decision.REVIEW,
                category=item.category,
                policy_version=item.policy_version,
                input_sha256="",
                texts=[],
                rules=[],
                scores=scores,
                classifier=Asked.ANSWERED,
                decided_at=START,
            )
        )


def test_scores_on_record_are_weighed_by_the_policy_in_force(desk, case, store):
    """Without asking the classifier again: this process need not have one."""
    remembered(store, case, [{"violence_weapons": 0.5, "ip_brand": 0.0}, {"violence_weapons": 0.1}])
    before = desk.context(MOD, case.item_id).scores
    put(store, LOCAL, "categories: {violence_weapons: {thresholds: {review: 0.6, block: 1.0}}}")

    after = desk.context(MOD, case.item_id).scores

    assert dict(before.scores) == {"violence_weapons": 0.5}
    assert (before.decision, before.is_on_record) == (Decision.REVIEW, True)
    assert after.decision is Decision.ALLOW


def test_without_scores_and_without_a_classifier_nothing_is_made_up(desk, case):
    assert desk.context(MOD, case.item_id).scores is None


def test_what_is_forgotten_is_not_judged_again(desk, case, store):
    with store.unit() as unit:
        found = unit.reviews.locked(case.item_id)
        unit.reviews.save(found.model_copy(update={"text": None}))

    context = desk.context(MOD, case.item_id)

    assert (context.spans, context.rules, context.scores) == ((), None, None)


def test_a_policy_that_cannot_be_read_says_so(desk, case, store, monkeypatch):
    """Rather than what some other policy makes of it."""
    desk.gates.of("local", "general")
    place = desk.gates.place("local", "general")
    monkeypatch.setattr(desk.gates, "place", lambda *_: replace(place, fault="policy_corrupt"))

    context = desk.context(MOD, case.item_id)

    assert (context.policy_fault, context.rules, context.scores) == ("policy_corrupt", None, None)


def test_only_pictures_that_are_there_are_named(desk, held, store):
    item = held(JobState.OUTPUT_REVIEW)
    kept, gone = a_picture(item.job_id), a_picture(item.job_id, 1)
    with store.unit() as unit:
        for picture in (kept, gone):
            unit.pictures.add(picture)
        unit.pictures.mark_deleted(gone.verify_id, START)

    assert desk.context(MOD, item.item_id).pictures == (kept,)


def test_members_learn_nothing(desk, case):
    with pytest.raises(UserError, match="review_not_permitted"):
        desk.context(MEMBER, case.item_id)


class Reader:
    """A classifier that is loaded here."""

    name, version = "reader", "1"

    def score(self, texts):
        return [{"ip_brand": 0.9} for _ in texts]


def test_a_classifier_that_is_loaded_here_is_asked_where_nothing_is_on_record(store, policy, case):
    """As in a process that screens as well."""
    gates = Gates(store, Gate(policy, classifier=Reader()))

    found = read_context(store, gates, case, START).scores

    assert (dict(found.scores), found.is_on_record) == ({"ip_brand": 0.9}, False)
    assert found.decision is Decision.REVIEW


def test_cases_of_the_same_words_alone_may_be_enough(desk, case, store):
    put(store, LOCAL, "review: {cases_shown: 1}")
    closed(store, Ruling.REJECT, opened_s=9, category="violence_weapons", prompt_key="")
    words = closed(store, Ruling.APPROVE, category="ip_brand", prompt_key=case.prompt_key)

    assert [each.item_id for each in desk.context(MOD, case.item_id).cases] == [words.item_id]
