"""The app as a whole: its errors are sentences, its end is quick, its port is where it says."""

import pytest
import structlog

from bot.web_app.app import create_app, serve
from core.errors import Unavailable
from core.settings import PLACEHOLDER_SECRET, CoreSettings, WebSettings
from tests.bot.web_app.pages import read
from tests.bot.web_app.server_in_thread import ServerInThread

PLAIN = {"HX-Request": ""}


def test_a_wrong_address_is_a_page_that_leads_back(browsers):
    """Not a line of JSON."""
    browser = browsers()
    del browser.headers["HX-Request"]

    answer = browser.get("/nowhere")

    page = read(answer.text)
    assert answer.status_code == 404
    assert page.by_tag("h1")[0].text == "There is no such page"
    assert page.by_class("button")[0].attributes["href"] == "/"


def test_an_error_of_a_part_of_the_page_is_a_passing_note(browser):
    """To be shown beside what is there."""
    answer = browser.post("/messages/reply:none/dismiss")

    (note,) = read(answer.text).by_class("passing")
    assert answer.status_code == 404
    assert "That message is gone" in note.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/jobs/x/fly", id="unknown action"),
        pytest.param("GET", "/events?after=-1", id="impossible revision"),
        pytest.param("DELETE", "/", id="unknown method"),
    ],
)
def test_a_request_that_makes_no_sense_says_so(browser, method, path):
    """In a sentence, without echoing what was sent."""
    answer = browser.request(method, path)

    assert answer.status_code == 400
    assert "could not be read" in answer.text


def test_a_database_that_is_away_is_said(browser, services, monkeypatch):
    """503: nothing was accepted."""

    def away(_store):
        raise Unavailable("database_away")

    monkeypatch.setattr(type(services.store), "unit", away)

    answer = browser.post("/say", data={"text": "/imagine a red apple"})

    assert answer.status_code == 503
    assert "database is away" in answer.text


def test_a_bug_shows_a_sentence_and_never_a_trace(browser, monkeypatch):
    """With the same strict headers as everything else."""

    def broken(*_args):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("bot.web_app.chat.suggest.suggest", broken)

    answer = browser.post("/suggest", data={"text": "/"})

    assert answer.status_code == 500
    assert "Something broke" in answer.text
    assert "secret detail" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_public_name_is_answered_to(services):
    """Behind a proxy that hands the host name on."""
    settings = WebSettings(_env_file=None, public_url="https://easel.example")
    import httpx

    with ServerInThread(create_app(services, settings)) as server:
        public = httpx.get(server.url, headers={"Host": "easel.example"})
        other = httpx.get(server.url, headers={"Host": "other.example"})

    assert (public.status_code, other.status_code) == (200, 421)


@pytest.mark.parametrize(
    ("public_url", "status"),
    [
        pytest.param("", 200, id="any name where none is given"),
        pytest.param("https://easel.example", 421, id="the given name only"),
    ],
)
def test_on_every_address_the_public_name_decides(services, public_url, status):
    """In a container nobody knows its names but the operator."""
    settings = WebSettings(_env_file=None, host="0.0.0.0", public_url=public_url)
    import httpx

    with ServerInThread(create_app(services, settings)) as server:
        assert httpx.get(server.url, headers={"Host": "other.example"}).status_code == status


@pytest.mark.parametrize(
    ("secret", "is_warned"),
    [
        pytest.param(PLACEHOLDER_SECRET, True, id="placeholder"),
        pytest.param("own", False, id="own"),
    ],
)
def test_serving_migrates_and_runs_with_the_settings(tmp_path, monkeypatch, secret, is_warned):
    """`easel web` on a fresh home; cookies that anybody could sign are warned of."""
    seen = {}

    def run(server):
        seen["port"] = server.config.port
        seen["grace"] = server.config.timeout_graceful_shutdown
        seen["access_log"] = server.config.access_log
        services = server.config.app.state.web.services
        with services.store.reading() as unit:
            seen["jobs"] = sum(unit.jobs.counts().values())
        services.close()

    monkeypatch.setattr("bot.web_app.app.ChatServer.run", run)
    monkeypatch.setattr("bot.web_app.app.configure_logging", lambda *_args: None)

    core = CoreSettings(_env_file=None, home=tmp_path, secret_key=secret)
    with structlog.testing.capture_logs() as logs:
        serve(core, WebSettings(_env_file=None, port=8123))

    assert ("sessions_can_be_forged" in {entry["event"] for entry in logs}) is is_warned
    assert seen == {"port": 8123, "grace": 3, "access_log": False, "jobs": 0}
