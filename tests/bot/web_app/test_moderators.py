"""The moderators' channel: for those who may review, and nobody else learns a thing of it."""

import itertools

import httpx
import pytest

from bot.replies import Action
from bot.usecases import erasing, review
from bot.web_app import moderators
from core.contracts.actors import Actor, Role
from core.contracts.reviews import ReviewState
from core.settings import WebSettings
from tests.bot.web_app.console.cases import PROMPT, Cases
from tests.bot.web_app.pages import wait_for


@pytest.fixture
def cases(services):
    return Cases(services)


@pytest.fixture
def enter(app, browsers):
    """Open a browser of somebody with a role."""

    def come(role=None) -> httpx.Client:
        browser = browsers()
        if role is not None:
            token = app.state.web.sessions.entry_token(role)
            assert browser.get("/enter", params={"token": token}).status_code == 303
        return browser

    return come


def who(app, browser):
    web = app.state.web
    return web.sessions.actor(web.sessions.read(browser.cookies["easel_session"]))


def in_the_channel(browser, text):
    return text in browser.get("/moderators").text


def routes(item_id, verify_id):
    """Every way in, with what is needed to get through."""
    yield "GET", "/moderators", None
    yield "POST", "/moderators/say", {"text": "/review"}
    yield "POST", f"/moderators/messages/card:{item_id}/dismiss", {}
    for base in ("", "/moderators"):
        for action in review.ACTIONS:
            yield "POST", f"{base}/items/{item_id}/{action.value}", {}
        yield "GET", f"{base}/items/{item_id}/pictures/{verify_id}", None
        yield "GET", f"{base}/items/revealed/abc", None


def test_a_member_finds_no_such_page_whatever_they_ask(enter, cases):
    """No route answers them, the stream sends them nothing, and nothing is changed or logged."""
    item = cases.picture()
    (picture,) = cases.pictures(item)
    member = enter()
    before, trail = cases.now(item), cases.trail(item)

    answers = {
        (method, path): member.request(method, path, data=data)
        for method, path, data in routes(item.item_id, picture.verify_id)
    }
    with member.stream("GET", "/moderators/events") as stream:
        assert (stream.status_code, b"data:" in stream.read()) == (404, False)

    assert {each.status_code for each in answers.values()} == {404}
    assert not any("butcher" in each.text for each in answers.values())
    assert (cases.now(item), cases.trail(item)) == (before, trail)
    assert "/moderators" not in member.get("/").text


@pytest.mark.parametrize("base", ["", "/moderators"])
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN], ids=str)
def test_who_may_review_comes_in_and_decides(enter, app, cases, role, base):
    item = cases.prompt()
    someone = enter(role)
    wait_for(lambda: in_the_channel(someone, item.item_id))
    page = someone.get("/moderators").text
    assert "<mark>bloody</mark>" in page
    assert 'href="/moderators"' in someone.get("/").text

    claimed = someone.post(f"{base}/items/{item.item_id}/review_claim")
    form = someone.post(f"{base}/items/{item.item_id}/review_reject")
    sent = someone.post(
        f"{base}/items/{item.item_id}/review_reject", data={"reason": "evades", "note": ""}
    )

    assert claimed.status_code == form.status_code == sent.status_code == 200
    assert f'action="{base}/items/{item.item_id}/review_reject"' in form.text
    assert '<option value="evades">' in form.text
    assert cases.now(item).decided_by == who(app, someone).member_id
    assert f"{who(app, someone).display_name} rejected it" in someone.get("/moderators").text
    # The card in the channel is an answer for the channel's own page alone.
    assert ("rejected it" in sent.text) == (base == "/moderators")


def test_an_admin_of_another_community_is_nobody_here(enter, app, services, cases):
    """Their cookie is of another chat; a forged one is none at all."""
    item = cases.prompt()
    browser = enter()
    session = app.state.web.sessions.new()
    foreign = session.model_copy(update={"community_id": "elsewhere", "admin_until": 2**40})
    for cookie in (app.state.web.sessions.write(foreign), "forged"):
        browser.cookies.clear()
        browser.cookies.set("easel_session", cookie)
        assert browser.get("/moderators").status_code == 404
        assert browser.post(f"/items/{item.item_id}/review_claim").status_code == 404
    assert cases.now(item).claimed_by is None


def test_one_who_comes_second_is_told_by_whom_and_until_when(enter, app, cases):
    item = cases.prompt()
    first, second = enter(Role.MODERATOR), enter(Role.MODERATOR)
    first.post(f"/moderators/items/{item.item_id}/review_claim").raise_for_status()

    told = second.post(f"/moderators/items/{item.item_id}/review_approve")
    sent = second.post(f"/moderators/items/{item.item_id}/review_approve", data={"reason": "fine"})

    assert sent.status_code == 422, "the form stays open"
    assert 'class="sheet"' not in told.text
    assert f"{who(app, first).display_name} is looking at it" in told.text
    assert "It is theirs until" in told.text
    assert "is looking at it</" not in first.get("/moderators").text, "told to who pressed alone"


def test_a_stream_ends_when_its_viewer_may_no_longer_look(enter, app, cases, monkeypatch):
    """What comes after that does not reach them."""
    moderator = enter(Role.MODERATOR)
    cases.prompt()
    may = [True]
    monkeypatch.setattr(moderators.review, "may_review", lambda *_: may[0])
    with moderator.stream("GET", "/moderators/events") as stream:
        lines = stream.iter_lines()
        assert any("bloody" in line for line in lines)
        may[0] = False
        secret = cases.prompt("a butcher with a bloody secret", marked="bloody")
        app.state.moderators.hub.announce()
        rest = "\n".join(lines)
    assert "secret" not in rest
    assert secret.item_id not in rest


def test_pictures_are_covered_until_one_moderator_reveals_them(enter, services, cases):
    """The plain bytes open for that person alone; the reveal is on record."""
    item = cases.picture()
    (picture,) = cases.pictures(item)
    moderator, other = enter(Role.MODERATOR), enter(Role.MODERATOR)
    wait_for(lambda: in_the_channel(moderator, picture.verify_id))
    plain = services.held.read(picture)

    covered = moderator.get(f"/moderators/items/{item.item_id}/pictures/{picture.verify_id}")
    assert covered.headers["content-type"] == "image/png"
    assert len(covered.content) < 1000
    assert covered.content != plain
    assert moderator.get(f"/pictures/{picture.verify_id}/a.png").status_code == 404
    assert "picture_revealed" not in cases.trail(item)

    shown = moderator.post(f"/moderators/items/{item.item_id}/review_reveal").text
    address = shown.partition('src="')[2].partition('"')[0]

    assert moderator.get(address).content == plain
    assert other.get(address).status_code == 404
    assert moderator.get(address[:-3] + "abc").status_code == 404
    assert cases.trail(item).count("picture_revealed") == 1
    assert address not in moderator.get("/moderators").text


def test_review_shows_a_card_in_private_that_follows_its_buttons(enter, cases):
    """Also in the chat itself, where nobody else sees it."""
    item = cases.prompt()
    moderator, member = enter(Role.MODERATOR), enter()

    said = moderator.post("/say", data={"text": "/review"})
    assert item.item_id in said.text
    pressed = moderator.post(f"/items/{item.item_id}/review_release")

    assert "Nobody is looking at it." in pressed.text
    assert item.item_id in moderator.get("/").text
    assert item.item_id not in member.get("/").text
    key = f"card:general:{item.item_id}"
    assert key.replace(":", "-") in moderator.get("/").text


def test_the_chat_itself_shows_no_card_of_the_channel(enter, cases, services):
    """Two channels, two streams: the general one has nothing of what waits."""
    cases.prompt()
    moderator = enter(Role.MODERATOR)
    wait_for(lambda: in_the_channel(moderator, "bloody"))

    assert PROMPT not in moderator.get("/").text


@pytest.mark.parametrize("text", ["/imagine a red apple", "/show abc", "/mydata"])
def test_what_belongs_to_the_chat_is_not_said_here(enter, services, text):
    answer = enter(Role.MODERATOR).post("/moderators/say", data={"text": text})

    assert answer.status_code == 400
    assert "is for the other channel" in answer.text
    with services.store.reading() as unit:
        assert unit.jobs.recent("local", limit=1) == []


def test_a_lapsed_items_card_keeps_its_place_and_loses_its_buttons(enter, services, cases):
    item = cases.prompt()
    moderator = enter(Role.MODERATOR)
    wait_for(lambda: in_the_channel(moderator, "review_claim"))

    with services.store.unit() as unit:
        held = unit.reviews.locked(item.item_id)
        unit.reviews.close(held, ReviewState.LAPSED, now=services.clock())
    services.events.wake("easel.reviews")

    wait_for(lambda: in_the_channel(moderator, "Nobody decided it in time."))
    assert not in_the_channel(moderator, "review_claim")


def test_a_deleted_member_takes_their_words_out_of_the_cards(enter, services, cases):
    """Whoever deletes all that is kept of them is quoted by no card either."""
    item = cases.prompt()
    moderator = enter(Role.MODERATOR)
    wait_for(lambda: in_the_channel(moderator, "bloody"))
    moderator.post("/say", data={"text": f"/review {item.item_id}"}).raise_for_status()
    assert "bloody" in moderator.get("/").text

    ada = Actor(community_id="local", member_id=item.member_id, display_name="Ada")
    erasing.erase(services, ada)

    assert "bloody" not in moderator.get("/").text
    assert not in_the_channel(moderator, "bloody")


def test_both_channels_cannot_have_one_name():
    with pytest.raises(ValueError, match="EASEL_WEB_MODERATORS_CHANNEL"):
        WebSettings(_env_file=None, channel="hall", moderators_channel="hall")


def test_only_a_cards_own_buttons_are_pressed_there(enter, cases):
    item = cases.prompt()
    moderator = enter(Role.MODERATOR)
    others = [each for each in Action if each not in review.ACTIONS]

    codes = {
        moderator.post(f"{base}/items/{item.item_id}/{action.value}").status_code
        for base, action in itertools.product(("", "/moderators"), others)
    }

    assert codes == {404}
