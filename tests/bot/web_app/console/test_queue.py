"""The queue's pages: what is listed, what is known of an item, and what the next one is."""

from datetime import timedelta

import pytest

from core.contracts.actors import Role
from core.contracts.reviews import ModeratorSettings, ReviewKind
from tests.bot.web_app.console.cases import PROMPT
from tests.bot.web_app.pages import read

QUEUE = "/console/queue"


def listed(html):
    return [each.attributes["data-item"] for each in read(html).by_class("entry-link")]


def shown(html):
    heads = read(html).all(lambda each: each.attributes.get("id") == "item-title")
    return heads[0].text if heads else None


@pytest.fixture
def mo(signed_in):
    return signed_in()


def test_the_queue_lists_what_is_due_first_and_opens_nothing_by_itself(mo, cases, clock):
    later = cases.prompt(due_at=clock() + timedelta(hours=3))
    soon = cases.prompt(due_at=clock() + timedelta(hours=1))

    page = mo.get(QUEUE).text

    assert listed(page) == [soon.item_id, later.item_id]
    assert shown(page) is None
    assert "2 wait in all" in page


def test_an_entry_says_kind_category_age_reports_and_who_has_it(mo, cases, services, signed_in):
    item = cases.reported(due_at=services.clock() - timedelta(minutes=90))
    tess = signed_in(name="Tess")
    tess.send_form(f"{QUEUE}/items/{item.item_id}/acts/claim")

    entry = read(mo.get(QUEUE).text).by_class("entry-link")[0].text

    for word in ("Report", "Graphic gore", "High", "1 h 30 min late", "1 report", "Tess until"):
        assert word in entry
    assert PROMPT not in entry


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "appeal"),
        ("category", "ip_brand"),
        ("severity", "low"),
        ("whose", "mine"),
        ("whose", "escalated"),
        ("whose", "second"),
        ("words", "MARZIPAN"),
    ],
)
def test_each_filter_leaves_what_fits_it(mo, cases, clock, field, value):
    cases.prompt()
    wanted = cases.prompt(
        "a marzipan pig",
        marked="pig",
        kind=ReviewKind.APPEAL,
        category="ip_brand",
        severity="low",
        is_escalated=value == "escalated",
        state="second" if value == "second" else "open",
        claimed_by="web:mo" if value == "mine" else None,
        claimed_until=clock() + timedelta(minutes=5) if value == "mine" else None,
    )

    assert listed(mo.send_form(QUEUE, **{field: value}).text) == [wanted.item_id]


def test_what_no_filter_knows_counts_as_nothing_chosen(mo, cases):
    item = cases.prompt()

    page = mo.get(QUEUE, params={"kind": "x", "whose": "y", "order": "z"})

    assert listed(page.text) == [item.item_id]


def test_more_goes_on_where_the_page_ended(signed_in, cases, clock):
    items = [cases.prompt(due_at=clock() + timedelta(minutes=each)) for each in range(53)]
    mo = signed_in(htmx=True)

    first = mo.send_form(QUEUE).text
    more = mo.send_form(QUEUE, after=listed(first)[-1]).text
    again = mo.send_form(QUEUE, shown=53).text

    assert listed(first) == [each.item_id for each in items[:50]]
    assert listed(more) == [each.item_id for each in items[50:]]
    assert listed(again) == [each.item_id for each in items]
    assert "More" in first
    assert "More" not in more


def test_an_item_shows_its_words_with_what_was_found_in_them(mo, cases):
    item = cases.prompt(member_note="It is for a cookbook.")

    page = mo.get(QUEUE, params={"item": item.item_id}).text

    assert shown(page) == "Held prompt"
    assert read(page).by_tag("mark")[0].text == "found: bloody"
    assert read(page).by_class("prompt")[0].text == PROMPT.replace("bloody", "found: bloody")
    for fact in ("rule:gore.terms", "0.82", "1.0.0+0a1b2c3d", "It is for a cookbook.", "Ada"):
        assert fact in page
    assert "allows it" in page  # The rule of the fixture is none of the policy in force.


def test_what_a_category_forbids_to_echo_is_on_no_page(mo, cases):
    """Neither marked nor in the list nor among what was asked for."""
    item = cases.prompt("nasty words at a school", marked="nasty words", category="sexual_minors")

    page = mo.get(QUEUE, params={"item": item.item_id}).text

    assert "nasty" not in page
    assert "rain" not in page
    assert read(page).by_class("prompt")[0].text == "not quoted at a school"


def test_words_whose_time_is_over_are_said_to_be_so(mo, cases):
    item = cases.prompt(text=None)

    assert "kept no longer" in mo.get(f"{QUEUE}/items/{item.item_id}").text


def test_past_items_and_cases_show_how_they_ended(mo, cases, clock):
    cases.prompt(
        state="settled",
        ruling="reject",
        reason_code="breaks_policy",
        decided_name="Tess",
        closed_at=clock(),
    )
    item = cases.prompt()

    page = read(mo.get(QUEUE, params={"item": item.item_id}).text)

    [past, case] = [each.text for each in page.by_class("case")]
    for words in (past, case):
        assert words.split()[0] == "Rejected"
        assert "Breaks the policy, Tess" in words
    assert "the same words" in case


def test_another_communitys_item_is_not_found(signed_in, cases):
    item = cases.prompt(community_id="elsewhere")

    for path in ("", "/standing", "/pictures/x/covered"):
        assert signed_in().get(f"{QUEUE}/items/{item.item_id}{path}").status_code == 404


def test_standing_is_told_only_where_it_changed(signed_in, cases, clock):
    """Also when a claim ends by itself, which changes nothing that is kept."""
    item = cases.prompt()
    mo = signed_in(htmx=True)
    path = f"{QUEUE}/items/{item.item_id}/standing"
    assert mo.get(path, params={"revision": "1.0"}).status_code == 204
    signed_in(name="Tess").send_form(f"{QUEUE}/items/{item.item_id}/acts/claim")

    told = mo.get(path, params={"revision": "1.0"})

    assert "Claimed by Tess" in told.text
    assert mo.get(path, params={"revision": "2.1"}).status_code == 204
    clock.ahead += timedelta(minutes=11)
    assert "Free" in mo.get(path, params={"revision": "2.1"}).text


def test_next_claims_the_most_urgent_one_and_opens_it(mo, cases, clock):
    cases.prompt(due_at=clock() + timedelta(hours=2))
    urgent = cases.prompt(due_at=clock() + timedelta(hours=1))

    answer = mo.send_form(f"{QUEUE}/next")

    assert answer.headers["Location"] == f"{QUEUE}?item={urgent.item_id}"
    assert cases.now(urgent).claimed_by == "web:mo"


def test_next_after_the_last_begins_anew(mo, cases, clock):
    first = cases.prompt(due_at=clock() + timedelta(hours=1))
    last = cases.prompt(due_at=clock() + timedelta(hours=2))

    answer = mo.send_form(f"{QUEUE}/next", after=last.item_id)

    assert answer.headers["Location"] == f"{QUEUE}?item={first.item_id}"


def test_next_says_that_there_is_none(mo, signed_in):
    assert mo.send_form(f"{QUEUE}/next").headers["Location"] == QUEUE
    assert "Nothing is left for you" in mo.get(QUEUE).text

    part = signed_in(htmx=True).send_form(f"{QUEUE}/next")
    assert part.headers["HX-Reswap"] == "none"
    assert "Nothing is left for you" in part.text


def test_who_takes_a_pause_is_offered_what_is_theirs_alone(mo, cases, services, clock):
    cases.prompt()
    own = cases.prompt(claimed_by="web:mo", claimed_until=clock() + timedelta(minutes=5))
    with services.store.unit() as unit:
        unit.moderators.set_settings("local", "web:mo", ModeratorSettings(is_paused=True))

    page = mo.get(QUEUE).text

    assert listed(page) == [own.item_id]
    assert "You take a pause" in page
    assert f'action="{QUEUE}/next"' not in page
    mo.send_form(f"{QUEUE}/next")
    assert "Nothing new is offered until you end it" in mo.get(QUEUE).text


def test_what_is_offered_is_what_would_be_taken(signed_in, cases, services):
    """Nothing on one's own, nothing of the admins' to a moderator, nothing that another has."""
    own = cases.prompt(member="web:mo")
    escalated = cases.prompt(is_escalated=True)
    free = cases.prompt()
    mo, admin = signed_in(), signed_in(Role.ADMIN, name="Root")

    def forms(browser, item):
        page = browser.get(f"{QUEUE}/items/{item.item_id}", headers={"HX-Request": "true"}).text
        return {
            each.attributes["action"].rsplit("/", 1)[-1]
            for each in read(page).by_tag("form")
            if not each.attributes["action"].endswith(("/next", "/alike"))
        }

    everything = {"claim", "decide", "escalate"}
    assert forms(mo, own) == set()
    assert forms(mo, escalated) == set()
    assert forms(admin, escalated) == {"claim", "decide"}
    assert forms(mo, free) == everything
    admin.send_form(f"{QUEUE}/items/{free.item_id}/acts/claim")
    assert forms(mo, free) == set()
    assert forms(admin, free) == {"release", "decide", "escalate"}
