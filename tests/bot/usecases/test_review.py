"""Moderators decide by buttons and forms; what a card offers grants nothing to anybody."""

import itertools
from datetime import timedelta
from functools import partial

import pytest

from bot.replies import Action, FieldKind, Form, ReplyKind, Visibility
from bot.usecases import actions, commands, review
from core.contracts.actors import Actor, Role
from core.contracts.reviews import ReviewState, Ruling
from core.workflow import JobState
from tests.bot.web_app.console.cases import Cases
from tests.core.families import FamilyTree

TOLD = {"reason": "fine", "note": ""}
AGAINST = {"reason": "breaks_policy", "note": "seen before"}
REVIEWS = [each for each in Action if each.value.startswith("review_")]
FORMS = {Action.REVIEW_APPROVE: TOLD, Action.REVIEW_REJECT: AGAINST}


@pytest.fixture
def cases(services):
    return Cases(services)


@pytest.fixture
def other():
    return someone("web:other", "Tess", Role.MODERATOR)


@pytest.fixture
def admin():
    return someone("web:admin", "Root", Role.ADMIN)


def someone(member_id, name, role, community="local"):
    return Actor(community_id=community, member_id=member_id, display_name=name, role=role)


def press(services, actor, action, item, address, fields=None):
    fields = FORMS.get(action) if fields is None else fields
    if action is Action.REVIEW_ESCALATE:
        fields = {"note": "please"}
    return actions.press(services, actor, action, "", address, fields=fields, item=item.item_id)


def offers(reply):
    return [each.action for each in reply.buttons]


WHO = {
    "member": someone("web:zed", "Zed", Role.MEMBER),
    "author": someone("web:ada", "Ada", Role.MODERATOR),
    "elsewhere": someone("web:mod", "Mod", Role.ADMIN, "elsewhere"),
    "claimed by another": someone("web:late", "Late", Role.MODERATOR),
}
REFUSED = {
    "member": "That takes another role",
    "author": "That one is yours",
    "elsewhere": "There is no item",
    "claimed by another": "Mod is looking at it",
}


@pytest.mark.parametrize(
    ("who", "action"),
    [
        each
        for each in itertools.product(WHO, REVIEWS)
        # Who claimed an item is asked for by what changes one that is undecided.
        if each[0] != "claimed by another"
        or each[1] in {*FORMS, Action.REVIEW_CLAIM, Action.REVIEW_ESCALATE, Action.REVIEW_RELEASE}
    ],
    ids=str,
)
def test_nobody_does_what_the_desk_does_not_let_them(
    services, cases, moderator, address, who, action
):
    """Each act by each who may not: privately told, and nothing is changed or written down."""
    item = cases.picture()
    before = services.desk.claim(moderator, item.item_id)
    trail = cases.trail(item)

    reply = press(services, WHO[who], action, item, address)

    assert (reply.kind, reply.visibility) == (ReplyKind.ERROR, Visibility.PRIVATE)
    assert reply.title.startswith(REFUSED[who])
    assert (cases.now(item), cases.trail(item)) == (before, trail)


@pytest.mark.parametrize("action", [*FORMS, Action.REVIEW_ESCALATE], ids=str)
@pytest.mark.parametrize("who", WHO)
def test_no_form_opens_that_could_not_be_sent(services, cases, moderator, address, who, action):
    item = cases.prompt()
    services.desk.claim(moderator, item.item_id)

    reply = actions.press(services, WHO[who], action, "", address, item=item.item_id)

    assert reply.title.startswith(REFUSED[who])


def test_an_item_goes_from_hand_to_hand_and_its_card_says_so(
    services, cases, clock, moderator, other, address
):
    """Claimed, approved, taken back, rejected, settled: each card says who, and offers what fits."""
    item = cases.prompt()
    free = review.card(services, item)
    assert free.title.startswith("Held prompt · ")
    assert free.lines == ("Nobody is looking at it.",)
    assert free.quote.marked == "bloody"
    assert offers(free)[:2] == [Action.REVIEW_CLAIM, Action.REVIEW_APPROVE]

    claimed = press(services, moderator, Action.REVIEW_CLAIM, item, address)
    assert claimed.lines[0].startswith("Mod is looking at it until 12:10:00")
    assert Action.REVIEW_RELEASE in offers(claimed)
    late = press(services, other, Action.REVIEW_CLAIM, item, address)
    assert (late.title, late.lines) == (
        "Mod is looking at it",
        ("It is theirs until 2026-03-01 12:10:00 UTC.",),
    )

    approved = press(services, moderator, Action.REVIEW_APPROVE, item, address)
    assert "Mod approved it" in approved.lines[0]
    assert "undone for 60 s, until 12:01:00 UTC" in approved.lines[0]
    assert offers(approved) == [Action.REVIEW_UNDO, Action.REVIEW_APPLY]
    assert cases.now(item).ruling is Ruling.APPROVE
    gone = press(services, other, Action.REVIEW_REJECT, item, address)
    assert "Mod has decided it" in gone.title

    undone = press(services, moderator, Action.REVIEW_UNDO, item, address)
    assert Action.REVIEW_REJECT in offers(undone)
    press(services, moderator, Action.REVIEW_REJECT, item, address)
    press(services, moderator, Action.REVIEW_APPLY, item, address)
    services.settling.settle_due()

    settled = review.card(services, cases.now(item))
    assert cases.now(item).state is ReviewState.SETTLED
    assert settled.lines[0].startswith("Mod rejected it: breaks the policy.")
    assert (settled.buttons, settled.pictures) == ((), ())
    own = commands.run(services, moderator, f"/review {item.item_id}", address)
    assert offers(own) == [Action.REVIEW_LABEL]


def test_a_form_asks_for_one_of_the_policys_reasons(services, cases, moderator, address):
    item = cases.prompt()

    form = actions.press(services, moderator, Action.REVIEW_REJECT, "", address, item=item.item_id)

    assert isinstance(form, Form)
    reason, note = form.fields
    assert (reason.kind, note.is_required) == (FieldKind.CHOICE, False)
    assert [each.value for each in reason.choices] == [
        *("breaks_policy", "hurts_someone", "evades", "unclear")
    ]
    wrong = press(
        services, moderator, Action.REVIEW_REJECT, item, address, {"reason": "fine", "note": ""}
    )
    assert wrong.title == "Which reason?"
    assert cases.now(item).state is ReviewState.OPEN


def test_a_reports_form_asks_how_far_a_rejection_reaches(services, cases, moderator, address):
    """Only where something came from the pictures; all of it goes with them then."""
    item = cases.reported()
    tree = FamilyTree(services.store, services.blobs)
    open_form = partial(actions.press, services, moderator, Action.REVIEW_REJECT, "", address)
    assert [each.name for each in open_form(item=item.item_id).fields] == ["reason", "note"]
    made = tree.from_picture(item.job_id, member="web:eve")

    form = open_form(item=item.item_id)
    assert [(each.value, each.label) for each in form.fields[1].choices] == [
        ("these", "Only these pictures"),
        ("all", "These and 1 request that was made from them, whoever asked"),
    ]
    fields = {"reason": "breaks_policy", "reach": "all", "note": ""}
    press(services, moderator, Action.REVIEW_REJECT, item, address, fields)
    press(services, moderator, Action.REVIEW_APPLY, item, address)
    services.settling.settle_due()

    with services.store.reading() as unit:
        assert unit.jobs.get(made).state is JobState.WITHHELD


def test_the_first_of_two_is_named_and_somebody_else_has_to_agree(
    services, cases, moderator, other, address
):
    item = cases.prompt(needs_two=True)
    assert "takes two people" in review.card(services, item).lines[0]

    first = press(services, moderator, Action.REVIEW_APPROVE, item, address)
    again = press(services, moderator, Action.REVIEW_APPROVE, item, address)
    second = press(services, other, Action.REVIEW_APPROVE, item, address)

    assert "Mod approved it; a second person has to agree." in first.lines[0]
    assert again.title == "That takes somebody else"
    assert "Tess approved it" in second.lines[0]


def test_an_escalated_item_is_for_admins_alone(services, cases, moderator, admin, address):
    item = cases.prompt()

    left = press(services, moderator, Action.REVIEW_ESCALATE, item, address)
    refused = press(services, moderator, Action.REVIEW_CLAIM, item, address)
    taken = press(services, admin, Action.REVIEW_CLAIM, item, address)

    assert "left to the admins" in left.lines[0]
    assert Action.REVIEW_ESCALATE not in offers(left)
    assert refused.title == "That one is left to admins"
    assert "Root is looking at it" in taken.lines[0]


def test_what_is_never_quoted_is_left_out_of_the_card(services, cases):
    """Of a prompt whose words are named those; of one that was read as a whole, everything."""
    named = cases.prompt("a drawing of xyz on a wall", marked="xyz", category="sexual_minors")
    whole = cases.prompt("another of it", marked=None, category="sexual_minors")

    quotes = [review.card(services, each).quote for each in (named, whole)]

    assert [each.marked for each in quotes] == ["", ""]
    assert [each.after for each in quotes] == [
        "a drawing of [left out] on a wall",
        "[left out]",
    ]


def test_pictures_are_revealed_to_one_person_and_that_is_on_record(
    services, cases, moderator, address
):
    item = cases.picture(count=2)
    assert len(review.card(services, item).pictures) == 2

    shown = press(services, moderator, Action.REVIEW_REVEAL, item, address)

    assert (shown.visibility, len(shown.pictures)) == (Visibility.PRIVATE, 2)
    assert cases.trail(item)[-1] == "picture_revealed"


def test_review_takes_the_next_item_and_says_when_there_is_none(
    services, cases, moderator, address
):
    item = cases.prompt()

    taken = commands.run(services, moderator, "/review", address)
    none = commands.run(services, moderator, "/review", address)

    assert (taken.item, taken.visibility) == (item.item_id, Visibility.PRIVATE)
    assert cases.now(item).claimed_by == moderator.member_id
    assert none.title == "Nothing for you now"


def test_review_queue_counts_by_kind_and_leads_to_the_console(services, cases, moderator, address):
    cases.prompt()
    cases.prompt("another butcher with a bloody cleaver", age=timedelta(minutes=5))
    cases.reported()

    queue = commands.run(services, moderator, "/review queue", address)

    assert queue.lines == ("3 items wait.",)
    assert {each.name: each.value for each in queue.fields} == {"Held prompt": "2", "Report": "1"}
    assert [(each.path, each.is_page) for each in queue.links] == [("/console/queue", True)]


@pytest.mark.parametrize("line", ["/review", "/review queue", "/review {id}"])
def test_members_learn_nothing_by_the_command(services, cases, ada, address, line):
    item = cases.prompt(member="web:zed")

    reply = commands.run(services, ada, line.format(id=item.item_id), address)

    assert reply.title == "That takes another role"
    assert cases.now(item).claimed_by is None
