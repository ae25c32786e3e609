"""What waits for a person comes into the queue with its step, once, in the order of deadlines."""

from datetime import timedelta

import pytest

from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.verdicts import Decision
from core.workflow import JobState, Outcome
from moderation.review.opening import NOTE_MOST, Held, kind_of, open_for, report, weightiest
from tests.core.storage.samples import START, a_job, a_verdict, at


def kept(store, state):
    job = a_job(state)
    with store.unit() as unit:
        unit.jobs.add(job)
    return job


def test_an_item_says_what_a_person_needs_to_know(store, policy):
    """Whose, what, why, and by when the policy wants it looked at."""
    job = kept(store, JobState.PROMPT_REVIEW)
    verdict = a_verdict(job.job_id, category="violence_weapons")
    held = Held(Outcome.RULES_REVIEW, verdict, policy)

    with store.unit() as unit:
        item = open_for(unit, job, held, now=START)

    with store.reading() as unit:
        assert unit.reviews.of_job(job.job_id) == [item]
    assert (item.member_id, item.author, item.channel_id) == ("web:ada", "Ada", "general")
    assert (item.kind, item.state) == (ReviewKind.HELD_PROMPT, ReviewState.OPEN)
    assert (item.category, item.severity, item.needs_two) == ("violence_weapons", "medium", False)
    assert (item.text, item.verdict_id) == (job.spec.prompt, verdict.verdict_id)
    assert item.policy_version == policy.version
    assert item.due_at == START + timedelta(hours=24)
    assert item.lapses_at == START + timedelta(hours=48)


@pytest.mark.parametrize(
    ("category", "hours", "needs_two"),
    [
        pytest.param("sexual_minors", 1, True, id="critical, of the floor"),
        pytest.param("hate_extremism", 4, True, id="high, marked by the policy"),
        pytest.param("sexual_explicit", 4, False, id="high"),
        pytest.param("ip_brand", 48, False, id="low"),
        pytest.param(None, 24, False, id="none decided"),
        pytest.param("zorblax", 24, False, id="one that the policy no longer has"),
    ],
)
def test_the_graver_the_sooner(store, policy, category, hours, needs_two):
    job = kept(store, JobState.PROMPT_REVIEW)
    held = Held(Outcome.PROMPT_REVIEW, a_verdict(job.job_id, category=category), policy)

    with store.unit() as unit:
        item = open_for(unit, job, held, now=START)

    assert (item.due_at - START, item.needs_two) == (timedelta(hours=hours), needs_two)


def test_a_job_that_goes_on_has_no_item(store, policy):
    job = kept(store, JobState.SCREENING)

    with store.unit() as unit:
        assert open_for(unit, job, Held(Outcome.RULES_PASS, None, policy), now=START) is None
        assert unit.reviews.of_job(job.job_id) == []


def test_a_second_opening_finds_the_first(store, policy):
    """The sweep and a late task may both think that it is theirs to open."""
    job = kept(store, JobState.PROMPT_REVIEW)
    held = Held(Outcome.PROMPT_REVIEW, None, policy)

    with store.unit() as unit:
        first = open_for(unit, job, held, now=START)
        second = open_for(unit, job, held, now=at(1))

    assert second == first


NO_FINDING = {"findings": (), "category": None}


@pytest.mark.parametrize(
    ("outcome", "verdict", "kind"),
    [
        (Outcome.RULES_REVIEW, {}, ReviewKind.HELD_PROMPT),
        (Outcome.RULES_REVIEW, NO_FINDING, ReviewKind.FAILED_CHECK),
        (Outcome.PROMPT_REVIEW, {}, ReviewKind.HELD_PROMPT),
        (Outcome.CHECK_UNAVAILABLE, NO_FINDING, ReviewKind.FAILED_CHECK),
        (Outcome.CHECK_UNAVAILABLE, {}, ReviewKind.FAILED_CHECK),
        (Outcome.CHECK_UNAVAILABLE, None, ReviewKind.FAILED_CHECK),
        (Outcome.OUTPUT_REVIEW, {}, ReviewKind.HELD_PICTURE),
        (Outcome.APPEALED, {}, ReviewKind.APPEAL),
        (Outcome.APPEALED, None, ReviewKind.APPEAL),
    ],
)
def test_the_kind_says_why_it_waits(policy, outcome, verdict, kind):
    made = None if verdict is None else a_verdict(None, **verdict)

    assert kind_of(Held(outcome, made, policy)) is kind


def test_of_several_pictures_the_gravest_verdict_is_named(policy):
    """What was let through names nothing."""
    allowed = a_verdict(None, decision=Decision.ALLOW, category=None, findings=())
    low, high, none = (
        a_verdict(None, category=code) for code in ("ip_brand", "sexual_explicit", None)
    )

    assert weightiest([allowed, none, low, high], policy) == high
    assert weightiest([allowed], policy) is None


def reported(store, policy, job, note, now):
    with store.unit() as unit:
        return report(unit, job, Held(Outcome.DELIVERED, None, policy, note), now=now)


def test_each_further_report_halves_the_time_that_is_left(store, policy):
    """And adds to the note; reports themselves never lapse."""
    job = kept(store, JobState.DELIVERED)

    first = reported(store, policy, job, "It shows me.", START)
    second = reported(store, policy, job, "Awful", START)
    late = START + timedelta(hours=13)
    third = reported(store, policy, job, "", late)

    assert (first.kind, first.lapses_at, first.reports) == (ReviewKind.REPORT, None, 1)
    assert [item.due_at - START for item in (first, second)] == [
        timedelta(hours=24),
        timedelta(hours=12),
    ]
    assert (third.reports, third.due_at) == (3, START + timedelta(hours=12)), "it is overdue"
    assert third.member_note == "It shows me.\nAwful"
    with store.reading() as unit:
        assert unit.reviews.of_job(job.job_id) == [third]


def test_a_report_while_a_decision_waits_is_counted_with_it(store, policy):
    job = kept(store, JobState.DELIVERED)
    item = reported(store, policy, job, "", START)
    with store.unit() as unit:
        unit.reviews.save(
            item.model_copy(update={"state": ReviewState.DECIDED, "ruling": Ruling.REJECT})
        )

    raised = reported(store, policy, job, "x" * 2 * NOTE_MOST, START)

    assert (raised.state, raised.reports, raised.due_at) == (ReviewState.DECIDED, 2, item.due_at)
    assert len(raised.member_note) == NOTE_MOST
