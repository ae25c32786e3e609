"""Give the console's tests signed-in browsers of any number of people.

Store and served app are one for a module's tests, and emptied of people after each: most tests
here are a request or two, and a fresh database takes longer than all of them.
"""

import contextlib
from datetime import timedelta

import httpx
import pytest

from bot.bootstrap import Services
from bot.web_app.app import create_app
from bot.web_app.console.tokens import form_token, new_token, stored
from core.blobs import Blobs
from core.catalog import load_catalog
from core.contracts.actors import Role
from core.contracts.base import utc_now
from core.contracts.console import ConsoleSession
from core.contracts.ids import new_id
from core.settings import ConsoleSettings, CoreSettings, WebSettings
from core.storage import Store
from moderation.engine import Gate
from moderation.policy import load_policy
from tests.bot.web_app.console.cases import Cases
from tests.bot.web_app.fakes_events import EventsInMemory
from tests.bot.web_app.server_in_thread import ServerInThread
from tests.bot.web_app.stage import QueueAway

OF_JOBS = (
    "registry",
    "takedowns",
    "chat_messages",
    "review_cards",
    "sanction_notices",
    "sanctions",
    "labels",
    "features",
    "reports",
    "pictures",
    "verdicts",
    "reviews",
    "notices",
    "outbox",
    "jobs",
)
"""Tables that requests and what follows from them fill, those that name others first."""


class Clock:
    """The wall clock, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self):
        return utc_now() + self.ahead


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def services(tmp_path_factory, clock):
    home = tmp_path_factory.mktemp("console")
    store = Store(f"sqlite:///{home / 'easel.db'}")
    store.migrate()
    made = Services(
        settings=CoreSettings(_env_file=None, home=home, secret_key="for-tests-only"),
        store=store,
        queue=QueueAway(),
        events=EventsInMemory(),
        blobs=Blobs(str(home / "blobs")),
        gate=Gate(load_policy()),
        catalog=load_catalog("easel-small"),
        clock=clock,
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def web_settings() -> WebSettings:
    return WebSettings(_env_file=None, port=0)


@pytest.fixture(scope="module")
def console_settings() -> ConsoleSettings:
    return ConsoleSettings(_env_file=None)


@pytest.fixture(scope="module")
def app(services, web_settings, console_settings):
    return create_app(services, web_settings, console_settings)


@pytest.fixture(scope="module")
def server(app):
    with ServerInThread(app) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_is_left(services, clock):
    """Each test begins with nobody signed in and nothing counted, at the time that it is."""
    yield
    clock.ahead = timedelta()
    services.events.is_away = False
    services.events.tallies.clear()
    with services.store.unit() as unit:
        connection = unit.audit._session.connection()
        for table in ("console_sessions", "moderators"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


def open_session(services, role=Role.MODERATOR, *, name="Mo", token=None, **changes) -> str:
    """Write a session into the store, as a sign-in would, and return its token."""
    token, now = token or new_token(), services.clock()
    fields = {
        "session_id": new_id(),
        "community_id": "local",
        "member_id": f"web:{name.lower()}",
        "display_name": name,
        "role": role,
        "provider": "link",
        "browser": "Firefox on Linux",
        "created_at": now,
        "seen_at": now,
        "expires_at": now + timedelta(hours=12),
    }
    session = ConsoleSession(**fields | changes)
    with services.store.unit() as unit:
        unit.console_sessions.open(
            session, token_sha256=stored(token), proof_id=f"test:{session.session_id}"
        )
    return token


class Moderator(httpx.Client):
    """A browser with a session of the console."""

    def __init__(self, url: str, token: str = "", *, htmx: bool = False) -> None:
        headers = {"Origin": url} | ({"HX-Request": "true"} if htmx else {})
        cookies = {"easel_console": token} if token else {}
        super().__init__(base_url=url, headers=headers, cookies=cookies, timeout=20)
        self.form = {"form_token": form_token(token)}
        """The field that each of its forms carries."""

    def send_form(self, path: str, **fields) -> httpx.Response:
        return self.post(path, data=fields | self.form)


@pytest.fixture
def signed_in(server, services):
    """Open a browser of a moderator, or of somebody else."""
    with contextlib.ExitStack() as opened:

        def open_one(role=Role.MODERATOR, *, htmx=False, **changes) -> Moderator:
            token = open_session(services, role, **changes)
            return opened.enter_context(Moderator(server.url, token, htmx=htmx))

        yield open_one


@pytest.fixture
def cases(services):
    """Put items into the queue; they are gone after the test."""
    yield Cases(services)
    with services.store.unit() as unit:
        connection = unit.audit._session.connection()
        for table in OF_JOBS:
            connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.fixture
def stranger(server):
    """Open a browser of nobody."""
    with Moderator(server.url) as browser:
        yield browser
