"""Each act is a form to the desk: it happens, or the page says beside the item why not."""

from datetime import timedelta

import pytest

from core.contracts.actors import Role
from core.contracts.features import Asked, Features
from core.contracts.reviews import ReviewState, Ruling
from core.contracts.verdicts import Decision
from core.workflow import JobState
from tests.bot.web_app.pages import read, wait_for
from tests.core.families import FamilyTree

QUEUE = "/console/queue"
APPROVE = {"ruling": "approve", "reason": "fine"}
REJECT = {"ruling": "reject", "reason": "breaks_policy"}


def at(item, act):
    return f"{QUEUE}/items/{item.item_id}/{act}"


def conflict(html):
    return read(html).by_class("conflict")[0].text


@pytest.fixture
def mo(signed_in):
    return signed_in(htmx=True)


@pytest.fixture
def tess(signed_in):
    return signed_in(htmx=True, name="Tess")


def test_claim_and_release(mo, cases):
    item = cases.prompt()

    told = mo.send_form(at(item, "acts/claim"))
    assert "Yours until" in read(told.text).by_class("stands")[0].text
    assert cases.now(item).claimed_by == "web:mo"

    mo.send_form(at(item, "acts/release"))
    assert cases.now(item).claimed_by is None
    assert cases.trail(item) == ["verdict", "review_claimed", "review_released"]


def test_a_decision_with_reason_and_note_can_be_undone_and_made_again(mo, cases):
    item = cases.prompt()

    told = mo.send_form(at(item, "decide"), **APPROVE, note="A cook at work.").text
    decided = cases.now(item)
    assert (decided.ruling, decided.reason_code) == (Ruling.APPROVE, "fine")
    assert "Approved by you" in told
    assert "Nothing wrong with it" in told
    assert "A cook at work." in told
    assert (
        0
        < int(
            read(told).all(lambda each: "data-left" in each.attributes)[0].attributes["data-left"]
        )
        <= 60
    )

    mo.send_form(at(item, "acts/undo"))
    assert cases.now(item).state is ReviewState.OPEN
    mo.send_form(at(item, "decide"), **REJECT)
    mo.send_form(at(item, "acts/apply_now"))
    wait_for(lambda: cases.now(item).state is ReviewState.SETTLED)
    with cases.services.store.reading() as unit:
        assert unit.jobs.get(item.job_id).state is JobState.BLOCKED


def test_a_decision_that_was_made_meanwhile_is_said_beside_the_item(mo, tess, cases):
    item = cases.prompt()
    tess.send_form(at(item, "decide"), **REJECT)
    decided = cases.now(item)

    late = mo.send_form(at(item, "decide"), **APPROVE)

    assert late.status_code == 409
    assert late.headers["HX-Retarget"] == "#standing"
    assert "Tess has decided it" in conflict(late.text)
    assert f"{decided.decided_at:%H:%M:%S}" in conflict(late.text)
    assert "Rejected by Tess" in late.text
    assert cases.now(item) == decided


def test_a_claim_that_somebody_has_is_said_with_who_and_until_when(mo, tess, cases):
    item = cases.prompt()
    tess.send_form(at(item, "acts/claim"))
    held = cases.now(item)

    for act, fields in (("acts/claim", {}), ("decide", APPROVE), ("escalate", {})):
        refused = mo.send_form(at(item, act), **fields)
        assert refused.status_code == 409
        assert "Tess is looking at it" in conflict(refused.text)
        assert f"{held.claimed_until:%H:%M:%S}" in conflict(refused.text)
    assert cases.now(item) == held


def test_without_scripts_a_conflict_is_a_page_with_the_item(signed_in, tess, cases):
    item = cases.prompt()
    tess.send_form(at(item, "acts/claim"))

    page = signed_in().send_form(at(item, "acts/claim"))

    assert page.status_code == 409
    assert "Tess is looking at it" in conflict(page.text)
    assert "<title>" in page.text


def test_without_scripts_an_act_leads_back_to_the_item(signed_in, cases):
    item = cases.prompt()

    answer = signed_in().send_form(at(item, "acts/claim"))

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{QUEUE}?item={item.item_id}")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"ruling": "approve", "reason": "made up"}, 400),
        ({"ruling": "maybe"}, 400),
        ({}, 400),
        (APPROVE | {"note": "x" * 1001}, 400),
        (APPROVE | {"note": "x" * 5000}, 400),
    ],
)
def test_what_is_no_decision_changes_nothing(mo, cases, fields, status):
    item = cases.prompt()

    assert mo.send_form(at(item, "decide"), **fields).status_code == status
    assert cases.now(item) == item


def test_nobody_decides_their_own_and_moderators_nothing_of_the_admins(signed_in, mo, cases):
    own, left = cases.prompt(member="web:mo"), cases.prompt(is_escalated=True)

    for item in (own, left):
        for act, fields in (("acts/claim", {}), ("decide", REJECT), ("reveal", {})):
            assert mo.send_form(at(item, act), **fields).status_code == 403
        assert cases.now(item) == item

    assert (
        signed_in(Role.ADMIN, name="Root", htmx=True)
        .send_form(at(left, "decide"), **REJECT)
        .is_success
    )
    assert cases.now(left).state is ReviewState.DECIDED


def test_another_communitys_item_takes_no_act(mo, cases):
    item = cases.prompt(community_id="elsewhere")

    for act in ("acts/claim", "acts/undo", "decide", "escalate", "reveal", "alike", "label"):
        answer = mo.send_form(at(item, act), **REJECT, decision="reject:breaks_policy")
        assert answer.status_code == 404, act
    assert cases.now(item) == item


def test_escalating_leaves_it_to_the_admins_with_a_note(mo, cases):
    item = cases.prompt()

    told = mo.send_form(at(item, "escalate"), note="I know the author.").text

    assert "Left to the admins" in told
    assert cases.now(item).is_escalated
    assert "I know the author." in told


def test_two_people_approve_what_takes_two(mo, tess, cases):
    item = cases.prompt(needs_two=True)

    first = mo.send_form(at(item, "decide"), **APPROVE)
    assert (
        "You approved it. A second person has to agree"
        in read(first.text).by_class("stands")[0].text
    )
    same = mo.send_form(at(item, "decide"), **APPROVE)
    assert (same.status_code, "somebody else" in conflict(same.text)) == (409, True)
    tess.send_form(at(item, "decide"), **APPROVE)
    assert cases.now(item).state is ReviewState.DECIDED


def test_several_alike_are_decided_together_and_what_was_not_is_told(mo, tess, cases):
    item, other, held, unlike = (
        cases.prompt(),
        cases.prompt(member="web:bob"),
        cases.prompt(member="web:cy"),
        cases.prompt("a red door", marked="red"),
    )
    tess.send_form(at(held, "acts/claim"))
    chosen = [other.item_id, held.item_id, unlike.item_id]

    told = mo.post(
        at(item, "alike"),
        data={"chosen": chosen, "decision": "reject:breaks_policy", **mo.form},
    ).text

    assert cases.now(other).ruling is Ruling.REJECT
    assert cases.now(item).state is cases.now(held).state is cases.now(unlike).state
    assert "1 of 3 decided" in told
    assert [each.text for each in read(told).by_class("not-done")] == ["Tess is looking at it"]


def test_nothing_is_learnt_from_what_can_still_be_undone(mo, cases):
    item = cases.prompt()

    early = mo.send_form(at(item, "label"))

    assert early.status_code == 400
    assert "Nothing to learn yet" in conflict(early.text)


def test_a_settled_decision_is_added_to_the_labelled_set(mo, cases, services, clock):
    item = cases.prompt(
        state="settled",
        ruling="reject",
        reason_code="evades",
        decided_at=clock(),
        closed_at=clock(),
    )
    with services.store.unit() as unit:
        unit.features.add(features_of(item, clock()))
    assert "Add to the labelled set" in mo.get(at(item, "standing")).text

    told = mo.send_form(at(item, "label"), category="gore_graphic")

    assert "Added to the labelled set" in told.text
    with services.store.reading() as unit:
        [label] = unit.labels.since("local", item.opened_at - timedelta(days=1))
    assert (label.job_id, label.category) == (item.job_id, "gore_graphic")


def features_of(item, now):
    return Features(
        verdict_id=item.verdict_id,
        job_id=item.job_id,
        community_id=item.community_id,
        channel_id=item.channel_id,
        member_id=item.member_id,
        is_age_restricted=False,
        decision=Decision.REVIEW,
        category=item.category,
        policy_version=item.policy_version,
        input_sha256="ab" * 32,
        texts=[("prompt", 0, item.text)],
        rules=["gore.terms"],
        scores=[{}],
        classifier=Asked.MISSING,
        decided_at=now,
    )


def test_time_to_undo_that_is_over_offers_nothing(mo, cases, clock):
    item = cases.prompt()
    mo.send_form(at(item, "decide"), **REJECT)
    clock.ahead += timedelta(seconds=61)

    late = mo.send_form(at(item, "acts/undo"))

    assert late.status_code == 409
    assert "Too late to undo" in conflict(late.text)


def test_a_rejected_report_takes_along_what_came_from_it_where_that_is_ticked(mo, cases, services):
    """The page offers it with how many there are, and only there."""
    item = cases.reported()
    page = f"{QUEUE}?item={item.item_id}"
    assert 'name="reach"' not in mo.get(page).text
    FamilyTree(services.store, services.blobs).from_picture(item.job_id, member="web:eve")

    assert "These and 1 request that was made from them" in mo.get(page).text
    mo.send_form(at(item, "decide"), **REJECT, reach="all")

    assert cases.now(item).is_cascading
