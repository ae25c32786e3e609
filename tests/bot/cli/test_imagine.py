"""`easel imagine`: what is told before anything is started."""

import json
from contextlib import contextmanager

import pytest

from bot.bootstrap import Services
from bot.cli import join
from bot.cli.join import Joined
from tests.bot.road import publish


@pytest.fixture
def starts(monkeypatch):
    """Notice whether a stack was about to be started."""
    seen = []
    monkeypatch.setattr(join.Stack, "open", lambda *_args: seen.append(1))
    return seen


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["a cat", "--sead", "7"], id="unknown flag"),
        pytest.param(["a cat", "--ar", "16:9"], id="aspect"),
        pytest.param(["a cat", "--seed", "-1"], id="value"),
        pytest.param(["--seed", "7"], id="no prompt"),
        pytest.param(["a cat", "--out", "nowhere/a.png"], id="no such folder"),
        pytest.param(["a cat", "--timeout", "0"], id="time-out"),
        pytest.param([], id="nothing"),
    ],
)
def test_a_slip_exits_with_2_and_starts_nothing(easel, starts, arguments):
    """With words on stderr."""
    result = easel("imagine", *arguments)

    assert result.exit_code == 2
    assert result.stderr
    assert result.stdout == ""
    assert starts == []


def test_flags_reach_the_grammar_in_their_order(easel, monkeypatch):
    """What `easel` does not know belongs to the request."""
    texts = []

    def read(_catalog, text):
        texts.append(text)
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.usecases.imagine.read_request", read)

    result = easel("imagine", "a", "red apple", "--seed", "7", "--no", "text, blur", "--quiet")

    assert texts == ["a red apple --seed 7 --no text, blur"]
    assert result.exit_code == 130


@pytest.fixture
def joined(monkeypatch, services):
    """Let the command find these services instead of starting anything."""

    @contextmanager
    def join_stack(_terminal):
        yield Joined(services.settings)

    monkeypatch.setattr(join, "joined_stack", join_stack)
    monkeypatch.setattr("bot.bootstrap.build_services", lambda _settings: services)


def test_a_drawn_request_leaves_a_file_and_exits_with_0(easel, joined, services, queue, home):
    """Path and label on stdout."""
    send = queue.send
    queue.send = lambda task, job_id, name: (send(task, job_id, name), publish(services, job_id))

    result = easel("imagine", "a", "red", "apple", "--out", home / "a.png")

    assert result.exit_code == 0
    assert result.stdout == f"{home / 'a.png'}  AI-generated\n"
    assert (home / "a.png").read_bytes() == b"pixels"


def test_a_refused_request_leaves_no_file_and_exits_with_3(easel, joined, home):
    """The card as JSON for programs."""
    result = easel("imagine", "easel-known-positive-7q2k9x4m", "--out", home / "a.png", "--json")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["event"] == "refusal"
    assert not (home / "a.png").exists()


def test_services_are_given_back_whatever_happens(monkeypatch, tmp_path, services):
    """The context ends the courier and the connections."""
    closed = []
    monkeypatch.setattr(Services, "close", lambda _self: closed.append(1))

    with pytest.raises(RuntimeError), services:
        raise RuntimeError

    assert closed == [1]
