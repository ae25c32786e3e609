"""Give the web app's tests the real record and use cases; only Redis and the workers are played."""

import contextlib
import gc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot.bootstrap import Services
from bot.web_app.app import create_app
from core.blobs import Blobs
from core.catalog import load_catalog
from core.settings import CoreSettings, WebSettings
from core.storage import Store
from moderation.engine import Gate
from moderation.policy import load_policy
from tests.bot.web_app import people
from tests.bot.web_app.fakes_events import EventsInMemory
from tests.bot.web_app.people import Person
from tests.bot.web_app.server_in_thread import ServerInThread
from tests.bot.web_app.stage import QueueAway, Stage


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = CoreSettings(_env_file=None, home=tmp_path, secret_key="for-tests-only")
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    made = Services(
        settings=settings,
        store=store,
        queue=QueueAway(),
        events=EventsInMemory(),
        blobs=Blobs(str(tmp_path / "blobs")),
        gate=Gate(load_policy()),
        catalog=load_catalog("easel-small"),
    )
    yield made
    made.close()


@pytest.fixture
def stage(services: Services) -> Stage:
    return Stage(services)


@pytest.fixture
def web_settings() -> WebSettings:
    return WebSettings(_env_file=None, port=0)


@pytest.fixture
def app(services: Services, web_settings: WebSettings) -> FastAPI:
    return create_app(services, web_settings)


@pytest.fixture
def server(app: FastAPI) -> Iterator[ServerInThread]:
    with ServerInThread(app) as running:
        yield running


@pytest.fixture
def browsers(server: ServerInThread) -> Iterator[Callable[[], httpx.Client]]:
    """Open any number of browsers on the running app; each is a member of its own."""
    with contextlib.ExitStack() as opened:

        def open_one() -> httpx.Client:
            headers = {"Origin": server.url, "HX-Request": "true"}
            client = httpx.Client(base_url=server.url, headers=headers, timeout=20)
            opened.enter_context(client)
            client.get("/").raise_for_status()
            return client

        yield open_one


@pytest.fixture
def browser(browsers: Callable[[], httpx.Client]) -> httpx.Client:
    return browsers()


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, people.chromium_running(playwright) as browser:
        yield browser
    with warnings.catch_warnings():
        # Playwright leaves its pipes to the garbage collector; here, not in a later test.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def person(chromium, server):
    """Open browsers of different people; none of their pages may complain."""
    opened = []

    def open_one(**options) -> Person:
        opened.append(Person(chromium, server.url, **options))
        return opened[-1]

    yield open_one
    for each in opened:
        each.context.close()
    assert [complaint for each in opened for complaint in each.complaints] == []
