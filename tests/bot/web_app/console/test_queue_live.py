"""Open pages hear of changes at once, look by themselves too, and end with their session."""

import threading

import pytest

from bot.web_app.console import queue_live
from core.events import REVIEWS_TOPIC
from tests.bot.web_app.pages import wait_for

EVENTS = "/console/queue/events"


def heard(stream):
    """The names of events, as they come."""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            yield line.removeprefix("event: ")


@pytest.fixture
def listeners(services, app):
    """Count who listens to the queue, without the chat's own, which keeps its cards."""

    def count():
        heard = [topics for _, _, topics in services.events._listeners if REVIEWS_TOPIC in topics]
        return len(heard) - others

    wait_for(lambda: app.state.console.news._listener is None)
    others = 0
    others = count()
    return count


def test_a_change_is_told_at_once(signed_in, cases, monkeypatch, listeners):
    """By the word of the process that made it: the page's own look is far away."""
    monkeypatch.setattr(queue_live, "LOOK_S", 3600.0)
    item = cases.prompt()
    mo, tess = signed_in(), signed_in(name="Tess")
    with mo.stream("GET", EVENTS) as stream:
        wait_for(listeners)
        tess.send_form(f"/console/queue/items/{item.item_id}/acts/claim")

        assert next(heard(stream)) == "queue"


def test_a_word_that_was_lost_costs_a_page_one_look(signed_in, services, monkeypatch):
    monkeypatch.setattr(queue_live, "LOOK_S", 0.2)
    services.events.is_away = True

    with signed_in().stream("GET", EVENTS) as stream:
        events = heard(stream)
        assert [next(events), next(events)] == ["queue", "queue"]


def test_a_session_that_ended_ends_its_stream(signed_in, services, listeners):
    with signed_in().stream("GET", EVENTS) as stream:
        wait_for(listeners)
        with services.store.unit() as unit:
            unit.console_sessions.end_all("local", "web:mo", now=services.clock())
        services.events.wake(REVIEWS_TOPIC)

        assert list(heard(stream)) == ["out"]


def test_pages_share_one_listener_that_ends_with_the_last(signed_in, listeners):
    mo = signed_in()
    with mo.stream("GET", EVENTS), signed_in(name="Tess").stream("GET", EVENTS):
        wait_for(listeners)
        assert listeners() == 1

    wait_for(lambda: not listeners())


def test_an_ending_app_ends_its_streams(signed_in, app):
    """Or else it would wait for them until its time to end is over."""
    hub = app.state.web.hub
    ended = threading.Event()
    try:
        with signed_in().stream("GET", EVENTS) as stream:
            hub.is_closed = True
            assert list(heard(stream)) == []
            ended.set()
    finally:
        hub.is_closed = False
    assert ended.is_set()
