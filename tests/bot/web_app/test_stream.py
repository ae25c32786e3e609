"""A page's stream begins where the page ended, and a lost connection loses nothing."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.bot.web_app.pages import messages_of, wait_for
from tests.bot.web_app.server_in_thread import ServerInThread


@dataclass
class Event:
    name: str = "message"
    id: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def events_of(answer) -> Iterator[Event]:
    """Read a stream as the standard says a browser does."""
    event, is_begun = Event(), False
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if not line and is_begun:
            yield event
            event, is_begun = Event(), False
        elif name in {"event", "id", "data"}:
            is_begun = True
            if name == "data":
                event.lines.append(value)
            else:
                setattr(event, "name" if name == "event" else "id", value)


@contextlib.contextmanager
def streaming(browser, after=0, **headers):
    with browser.stream("GET", f"/events?after={after}", headers=headers) as answer:
        assert answer.status_code == 200
        yield events_of(answer)


def messages(events: Iterator[Event], count: int) -> list[Event]:
    found = []
    while len(found) < count:
        event = next(events)
        if event.name == "message":
            found.append(event)
    return found


def say(browser, text):
    browser.post("/say", data={"text": text}).raise_for_status()


def test_a_stream_tells_what_the_page_has_not_seen(browser):
    """Each message with its revision as the event's id."""
    say(browser, "/help")

    with streaming(browser) as events:
        said, answer = messages(events, 2)

    assert "/help" in said.text
    assert "How to ask" in answer.text
    assert int(said.id) < int(answer.id)


def test_a_stream_goes_on_after_the_revision_it_is_given(browser):
    """A page that knows the past is told the future only."""
    say(browser, "/help")
    with streaming(browser) as events:
        last = messages(events, 2)[-1].id

    with streaming(browser, after=last) as events:
        say(browser, "/policy")
        (said,) = messages(events, 1)

    assert "/policy" in said.text


@pytest.mark.parametrize("junk", ["", "not a number", "-5"])
def test_a_browser_that_lost_the_connection_misses_nothing(browser, junk):
    """It repeats its first address with a newer Last-Event-ID, and the newer one counts."""
    say(browser, "/help")
    with streaming(browser) as events:
        first, second = messages(events, 2)

    with streaming(browser, after=0, **{"Last-Event-ID": first.id}) as events:
        assert messages(events, 1)[0].id == second.id
    with streaming(browser, after=first.id, **{"Last-Event-ID": junk}) as events:
        assert messages(events, 1)[0].id == second.id


def test_private_answers_stream_to_their_member_alone(browsers, stage):
    """In every tab of that member, and in none of anybody else's."""
    anna, ben = browsers(), browsers()

    with streaming(anna) as hers, streaming(ben) as his:
        say(anna, "/help")
        say(anna, "/imagine a red apple")
        seen_by_her = messages(hers, 4)
        seen_by_him = messages(his, 1)

    assert any("How to ask" in event.text for event in seen_by_her)
    assert "/help" not in seen_by_him[0].text
    assert "a red apple" in seen_by_him[0].text


def test_progress_streams_to_everybody_and_previews_to_the_requester(browsers, stage):
    """Step by step, as the worker tells it."""
    anna, ben = browsers(), browsers()
    say(anna, "/imagine a red apple")
    job_id = stage.newest().job_id
    stage.begin(job_id)

    with streaming(anna) as hers, streaming(ben) as his:
        stage.report(job_id, 5, preview=b"jpeg")
        her, him = (
            next(
                report
                for event in events
                if event.name == "progress"
                and (report := json.loads(event.text))["line"] == "Step 5 of 20"
            )
            for events in (hers, his)
        )

    assert (her["job"], her["done"], her["total"]) == (job_id, 5, 20)
    assert her["preview"] == f"/jobs/{job_id}/preview/1"
    assert him["preview"] is None


@pytest.mark.parametrize("after", [5, 999])
def test_a_page_from_another_record_is_told_to_load_anew(browser, after):
    """The database was set up again while the page stayed open."""
    with streaming(browser, after=after) as events:
        assert next(events).name == "reset"


def test_a_page_that_was_away_for_long_is_told_to_load_anew(browser, monkeypatch):
    """Fifty messages load quicker than hundreds of changes."""
    monkeypatch.setattr("bot.web_app.stream.CHANGES_MOST", 2)
    say(browser, "/help")

    with streaming(browser) as events:
        assert next(events).name == "reset"


def test_a_stranger_gets_no_stream(server):
    """The page gives a session first."""
    import httpx

    assert httpx.get(f"{server.url}/events").status_code == 401


def test_open_streams_do_not_hold_up_the_end(app, services):
    """The process ends well within its three seconds."""
    import httpx

    with ServerInThread(app) as server, httpx.Client(base_url=server.url) as browser:
        browser.get("/")
        with streaming(browser) as events:
            wait_for(lambda: app.state.web.hub._pages)
            took_s = server.stop()
            assert list(events) == []

    assert took_s < 2.5


def test_a_page_and_its_stream_show_the_same(browser, browsers, stage):
    """A reload never changes what is there."""
    say(browser, "/imagine a red apple")
    job_id = stage.newest().job_id
    stage.draw(job_id)
    wait_for(lambda: "Drawn for" in browser.get("/").text)

    with streaming(browser) as events:
        streamed = {}
        while len(streamed) < 2 or "Drawn for" not in "".join(streamed.values()):
            (event,) = messages(events, 1)
            (message,) = messages_of(event.text)
            streamed[message.attributes["id"]] = event.text

    page = browser.get("/").text
    shown = [message.attributes["id"] for message in messages_of(page)]
    assert shown == list(streamed)
