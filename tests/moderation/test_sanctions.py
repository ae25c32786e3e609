"""The ladder: what refusals add up to, what comes of it once, and what stops it going wrong."""

# ruff: noqa: F811 - the storage's fixtures are imported, and found by name.

import shutil
import threading
from datetime import timedelta

import pytest
from hypothesis import given as with_any
from hypothesis import settings
from hypothesis import strategies as st

from core.contracts.reviews import ReviewKind, Ruling
from core.contracts.sanctions import SYSTEM, SanctionKind
from core.contracts.verdicts import Decision, Finding
from core.storage import Store
from core.workflow import JobState
from moderation.policy_house import Breaker, Mode, Penalty, Sanctions, Step
from moderation.sanctions import (
    breaker_open_until,
    give_by_hand,
    on_approved,
    on_refused,
    on_rejected,
    weight_of,
)
from tests.core.storage.conftest import (  # noqa: F401 - fixtures are found by name.
    database_url,
    migrated_postgres,
    migrated_sqlite,
    open_store,
    postgres,
    store,
)
from tests.core.storage.samples import a_job, a_review, a_verdict, at
from tests.core.storage.test_sanctions import a_sanction

K, P = SanctionKind, Penalty
LADDER = (
    Step(at=3, penalty=P.NOTE),
    Step(at=5, penalty=P.WARN),
    Step(at=6, penalty=P.SLOW, hours=12),
    Step(at=8, penalty=P.PAUSE, hours=24),
    Step(at=20, penalty=P.BAN),
)
WEIGHTS = {"sexual_suggestive": 0.5, "sexual_explicit": 1, "hate_extremism": 3, "sexual_minors": 8}


@pytest.fixture(scope="module")
def ladder(policy):
    """The shipped weights, which this test names, under a ladder with every penalty."""
    assert {code: policy.category(code).strikes for code in WEIGHTS} == WEIGHTS
    return with_sanctions(policy, steps=LADDER)


def with_sanctions(policy, **fields):
    sanctions = Sanctions(**{**policy.sanctions.model_dump(), **fields})
    return policy.model_copy(update={"sanctions": sanctions})


def with_weight(policy, code, strikes):
    changed = policy.category(code).model_copy(update={"strikes": strikes})
    return policy.model_copy(update={"categories": {**policy.categories, code: changed}})


def refuse(store, policy, category="sexual_explicit", at_s=0.0, *, job=None, **of_finding):
    """Refuse a request of somebody's at a time; say what it led to, and which job it was."""
    job = job or a_job(JobState.BLOCKED, created_at=at(at_s))
    finding = Finding(
        category=category or "gore_graphic", source="rule:x", decision=Decision.BLOCK, **of_finding
    )
    verdict = a_verdict(job.job_id, decision=Decision.BLOCK, category=category, findings=(finding,))
    with store.unit() as unit:
        return job, on_refused(unit, job, verdict, policy, at(at_s))


def kinds(sanctions):
    return [each.kind for each in sanctions]


def record(store, member="web:ada"):
    with store.reading() as unit:
        return list(reversed(unit.sanctions.of_member("local", member)))


def trail(store, *wanted):
    with store.reading() as unit:
        rows = unit.audit.page("local", limit=500)
    return [row for row in reversed(rows) if row.kind in wanted]


def test_a_refusal_adds_its_categorys_weight_until_it_expires(store, ladder):
    """Three reach the note's step of this ladder, too."""
    _, [strike, _] = refuse(store, ladder, "hate_extremism", 0)

    assert (strike.kind, strike.weight, strike.category) == (K.STRIKE, 3, "hate_extremism")
    assert (strike.by, strike.expires_at) == (SYSTEM, at(30 * 86400))
    assert strike.reason == ladder.category("hate_extremism").member_text
    with store.reading() as unit:
        assert weight_of(unit, "local", "web:ada", at(30 * 86400 - 1)) == 3
        assert weight_of(unit, "local", "web:ada", at(30 * 86400)) == 0
        assert weight_of(unit, "local", "web:bob", at(1)) == 0
        assert weight_of(unit, "elsewhere", "web:ada", at(1)) == 0


WALK = [
    # What is refused, after how many hours, and what the ladder then gives.
    ("sexual_explicit", 0, None),
    ("sexual_explicit", 1, None),
    ("sexual_suggestive", 2, None),
    ("sexual_suggestive", 3, K.NOTE),  # 3
    ("violence_weapons", 4, None),  # Weighs nothing.
    ("sexual_explicit", 5, None),  # 4
    ("sexual_explicit", 6, K.WARNING),  # 5
    ("sexual_suggestive", 7, None),
    ("sexual_suggestive", 8, K.SLOW),  # 6
    ("hate_extremism", 9, K.COOL_DOWN),  # 9
    ("sexual_minors", 10, None),  # 17
    ("hate_extremism", 11, K.BAN),  # 20
    ("sexual_minors", 12, None),  # Nothing is above.
    ("sexual_explicit", 24 * 31, None),  # All are over but this one …
    ("sexual_explicit", 24 * 31 + 1, None),
    ("sexual_explicit", 24 * 31 + 2, K.NOTE),  # … and the step is reached again.
]


def test_the_ladder_is_walked_step_by_step_with_the_time(store, ladder):
    given = []
    for category, hours, _ in WALK:
        _, found = refuse(store, ladder, category, hours * 3600)
        given += [(category, hours, found[1].kind if len(found) > 1 else None)]

    assert given == WALK
    lasting = {each.kind: each.expires_at and each.expires_at - each.at for each in record(store)}
    assert lasting == {
        K.STRIKE: timedelta(days=30),
        K.NOTE: timedelta(days=30),
        K.WARNING: timedelta(days=30),
        K.SLOW: timedelta(hours=12),
        K.COOL_DOWN: timedelta(hours=24),
        K.BAN: None,
    }
    rows = trail(store, "member_sanctioned")
    assert {row.facts["sanction"]: row.facts["kind"] for row in rows} == {
        each.sanction_id: each.kind for each in record(store)
    }
    assert {(row.about, row.by) for row in rows} == {("web:ada", SYSTEM)}
    assert not any("web:ada" in str(row.facts) for row in rows)


def test_one_jump_over_several_steps_gives_the_highest_alone(store, ladder):
    _, given = refuse(store, ladder, "sexual_minors")

    assert kinds(given) == [K.STRIKE, K.COOL_DOWN]
    assert given[1].weight == 8


def test_ten_strikes_of_a_tenth_reach_a_step_at_one(store, policy):
    tenths = with_weight(
        with_sanctions(policy, steps=(Step(at=1, penalty=P.WARN),)), "gore_graphic", 0.1
    )

    given = [kinds(refuse(store, tenths, "gore_graphic", second)[1]) for second in range(10)]

    assert given == [[K.STRIKE]] * 9 + [[K.STRIKE, K.WARNING]]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"is_obfuscated": True}, id="hidden"),
        pytest.param({}, id="plain"),
    ],
)
def test_hiding_weighs_on_top_what_the_policy_says_and_never_less(store, ladder, fields):
    weighed = with_weight(ladder, "evasion_signal", 0.25)
    _, given = refuse(store, weighed, "sexual_explicit", **fields)

    extra = [("evasion_signal", 0.25)] if fields else []
    assert [(each.category, each.weight) for each in given] == [*extra, ("sexual_explicit", 1)]
    _, given = refuse(store, ladder, "sexual_explicit", 1, **fields)
    assert [(each.category, each.weight) for each in given] == [("sexual_explicit", 1)]


def test_a_request_that_is_refused_twice_has_its_strike_once(store, ladder):
    job, _ = refuse(store, ladder)

    assert refuse(store, ladder, at_s=1, job=job)[1] == []
    assert len(record(store)) == 1


def test_what_no_category_refused_is_nobodys_fault(store, ladder):
    """A check that is missing and blocks."""
    assert refuse(store, ladder, None)[1] == []
    job = a_job()
    held = a_verdict(job.job_id, category="sexual_minors", decision=Decision.REVIEW)
    with store.unit() as unit:
        assert on_refused(unit, job, held, ladder, at(0)) == []
    assert record(store) == []


def test_in_shadow_nothing_is_given(store, ladder):
    """Not even for what the floor refuses, nor by the ladder after a strike by hand."""
    shadow = ladder.model_copy(update={"mode": Mode.SHADOW})

    assert refuse(store, shadow, "sexual_minors")[1] == []
    with store.unit() as unit:
        by_hand = a_sanction(weight=9, by="web:mod")
        assert give_by_hand(unit, by_hand, shadow, at(1)) == [by_hand]
    assert record(store) == [by_hand]


def test_a_strike_by_hand_climbs_and_other_sanctions_do_not(store, ladder):
    with store.unit() as unit:
        assert kinds(give_by_hand(unit, a_sanction(K.BAN, by="web:mod"), ladder, at(0))) == [K.BAN]
        strike = a_sanction(weight=6, by="web:mod")
        assert kinds(give_by_hand(unit, strike, ladder, at(1))) == [K.STRIKE, K.SLOW]


# What people decided.


def reject(store, policy, kind, at_s=0.0, *, job=None, **fields):
    job = job or a_job(JobState.BLOCKED)
    item = a_review(
        job,
        kind=kind,
        ruling=Ruling.REJECT,
        decided_by="web:mod",
        decided_name="Mod",
        **{"category": "hate_extremism", **fields},
    )
    with store.unit() as unit:
        return item, on_rejected(unit, item, policy, at(at_s))


@pytest.mark.parametrize(
    ("kind", "category", "weight"),
    [
        pytest.param(ReviewKind.HELD_PROMPT, "hate_extremism", 3, id="prompt"),
        pytest.param(ReviewKind.HELD_PICTURE, "sexual_explicit", 1, id="picture"),
        pytest.param(ReviewKind.HELD_PROMPT, "violence_weapons", None, id="no weight"),
        pytest.param(ReviewKind.FAILED_CHECK, None, None, id="failed check"),
        pytest.param(ReviewKind.HELD_PROMPT, "no_such_category", None, id="gone"),
        pytest.param(ReviewKind.REPORT, "hate_extremism", 3, id="report"),
        pytest.param(ReviewKind.REPORT, None, 2, id="report without a category"),
    ],
)
def test_a_rejection_adds_what_its_category_weighs(store, policy, kind, category, weight):
    item, given = reject(
        store, with_sanctions(policy, taken_down=2, steps=()), kind, category=category
    )

    assert [each.weight for each in given] == ([] if weight is None else [weight])
    for strike in given:
        assert (strike.by, strike.by_name, strike.job_id) == ("web:mod", "Mod", item.job_id)
        assert strike.category == category
        assert not strike.is_automatic


def test_the_reason_that_people_gave_is_the_strikes(store, policy):
    code, reason = next(iter(policy.review.reasons_for(Ruling.REJECT).items()))

    _, [strike, *_] = reject(store, policy, ReviewKind.HELD_PROMPT, reason_code=code)

    assert strike.reason == reason.member_text


def test_an_appeal_in_vain_costs_nothing_more(store, ladder):
    job, _ = refuse(store, ladder, "hate_extremism")

    _, given = reject(store, ladder, ReviewKind.APPEAL, 60, job=job)

    assert given == []


def overturn(store, job, at_s, kind=ReviewKind.APPEAL):
    item = a_review(job, kind=kind, ruling=Ruling.APPROVE, decided_by="web:mod")
    with store.unit() as unit:
        return on_approved(unit, item, at(at_s))


def test_an_overturned_refusal_takes_its_strikes_and_their_penalty_back(store, ladder):
    """Of a member who waits out a cool-down for nothing: it ends at once, and is on record."""
    job, _ = refuse(
        store, with_weight(ladder, "evasion_signal", 1), "sexual_minors", is_obfuscated=True
    )

    lifted = overturn(store, job, 60)

    assert sorted(kinds(lifted)) == sorted([K.STRIKE, K.STRIKE, K.COOL_DOWN])
    assert {(each.lifted_by, each.lifted_at) for each in lifted} == {("web:mod", at(60))}
    with store.reading() as unit:
        assert unit.sanctions.live_of("local", "web:ada", now=at(60)) == []
    rows = trail(store, "member_pardoned")
    assert [(row.by, row.about) for row in rows] == [("web:mod", "web:ada")] * 3
    assert overturn(store, job, 61) == []


def test_a_penalty_that_was_deserved_without_it_stays(store, ladder):
    """Nine without the one that is overturned; and a step that only its weight reached goes."""
    early, _ = refuse(store, ladder, "sexual_explicit", 0)
    for second in (1, 2, 3):
        refuse(store, ladder, "hate_extremism", second)  # 4, 7, 10: a note, slow, a cool-down.

    lifted = overturn(store, early, 60)

    assert kinds(lifted) == [K.STRIKE]
    live = [each.kind for each in record(store) if each.is_live(at(60))]
    assert K.COOL_DOWN in live
    assert K.SLOW in live


def test_a_later_penalty_that_the_overturned_strike_helped_to_reach_goes(store, ladder):
    early, _ = refuse(store, ladder, "hate_extremism", 0)
    refuse(store, ladder, "hate_extremism", 1)  # 6: slow.

    assert kinds(overturn(store, early, 60)) == [K.STRIKE, K.SLOW, K.NOTE]


def test_what_expired_meanwhile_does_not_undo_an_old_penalty(store, ladder):
    """A ban counts the strikes of its own time."""
    job, _ = refuse(store, ladder, "sexual_explicit", 0)
    for second in (1, 2, 3):
        refuse(store, ladder, "sexual_minors", second)

    lifted = overturn(store, job, 40 * 86400)

    assert K.BAN not in kinds(lifted)
    assert any(each.kind is K.BAN and each.is_live(at(40 * 86400)) for each in record(store))


@pytest.mark.parametrize("kind", [kind for kind in ReviewKind if kind is not ReviewKind.APPEAL])
def test_only_an_appeal_overturns(store, ladder, kind):
    job, _ = refuse(store, ladder)

    assert overturn(store, job, 1, kind) == []


def test_what_was_overturned_once_can_be_taken_down_later(store, ladder):
    job, _ = refuse(store, ladder)
    overturn(store, job, 60)

    _, given = reject(store, ladder, ReviewKind.REPORT, 120, job=job)

    assert kinds(given) == [K.STRIKE, K.NOTE]


# The breaker.


def of_member(number):
    return a_job(JobState.BLOCKED, member=f"web:{number}")


def test_a_mistake_in_the_policy_does_not_sanction_a_whole_community(store, ladder):
    """A rule that refuses everybody: three are paused, then the ladder rests for an hour."""
    careful = with_sanctions(ladder, breaker=Breaker(per_hour=3).model_dump())

    def everybody(*numbers):
        return [
            kinds(refuse(store, careful, "sexual_minors", number * 60, job=of_member(number))[1])
            for number in numbers
        ]

    paused, over_s = [K.STRIKE, K.COOL_DOWN], 120 + 3600  # An hour after the third.
    assert everybody(0, 1, 2) == [paused] * 3
    with store.reading() as unit:
        assert breaker_open_until(unit, "local", careful, at(120)) == at(over_s)
        assert breaker_open_until(unit, "local", careful, at(over_s)) is None
        assert breaker_open_until(unit, "elsewhere", careful, at(120)) is None
    assert everybody(3, 4, 30, 61) == [[]] * 4
    assert everybody(62) == [paused]
    [row] = trail(store, "breaker_opened")
    assert row.facts == {"per_hour": 3, "until": at(over_s).isoformat()}


def test_as_many_in_more_than_an_hour_open_nothing(store, ladder):
    careful = with_sanctions(ladder, breaker=Breaker(per_hour=3).model_dump())
    given = [
        kinds(refuse(store, careful, "sexual_minors", number * 1800, job=of_member(number))[1])
        for number in range(6)
    ]

    assert given == [[K.STRIKE, K.COOL_DOWN]] * 6
    assert trail(store, "breaker_opened") == []


def test_while_it_rests_people_still_strike_and_penalties_are_noted(store, ladder):
    """And what was held back is not made up for."""
    careful = with_sanctions(ladder, breaker=Breaker(per_hour=1).model_dump())
    refuse(store, careful, "sexual_minors", 0, job=of_member(0))

    _, given = reject(store, careful, ReviewKind.HELD_PROMPT, 60, job=of_member(1))

    assert kinds(given) == [K.STRIKE]
    [row] = trail(store, "sanction_held_back")
    assert (row.facts["kind"], row.about) == ("note", "web:1")
    _, later = refuse(store, careful, "sexual_suggestive", 7200, job=of_member(1))
    assert kinds(later) == [K.STRIKE]


def test_sanctions_by_hand_neither_count_nor_are_held_back(store, ladder):
    careful = with_sanctions(ladder, breaker=Breaker(per_hour=1).model_dump())
    with store.unit() as unit:
        for _ in range(3):
            give_by_hand(unit, a_sanction(K.BAN, by="web:mod"), careful, at(0))
        assert breaker_open_until(unit, "local", careful, at(1)) is None

    assert kinds(refuse(store, careful, "sexual_minors", 2)[1]) == [K.STRIKE, K.COOL_DOWN]


def test_refusals_at_once_reach_each_step_once(store, open_store, ladder):
    """Eight threads, one strike each: one note, one warning, one slow-down, one cool-down."""
    ready = threading.Barrier(8)

    def one():
        own = open_store()
        ready.wait(30)
        refuse(own, ladder)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    found = kinds(record(store))
    assert sorted(found) == sorted([K.STRIKE] * 8 + [K.NOTE, K.WARNING, K.SLOW, K.COOL_DOWN])


# Any walk at all, against a few lines that know no database.

EVENTS = st.lists(
    st.tuples(
        st.sampled_from([*WEIGHTS, "overturn"]),
        st.integers(min_value=0, max_value=400),
    ),
    max_size=14,
)


class Walk:
    """What should have been given, said the other way round: by looking at every step."""

    def __init__(self):
        self.strikes = {}

    def weight(self, hours):
        live = (weight for at_h, weight in self.strikes.values() if hours - at_h < 30 * 24)
        return sum(live)

    def refuse(self, name, weight, hours):
        before = self.weight(hours)
        self.strikes[name] = (hours, weight)
        reached = [step for step in LADDER if before < step.at <= self.weight(hours)]
        return [reached[-1].penalty] if reached else []


@pytest.fixture
def any_store(migrated_sqlite, tmp_path):
    made = Store(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path)}")
    yield made
    made.close()


def test_any_walk_gives_what_the_steps_say(any_store, ladder):
    """Refusals and overturned ones in any order and at any time, each walk by another member."""
    walks = iter(range(10_000))
    calm = with_sanctions(ladder, breaker=Breaker(per_hour=10_000).model_dump())
    penalties = {
        K.NOTE: P.NOTE,
        K.WARNING: P.WARN,
        K.SLOW: P.SLOW,
        K.COOL_DOWN: P.PAUSE,
        K.BAN: P.BAN,
    }

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @with_any(EVENTS)
    def walk(events):
        member, hours, expected = f"web:{next(walks)}", 0, Walk()
        jobs = []
        for what, after_h in events:
            hours += after_h
            if what == "overturn":
                if jobs:
                    job = jobs.pop(0)
                    overturn(any_store, job, hours * 3600)
                    del expected.strikes[job.job_id]
                continue
            job = a_job(JobState.BLOCKED, member=member)
            jobs.append(job)
            _, found = refuse(any_store, calm, what, hours * 3600, job=job)
            wanted = expected.refuse(job.job_id, WEIGHTS[what], hours)
            assert [penalties[each.kind] for each in found[1:]] == wanted
        with any_store.reading() as unit:
            left = weight_of(unit, "local", member, at(hours * 3600))
        assert left == expected.weight(hours)

    walk()
    assert next(walks) > 30
