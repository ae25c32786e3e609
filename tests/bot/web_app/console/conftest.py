"""Give the console's tests signed-in browsers: one store, one served app, any number of people."""

import contextlib
from datetime import timedelta

import httpx
import pytest

from bot.web_app.app import create_app
from bot.web_app.console.tokens import form_token, new_token, stored
from core.contracts.actors import Role
from core.contracts.console import ConsoleSession
from core.contracts.ids import new_id
from core.settings import ConsoleSettings


@pytest.fixture
def console_settings() -> ConsoleSettings:
    return ConsoleSettings(_env_file=None)


@pytest.fixture
def app(services, web_settings, console_settings):
    return create_app(services, web_settings, console_settings)


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
def stranger(server):
    """Open a browser of nobody."""
    with Moderator(server.url) as browser:
        yield browser
