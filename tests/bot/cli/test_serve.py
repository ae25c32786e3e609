"""The processes of a deployment."""

import os
import sys

import pytest

from bot.cli import serve
from bot.web_app.session import Sessions
from core.storage import Store


def test_the_worker_takes_over_this_process(monkeypatch):
    """So a supervisor keeps its pid, and the bot's code never imports the worker's."""
    taken = []
    monkeypatch.setattr(os, "execv", lambda *call: taken.append(call))

    serve.worker()

    assert taken == [(sys.executable, [sys.executable, "-P", "-m", "worker.app"])]


@pytest.mark.parametrize("twice", [False, True])
def test_migrate_makes_the_tables_in_a_home_that_is_not_there_yet(easel, home, monkeypatch, twice):
    """And may be repeated."""
    monkeypatch.setenv("EASEL_HOME", str(home / "new"))
    if twice:
        assert easel("migrate").exit_code == 0

    result = easel("migrate")

    assert result.exit_code == 0
    store = Store(f"sqlite:///{home / 'new' / 'easel.db'}")
    with store.reading() as unit:
        assert sum(unit.jobs.counts().values()) == 0
    store.close()


def test_a_database_that_can_not_be_opened_exits_with_4(easel, monkeypatch):
    """Something is away; it may be back later."""
    monkeypatch.setenv("EASEL_DATABASE_URL", "postgresql://127.0.0.1:1/easel")

    assert easel("migrate").exit_code == 4


def test_an_unusable_address_exits_with_2(easel, monkeypatch):
    """Something is to be changed."""
    monkeypatch.setenv("EASEL_DATABASE_URL", "mysql://somewhere")

    assert easel("migrate").exit_code == 2


def test_a_deployment_prints_a_link_for_a_moderator(easel, monkeypatch):
    """On standard output, at the address that people use; nothing is served."""
    monkeypatch.setenv("EASEL_SECRET_KEY", "a secret")
    monkeypatch.setenv("EASEL_WEB_PUBLIC_URL", "https://easel.example/")

    result = easel("web", "--moderator-link")

    assert result.exit_code == 0
    links, tokens = zip(
        *(line.split("?token=") for line in result.stdout.strip().splitlines()), strict=True
    )
    assert links == ("https://easel.example/enter", "https://easel.example/console/enter")
    sessions = Sessions("a secret", "local")
    assert len({sessions.read_entry(token) for token in tokens}) == 2
