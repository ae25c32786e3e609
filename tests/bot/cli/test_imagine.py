"""`easel imagine`: what is told before anything is started."""

import pytest

from bot.bootstrap import Services
from bot.cli import join


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


def test_services_are_given_back_whatever_happens(monkeypatch, tmp_path, services):
    """The context ends the courier and the connections."""
    closed = []
    monkeypatch.setattr(Services, "close", lambda _self: closed.append(1))

    with pytest.raises(RuntimeError), services:
        raise RuntimeError

    assert closed == [1]
