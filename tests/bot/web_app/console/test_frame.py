"""The frame of the console's pages: notes that nobody can forge, parts for htmx, the way onward."""

import time

import pytest
from starlette.requests import Request

from bot.web_app.console.door import recognise
from bot.web_app.console.frame import TABS, Frame, Note, place
from bot.web_app.console.rooms import PRIVATE
from bot.web_app.console.signing import browser_of
from bot.wording.console import NOTES
from core.contracts.actors import Role
from tests.bot.web_app.console.conftest import open_session
from tests.bot.web_app.pages import read


def a_request(cookie: str = "", *, htmx: bool = False) -> Request:
    headers = [(b"cookie", f"easel_console_note={cookie}".encode())] if cookie else []
    headers += [(b"hx-request", b"true")] if htmx else []
    scope = {"type": "http", "method": "GET", "path": "/console/account", "headers": headers}
    return Request(scope)


@pytest.fixture
def frame():
    return Frame("secret", "local", frozenset({"/console/account"}), is_secure=False)


def notes_of(frame, cookie: str) -> list[str]:
    page = read(
        frame.page(a_request(cookie), None, "enter.html", token="t", role="admin").body.decode()
    )
    return [each.text for each in page.by_class("note-title")]


def left(frame, note=None) -> str:
    answer = frame.back(a_request(), "/console/account", note or Note.of("settings_saved"))
    return answer.headers["Set-Cookie"].split(";")[0].removeprefix("easel_console_note=")


def test_a_note_is_shown_by_the_next_page_which_takes_it_away(frame):
    cookie = left(frame)

    answer = frame.page(a_request(cookie), None, "enter.html", token="t", role="admin")

    assert [each.text for each in read(answer.body.decode()).by_class("note-title")] == ["Saved"]
    assert 'easel_console_note=""' in answer.headers["Set-Cookie"]
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


def test_a_note_that_somebody_else_wrote_is_not_shown(frame):
    other = Frame("another secret", "local", frozenset(), is_secure=False)

    assert notes_of(frame, left(other)) == []
    assert notes_of(frame, "forged") == []


def test_a_note_of_a_minute_ago_is_no_news(frame, monkeypatch):
    cookie = left(frame)
    then = time.time() + 62
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: then)

    assert notes_of(frame, cookie) == []


@pytest.mark.parametrize("code", NOTES)
def test_every_note_can_be_said(frame, code):
    """With the facts that its sentence has gaps for."""
    named = ("name", "title", "value", "count", "until", "at", "number", "text")
    gaps = dict.fromkeys(named, "Mo")

    assert len(notes_of(frame, left(frame, Note(code, gaps)))) == 1


def test_a_part_carries_its_note_beside_it(frame, services, app):
    """htmx swaps the part where it was asked for, and the note in among the notes."""
    visitor = recognise(app.state.console, open_session(services, Role.MODERATOR))

    html = frame.part(visitor, "notes.html", note=Note.of("settings_saved"), notes=[]).body.decode()

    (beside,) = read(html).all(lambda each: "hx-swap-oob" in each.attributes)
    assert (beside.attributes["id"], beside.attributes["hx-swap-oob"]) == ("notes", "beforeend")
    assert "Saved" in beside.text


def test_the_navigation_leads_nowhere_that_is_not_there(app):
    paths = {f"/console{route.path}" for router in PRIVATE for route in router.routes}

    shown = app.state.console.frame.tabs
    assert {tab.path for tab in shown} == {tab.path for tab in TABS} & paths
    assert shown[-1].label == "Account"


@pytest.mark.parametrize(
    ("wanted", "to"),
    [
        ("/console", "/console"),
        ("/console/queue", "/console/queue"),
        ("/console/queue/3k7f?kind=appeal&after=2", "/console/queue/3k7f?kind=appeal&after=2"),
        (None, "/console"),
        ("", "/console"),
        ("/say", "/console"),
        ("//evil.example", "/console"),
        ("/console//evil.example", "/console"),
        ("/console/../say", "/console"),
        ("/consolexyz", "/console"),
        ("https://evil.example/console", "/console"),
        ("/console\\@evil.example", "/console"),
        ("/console/a\r\nSet-Cookie: a=b", "/console"),
    ],
)
def test_an_address_that_says_where_to_go_on_leads_into_the_console_alone(wanted, to):
    assert place(wanted) == to


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.14.1", "A browser"),
        ("", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
    ],
)  # fmt: skip
def test_a_browser_is_named_for_a_person_and_by_nothing_that_it_says(agent, name):
    """No version, no model of a device: enough to tell one's phone from one's desk."""
    assert browser_of(agent) == name
