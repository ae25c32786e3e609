"""Two moderators in two browsers: what one does to a card, the other sees without a reload."""

import pytest

from core.contracts.actors import Role
from core.contracts.reviews import ReviewState, Ruling
from core.workflow import JobState
from tests.bot.web_app import people
from tests.bot.web_app.console.cases import Cases
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.test_browser_appeal import ask_a_moderator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]


@pytest.fixture
def cases(services):
    return Cases(services)


@pytest.fixture
def moderator(person, app):
    """Open a moderator's browser in their channel; a mark on its page is gone with a reload."""

    def open_one(**options):
        someone = person(**options)
        token = app.state.web.sessions.entry_token(Role.MODERATOR)
        someone.page.goto(f"{someone.url}/enter?token={token}")
        someone.page.locator(".bar-link").click()
        someone.page.locator(".bar h1", has_text="moderators").wait_for()
        someone.page.evaluate("window.isSamePage = true")
        return someone

    return open_one


def card(someone, item_id):
    return someone.page.locator(f"#m-card-{item_id}")


def sees(someone, item_id, words):
    card(someone, item_id).get_by_text(words).wait_for()


def press(someone, item_id, name):
    card(someone, item_id).get_by_role("button", name=name).click()


def send(someone, reason, name):
    sheet = someone.page.locator("form.sheet")
    sheet.get_by_label("Reason, which its author is told").select_option(reason)
    sheet.get_by_role("button", name=name).click()
    sheet.wait_for(state="detached")


def test_two_moderators_decide_one_item_and_its_author_is_told(
    person, moderator, services, stage, cases
):
    """Claimed, refused to the second, approved, undone, rejected: in place, for both."""
    anna = person()
    anna.say("/imagine a decapitated corpse, gore --seed 7")
    ask_a_moderator(anna)
    job = stage.newest()
    assert job.state is JobState.PROMPT_REVIEW
    with services.store.reading() as unit:
        item = unit.reviews.live_of_job(job.job_id)
    held = cases.picture(member="web:ada")
    tidy, quick = moderator(), moderator()
    for each in (tidy, quick):
        sees(each, item.item_id, "Nobody is looking at it.")
        card(each, held.item_id).locator(".covered img").wait_for()
    name = tidy.page.locator(".me .author").inner_text()

    press(tidy, item.item_id, "Claim")
    sees(quick, item.item_id, f"{name} is looking at it until")
    press(quick, item.item_id, "Approve")
    quick.page.locator("#passings").get_by_text(f"{name} is looking at it").wait_for()
    assert tidy.page.locator("#passings .passing").count() == 0

    press(tidy, item.item_id, "Approve")
    send(tidy, "fine", "Approve")
    for each in (tidy, quick):
        sees(each, item.item_id, f"{name} approved it: nothing wrong with it. It can be undone")
    quick.picture("moderators-channel-decided")
    press(tidy, item.item_id, "Undo")
    sees(quick, item.item_id, f"{name} is looking at it until")
    assert cases.now(item).state is ReviewState.OPEN

    press(tidy, item.item_id, "Reject")
    send(tidy, "hurts_someone", "Reject")
    press(tidy, item.item_id, "Apply now")
    for each in (tidy, quick):
        sees(each, item.item_id, f"{name} rejected it: could hurt somebody. It was refused.")
        assert card(each, item.item_id).get_by_role("button").count() == 0
        assert each.page.evaluate("window.isSamePage"), "nothing was loaded anew"
    anna.page.get_by_role("heading", name="A moderator decided against this request").wait_for()
    assert name not in anna.page.content()
    decided = cases.now(item)
    assert (decided.state, decided.ruling) == (ReviewState.SETTLED, Ruling.REJECT)


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param((1280, 1240), "light", id="desktop"),
        pytest.param(people.PHONE, "dark", id="phone"),
    ],
)
def test_the_channel_can_be_read_and_used_by_everybody(moderator, cases, size, scheme):
    """Contrast, targets, names and widths, with every kind of card; and a form by keyboard."""
    cases.prompt("a portrait of a calm fox in the snow, blood on its paws", marked="blood")
    picture = cases.picture(member="web:zed", author="Quiet Heron")
    item = cases.prompt(needs_two=True, member_note="", author="Bold Finch")
    someone = moderator(size=size, scheme=scheme)
    card(someone, picture.item_id).locator(".covered img").wait_for()
    press(someone, item.item_id, "Claim")
    sees(someone, item.item_id, "is looking at it until")

    for fault in (
        *(people.CONTRAST, people.SMALL_TARGETS, people.NAMELESS),
        people.WIDER_THAN_THE_SCREEN,
    ):
        assert someone.page.evaluate(fault) == []
    someone.picture(f"moderators-channel-{scheme}")
    press(someone, item.item_id, "Approve")
    chosen = someone.page.locator("form.sheet select")
    chosen.wait_for()
    assert chosen.evaluate("each => each === document.activeElement")
    someone.picture(f"moderators-channel-form-{scheme}")
    someone.page.keyboard.press("Escape")
    someone.page.locator("form.sheet").wait_for(state="detached")


def test_a_picture_is_shown_to_who_reveals_it_and_covered_again(moderator, cases):
    """After a question; the other moderator's page keeps it covered."""
    item = cases.picture()
    first, second = moderator(), moderator()
    for each in (first, second):
        card(each, item.item_id).locator(".covered img").wait_for()
    covered = card(first, item.item_id).locator(".covered img")
    assert "grayscale(1)" in covered.evaluate("each => getComputedStyle(each).filter")

    press(first, item.item_id, "Reveal")
    assert "picture_revealed" not in cases.trail(item)
    first.page.locator("#confirm-yes").click()
    shown = first.page.locator(".is-revealed img")
    shown.wait_for()
    wait_for(lambda: shown.evaluate("each => each.naturalWidth") == 128)

    assert cases.trail(item)[-1] == "picture_revealed"
    assert second.page.locator(".is-revealed").count() == 0
    first.picture("moderators-channel-revealed")
    first.page.get_by_role("button", name="Cover again").click()
    shown.wait_for(state="detached")
