"""Which Easel a command talks to."""

import os

import pytest

from bot.cli import join
from bot.cli.join import joined_stack, start_line
from bot.cli.terminal import Terminal
from bot.embedded.home import Home, RunningStack
from bot.embedded.stack import Stack, StartReport
from core.errors import UserError


@pytest.fixture
def stack(monkeypatch):
    """A stack that starts nothing but holds its home."""
    calls = []

    def open_(self, _progress):
        self._held.enter_context(self.home.locked())
        self.env = {"EASEL_HOME": str(self.home.folder), "EASEL_REDIS_URL": "redis://own/0"}
        calls.append("open")

    def stop(self):
        self._held.close()
        calls.append("stop")

    monkeypatch.setattr(Stack, "open", open_)
    monkeypatch.setattr(Stack, "launch", lambda _self, _progress: calls.append("launch"))
    monkeypatch.setattr(Stack, "stop", stop)
    return calls


def state(home, **fields):
    return RunningStack(
        pid=os.getpid(),
        env={"EASEL_HOME": str(home), "EASEL_REDIS_URL": "redis://demo/0"},
        **fields,
    )


def test_a_deployment_named_in_the_environment_is_used(home, stack, monkeypatch):
    """Nothing is started beside it."""
    monkeypatch.setenv("EASEL_REDIS_URL", "redis://elsewhere/0")

    with joined_stack(Terminal()) as joined:
        joined.begin()
        assert joined.settings.redis_url == "redis://elsewhere/0"

    assert stack == []


def test_a_demo_that_serves_from_this_home_is_joined(home, stack):
    """With its secret; it goes on afterwards."""
    serving = Home(home)
    with serving.locked():
        serving.write_state(state(home, web_url="http://127.0.0.1:1"))

        with joined_stack(Terminal()) as joined:
            joined.begin()
            assert joined.settings.redis_url == "redis://demo/0"
            assert joined.settings.secret_key.get_secret_value() == serving.secret()

    assert stack == []


def test_otherwise_parts_are_started_for_this_command_and_ended_after_it(home, stack):
    """Also when the command fails."""

    def fail():
        with joined_stack(Terminal()) as joined:
            assert joined.settings.redis_url == "redis://own/0"
            joined.begin()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert stack == ["open", "launch", "stop"]


def test_a_refused_request_does_not_wait_for_parts_that_draw(home, stack):
    """Until it is asked for, only what accepts requests runs."""
    with joined_stack(Terminal()):
        assert stack == ["open"]

    assert stack == ["open", "stop"]


def test_a_command_waits_for_another_one_that_holds_the_home(home, stack, monkeypatch):
    """A stack of its own is not shared with one that may end it."""
    other = Home(home).locked()
    other.__enter__()
    waits = []

    def wait(_seconds):
        waits.append(1)
        other.__exit__(None, None, None)

    monkeypatch.setattr(join.time, "sleep", wait)

    with joined_stack(Terminal()):
        assert waits == [1]

    assert stack == ["open", "stop"]


def test_it_does_not_wait_for_ever(home, stack, monkeypatch):
    """The error says who holds what."""
    monkeypatch.setattr(join, "TURN_TIMEOUT_S", -1.0)

    with (
        Home(home).locked(),
        pytest.raises(UserError) as caught,
        joined_stack(Terminal()),
    ):
        pass

    assert caught.value.code == "home_in_use"


def test_each_part_is_shown_when_it_is_ready(capsys):
    """As words for people."""
    show = start_line(Terminal())

    show(StartReport("redis", "Redis", is_ready=False))
    show(StartReport("redis", "Redis", is_ready=True, seconds=0.04))

    assert capsys.readouterr().err == "  ✓ Redis (0.0 s)\n"
