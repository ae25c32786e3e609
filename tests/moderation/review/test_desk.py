"""The desk: each act as the item's state allows it, told to the second and to the second person."""

from datetime import timedelta

import pytest

from core.contracts.policies import Scope
from core.contracts.reviews import (
    ModeratorSettings,
    ReviewFilter,
    ReviewId,
    ReviewKind,
    ReviewState,
    Ruling,
)
from core.errors import NotFound, UserError
from core.events import REVIEWS_TOPIC
from core.workflow import JobState, Outcome
from moderation.review.alike import AT_MOST
from moderation.review.desk import ReviewDesk, Said
from tests.core.storage.samples import START, a_picture
from tests.moderation.review.conftest import ADMIN, AUTHOR, MEMBER, MOD, OTHER_MOD, STRANGER, person
from tests.moderation.test_gates import put

LOCAL = Scope(community_id="local", channel_id="")
YES = Said(Ruling.APPROVE, "fine", "looks harmless")
NO = Said(Ruling.REJECT, "breaks_policy")


def code_of(act) -> str | None:
    """Say what an act is refused with; None: it is not."""
    try:
        act()
    except UserError as error:
        return error.code
    return None


def trail(store, item):
    """List what was done to an item, without the steps of its job."""
    with store.reading() as unit:
        rows = unit.audit.of_job(item.job_id)
    return [(row.kind, row.by) for row in rows if row.kind != "step"]


# Acts


def test_a_claim_keeps_others_away_until_it_is_over_by_itself(desk, held, clock):
    """They are told by whom and until when; the holder may take it for longer."""
    item = held()

    taken = desk.claim(MOD, item.item_id)
    with pytest.raises(UserError, match="review_claimed") as refused:
        desk.claim(OTHER_MOD, item.item_id)
    clock.move(300)
    longer = desk.claim(MOD, item.item_id)
    clock.move(599)
    still = code_of(lambda: desk.decide(OTHER_MOD, item.item_id, YES))
    clock.move(1)
    free = desk.claim(OTHER_MOD, item.item_id)

    assert (taken.claimed_by, taken.claimed_name) == ("web:mod", "Mod")
    assert refused.value.facts == {"name": "Mod", "until": "2026-11-21 12:10:00 UTC"}
    assert longer.claimed_until == START + timedelta(seconds=900)
    assert (still, free.claimed_by) == ("review_claimed", "web:tess")


def test_a_claim_can_be_given_back(desk, held, store):
    item = held()
    desk.claim(MOD, item.item_id)

    theirs = code_of(lambda: desk.release(OTHER_MOD, item.item_id))
    free = desk.release(MOD, item.item_id)
    again = desk.release(MOD, item.item_id)

    assert theirs == "review_claimed"
    assert (free.claimed_by, again) == (None, free)
    assert trail(store, item) == [("review_claimed", "web:mod"), ("review_released", "web:mod")]


def test_a_decision_names_who_why_and_when_it_takes_effect(desk, held, store, signals):
    """And lets go of the claim; everybody who watches is woken."""
    item = held()
    desk.claim(MOD, item.item_id)

    decided = desk.decide(MOD, item.item_id, YES)

    assert decided == item.model_copy(
        update={
            "state": ReviewState.DECIDED,
            "ruling": Ruling.APPROVE,
            "reason_code": "fine",
            "note": "looks harmless",
            "decided_by": "web:mod",
            "decided_name": "Mod",
            "decided_at": START,
            "effective_at": START + timedelta(seconds=60),
            "revision": 3,
        }
    )
    assert signals.woken == [REVIEWS_TOPIC] * 2
    assert trail(store, item)[-1] == ("review_decided", "web:mod")
    with store.reading() as unit:
        assert unit.jobs.get(item.job_id).state is JobState.PROMPT_REVIEW


def test_a_second_decision_is_told_by_whom_what_and_when(desk, held):
    item = held()
    desk.decide(MOD, item.item_id, NO)

    with pytest.raises(UserError, match="review_decided") as refused:
        desk.decide(OTHER_MOD, item.item_id, YES)

    facts = {"name": "Mod", "ruling": "reject", "at": "2026-11-21 12:00:00 UTC"}
    assert refused.value.facts == facts
    assert code_of(lambda: desk.claim(OTHER_MOD, item.item_id)) == "review_decided"
    assert code_of(lambda: desk.escalate(OTHER_MOD, item.item_id)) == "review_decided"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param(Said(Ruling.APPROVE), "review_reason_unknown", id="none"),
        pytest.param(Said(Ruling.APPROVE, "evades"), "review_reason_unknown", id="of the other"),
        pytest.param(Said(Ruling.REJECT, "whim"), "review_reason_unknown", id="unheard of"),
        pytest.param(Said(Ruling.REJECT, "evades", "x" * 1001), "review_note_too_long", id="long"),
    ],
)
def test_a_decision_without_a_sound_reason_changes_nothing(desk, held, store, said, code):
    item = held()

    assert code_of(lambda: desk.decide(MOD, item.item_id, said)) == code

    with store.reading() as unit:
        assert unit.reviews.get(item.item_id) == item


def test_a_policy_without_reasons_asks_for_none(desk, held, store, gate):
    """And a reason that is not asked for is still refused."""
    bare = gate.policy.model_copy(
        update={"review": gate.policy.review.model_copy(update={"reasons": {}})}
    )
    desk.gates._base = gate.with_policy(bare)
    desk.gates._gates[()] = desk.gates._base
    item = held()

    odd = code_of(lambda: desk.decide(MOD, item.item_id, YES))
    decided = desk.decide(MOD, item.item_id, Said(Ruling.APPROVE))

    assert (odd, decided.state) == ("review_reason_unknown", ReviewState.DECIDED)


def test_the_policy_at_that_moment_counts(desk, held, store):
    """A longer claim, no time to undo and a second person hold from the activation on."""
    item, other = held(), held()
    desk.claim(MOD, item.item_id)

    put(
        store,
        LOCAL,
        "review: {claim_minutes: 20, undo_s: 0, second_person: [violence_weapons]}",
    )

    assert desk.claim(MOD, item.item_id).claimed_until == START + timedelta(minutes=20)
    assert desk.decide(MOD, item.item_id, YES).state is ReviewState.SECOND
    assert desk.decide(MOD, other.item_id, NO).effective_at == START


# Two people


def test_approving_a_marked_category_takes_two_different_people(desk, held, store):
    item = held(category="hate_extremism", severity="high")

    first = desk.decide(MOD, item.item_id, YES)
    same = code_of(lambda: desk.decide(MOD, item.item_id, YES))
    second = desk.decide(OTHER_MOD, item.item_id, Said(Ruling.APPROVE, "context"))

    assert (first.state, first.first_by, first.ruling) == (ReviewState.SECOND, "web:mod", None)
    assert same == "review_second_same"
    assert (second.state, second.decided_by, second.first_by) == (
        ReviewState.DECIDED,
        "web:tess",
        "web:mod",
    )
    assert trail(store, item) == [("review_decided", "web:mod"), ("review_decided", "web:tess")]


@pytest.mark.parametrize("category", ["sexual_minors", "nonconsensual_intimate"])
def test_the_floor_takes_two_whatever_the_policy_says(desk, held, store, category):
    put(store, LOCAL, "review: {second_person: []}")

    first = desk.decide(ADMIN, held(category=category).item_id, YES)

    assert first.state is ReviewState.SECOND


@pytest.mark.parametrize("actor", [MOD, OTHER_MOD])
def test_anybodys_rejection_decides(desk, held, actor):
    """The first approver may change their mind; the other need not agree."""
    item = held(category="hate_extremism")
    desk.decide(MOD, item.item_id, YES)

    assert desk.decide(actor, item.item_id, NO).state is ReviewState.DECIDED


# Undo


def test_a_decision_can_be_undone_until_it_takes_effect(desk, held, clock, store):
    """Then it is the undoer's claim again, with nothing left of the ruling but the note."""
    item = held()
    desk.decide(MOD, item.item_id, YES)
    clock.move(59.999)

    undone = desk.undo(MOD, item.item_id)

    claim = {"claimed_by": "web:mod", "claimed_name": "Mod", "note": "looks harmless"}
    until = {"claimed_until": clock.now + timedelta(minutes=10), "revision": 3}
    assert undone == item.model_copy(update={**claim, **until})
    assert trail(store, item)[-1] == ("review_undone", "web:mod")


def test_a_minute_later_it_is_too_late(desk, held, clock):
    item = held()
    desk.decide(MOD, item.item_id, YES)
    clock.move(60)

    assert code_of(lambda: desk.undo(MOD, item.item_id)) == "review_undo_late"


def test_while_it_takes_effect_it_is_too_late_whatever_the_clock_says(desk, held, store):
    """Two machines' clocks differ; the row does not."""
    item = held()
    desk.decide(MOD, item.item_id, YES)
    with store.unit() as unit:
        found = unit.reviews.locked(item.item_id)
        unit.reviews.save(found.model_copy(update={"is_settling": True}))

    assert code_of(lambda: desk.undo(MOD, item.item_id)) == "review_undo_late"


def test_only_who_decided_and_admins_undo_and_apply(desk, held):
    item, other = held(), held()
    for each in (item, other):
        desk.decide(MOD, each.item_id, YES)

    assert code_of(lambda: desk.undo(OTHER_MOD, item.item_id)) == "review_not_permitted"
    assert code_of(lambda: desk.apply_now(OTHER_MOD, item.item_id)) == "review_not_permitted"
    assert desk.undo(ADMIN, item.item_id).state is ReviewState.OPEN
    assert desk.apply_now(ADMIN, other.item_id).effective_at == START


def test_apply_now_ends_the_time_to_undo(desk, held, clock):
    item = held()
    desk.decide(MOD, item.item_id, YES)
    clock.move(10)

    applied = desk.apply_now(MOD, item.item_id)
    again = desk.apply_now(MOD, item.item_id)

    assert (applied.effective_at, again) == (clock.now, applied)
    assert code_of(lambda: desk.undo(MOD, item.item_id)) == "review_undo_late"


def test_what_nobody_decided_is_neither_undone_nor_applied(desk, held):
    item = held()

    assert code_of(lambda: desk.undo(MOD, item.item_id)) == "review_not_decided"
    assert code_of(lambda: desk.apply_now(MOD, item.item_id)) == "review_not_decided"


def test_undoing_the_second_approval_keeps_the_first(desk, held):
    item = held(category="hate_extremism")
    desk.decide(MOD, item.item_id, YES)
    desk.decide(OTHER_MOD, item.item_id, YES)

    undone = desk.undo(OTHER_MOD, item.item_id)

    assert (undone.state, undone.first_by, undone.ruling) == (ReviewState.SECOND, "web:mod", None)


def test_the_first_of_two_takes_the_approval_back_at_any_time(desk, held, clock):
    """Nothing has come of it yet."""
    item = held(category="hate_extremism")
    desk.decide(MOD, item.item_id, YES)
    clock.move(3600)

    others = code_of(lambda: desk.undo(OTHER_MOD, item.item_id))
    undone = desk.undo(MOD, item.item_id)

    assert others == "review_not_decided"
    assert (undone.state, undone.first_by) == (ReviewState.OPEN, None)


def test_a_rejection_by_the_first_approver_is_undone_as_a_whole(desk, held):
    item = held(category="hate_extremism")
    desk.decide(MOD, item.item_id, YES)
    desk.decide(MOD, item.item_id, NO)

    assert desk.undo(MOD, item.item_id).state is ReviewState.OPEN


# Escalation


def test_an_escalated_item_is_left_to_admins(desk, held, store):
    """With the note of who escalated it, which a decision without one keeps."""
    item = held()
    desk.claim(MOD, item.item_id)

    escalated = desk.escalate(MOD, item.item_id, " is this her? ")
    refused = code_of(lambda: desk.decide(MOD, item.item_id, NO))
    twice = desk.escalate(ADMIN, item.item_id, "again")
    decided = desk.decide(ADMIN, item.item_id, NO)

    assert (escalated.is_escalated, escalated.claimed_by) == (True, None)
    assert (refused, twice) == ("review_escalated", escalated)
    assert (decided.state, decided.note) == (ReviewState.DECIDED, "is this her?")
    assert ("review_escalated", "web:mod") in trail(store, item)


# What is over


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome.TIMED_OUT, "lapsed"), (Outcome.CANCELLED, "withdrawn")]
)
def test_an_item_that_is_over_says_so(desk, held, store, clock, outcome, state):
    item = held()
    with store.unit() as unit:
        unit.jobs.advance(item.job_id, outcome, now=clock())

    with pytest.raises(UserError, match="review_over") as refused:
        desk.decide(MOD, item.item_id, YES)

    assert refused.value.facts["value"] == state
    assert code_of(lambda: desk.undo(MOD, item.item_id)) == "review_over"


# Who may


ACTS = {
    "page": lambda desk, actor, _: desk.page(actor, ReviewFilter()),
    "look": lambda desk, actor, item_id: desk.look(actor, item_id),
    "context": lambda desk, actor, item_id: desk.context(actor, item_id),
    "claim": lambda desk, actor, item_id: desk.claim(actor, item_id),
    "release": lambda desk, actor, item_id: desk.release(actor, item_id),
    "approve": lambda desk, actor, item_id: desk.decide(actor, item_id, YES),
    "reject": lambda desk, actor, item_id: desk.decide(actor, item_id, NO),
    "undo": lambda desk, actor, item_id: desk.undo(actor, item_id),
    "apply_now": lambda desk, actor, item_id: desk.apply_now(actor, item_id),
    "escalate": lambda desk, actor, item_id: desk.escalate(actor, item_id),
    "alike": lambda desk, actor, item_id: desk.alike(actor, item_id),
    "in bulk": lambda desk, actor, item_id: _first_error(
        desk.decide_alike(actor, item_id, [item_id], NO)
    ),
    "next": lambda desk, actor, _: desk.next_item(actor),
    "reveal": lambda desk, actor, item_id: desk.reveal(actor, item_id),
}
SEEN = {"page", "look", "context", "alike", "next"}
"""Acts that decide nothing: to those who see the queue, everything in it is visible."""
NEEDS_DECIDED = {"undo", "apply_now"}
REPORTER = person("eve")

PEOPLE = {
    "member": (MEMBER, "review_not_permitted", "review_not_permitted"),
    "moderator": (MOD, None, None),
    "admin": (ADMIN, None, None),
    "admin of another community": (STRANGER, "review_not_found", None),
    "author": (AUTHOR, "review_own", None),
    "reporter": (REPORTER, "review_own", None),
}
"""Each person with what deciding acts and what mere looking is refused with."""


def _first_error(results):
    for each in results:
        if each.error is not None:
            raise each.error


@pytest.fixture
def reported(held, store):
    """Keep a posted job that was reported, with its item."""
    item = held(JobState.DELIVERED)
    with store.unit() as unit:
        unit.pictures.add(a_picture(item.job_id))
        unit.reports.add(item.job_id, REPORTER.member_id, "", now=START)
    return item


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_open_to_whom_it_should_be(desk, reported, store, act, who):
    """Members never, other communities' admins as if it were not there, own items never."""
    actor, deciding, looking = PEOPLE[who]
    expected = looking if act in SEEN else deciding
    if who == "admin of another community" and act in {"look", "context", "alike"}:
        expected = "review_not_found"
    if act in NEEDS_DECIDED:
        desk.decide(MOD, reported.item_id, NO)
    with store.reading() as unit:
        before = unit.reviews.get(reported.item_id)

    code = code_of(lambda: ACTS[act](desk, actor, reported.item_id))

    assert code == expected
    with store.reading() as unit:
        after = unit.reviews.get(reported.item_id)
    assert code is None or after == before


@pytest.mark.parametrize("act", sorted(set(ACTS) - SEEN))
def test_escalated_items_are_closed_to_moderators(desk, reported, store, act):
    """Whatever they press, and the admin may."""
    if act in NEEDS_DECIDED:
        desk.decide(ADMIN, reported.item_id, NO)
    with store.unit() as unit:
        found = unit.reviews.locked(reported.item_id)
        unit.reviews.save(found.model_copy(update={"is_escalated": True}))

    refused = code_of(lambda: ACTS[act](desk, MOD, reported.item_id))
    allowed = code_of(lambda: ACTS[act](desk, ADMIN, reported.item_id))

    assert (refused, allowed) == ("review_escalated", None)


def test_a_policy_that_leaves_reviews_to_admins_is_obeyed_at_once(desk, reported, store):
    """In every act, also by a moderator whose buttons were drawn before."""
    desk.claim(MOD, reported.item_id)

    put(store, LOCAL, "roles: {review: admin}")

    codes = {act: code_of(lambda act=act: ACTS[act](desk, MOD, reported.item_id)) for act in ACTS}
    assert codes == dict.fromkeys(ACTS, "review_not_permitted")


def test_a_channels_part_has_no_say_in_who_decides(desk, held, store):
    put(store, Scope(community_id="local", channel_id="general"), "roles: {review: member}")

    assert code_of(lambda: desk.claim(MEMBER, held().item_id)) == "review_not_permitted"


def test_an_unknown_item_is_not_found(desk):
    with pytest.raises(NotFound, match="review_not_found"):
        desk.claim(MOD, ReviewId("nothere"))


# The next one


def test_the_next_item_is_the_most_urgent_that_one_may_decide(desk, held):
    """Not one's own, not another's claim, not an admin's, not one that waits for somebody else."""
    own = held(member="web:mod", due_at=START)
    claimed, escalated, first, wanted, later = (
        held(due_at=START + timedelta(seconds=at)) for at in range(1, 6)
    )
    desk.claim(OTHER_MOD, claimed.item_id)
    desk.escalate(OTHER_MOD, escalated.item_id)
    half = held(category="hate_extremism", due_at=START + timedelta(seconds=9))
    desk.decide(MOD, half.item_id, YES)

    found = desk.next_item(MOD)

    assert found is not None
    assert (found.item_id, found.claimed_by) == (first.item_id, "web:mod")
    after = [desk.next_item(MOD, after=found.item_id) for _ in range(3)]
    assert [each and each.item_id for each in after] == [wanted.item_id, later.item_id, None]
    assert desk.next_item(ADMIN).item_id == own.item_id


def test_who_pauses_is_offered_nothing(desk, held, store):
    held()
    with store.unit() as unit:
        settings = ModeratorSettings(is_paused=True)
        unit.moderators.set_settings("local", MOD.member_id, settings)

    assert desk.next_item(MOD) is None
    assert desk.next_item(OTHER_MOD) is not None


# In bulk


def test_items_alike_are_decided_together_each_by_every_rule(desk, held):
    """Another's claim and one's own request stay as they are, and are told."""
    key = {"prompt_key": "ab" * 32}
    first, second = held(**key), held(**key)
    claimed, own, other = held(**key), held(**key, member="web:mod"), held()
    desk.claim(OTHER_MOD, claimed.item_id)

    listed = desk.alike(MOD, first.item_id)
    ids = [item.item_id for item in (first, second, claimed, own, other, second)]
    results = desk.decide_alike(MOD, first.item_id, ids, NO)

    assert {item.item_id for item in listed} == {second.item_id, claimed.item_id, own.item_id}
    told = [(each.item_id, each.error and each.error.code) for each in results]
    assert told == [
        (first.item_id, None),
        (second.item_id, None),
        (claimed.item_id, "review_claimed"),
        (own.item_id, "review_own"),
        (other.item_id, "review_not_alike"),
    ]
    assert [each.item and each.item.state for each in results[:2]] == [ReviewState.DECIDED] * 2


def test_pictures_that_look_the_same_are_alike(desk, held):
    """At most 31 of 256 bits apart, whatever the words."""
    picture = {"job_state": JobState.OUTPUT_REVIEW, "kind": ReviewKind.HELD_PICTURE}
    hashes = [f"{number:064x}" for number in (0, 2**31 - 1, 2**32 - 1)]
    one, near, far = (held(**picture, picture_hashes=(digits,)) for digits in hashes)
    held(**picture)

    assert [item.item_id for item in desk.alike(MOD, one.item_id)] == [near.item_id]
    assert {item.item_id for item in desk.alike(MOD, far.item_id)} == {near.item_id}


def test_too_many_at_once_are_refused_whole(desk, held):
    item = held()
    ids = [ReviewId(str(number)) for number in range(AT_MOST + 1)]

    assert code_of(lambda: desk.decide_alike(MOD, item.item_id, ids, NO)) == "review_too_many"


# Need to know


def test_revealing_pictures_is_written_down(desk, reported, store):
    shown = desk.reveal(MOD, reported.item_id)

    assert [picture.job_id for picture in shown] == [reported.job_id]
    assert trail(store, reported) == [("picture_revealed", "web:mod")]


def test_a_desk_without_anybody_to_wake_works_as_well(store, gates, clock, held):
    """As in a command: whoever watches looks by themselves."""
    assert ReviewDesk(store, gates, clock).claim(MOD, held().item_id).claimed_by == "web:mod"
