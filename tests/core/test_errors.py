"""Errors carry a code and facts across processes, and print neither words nor secrets."""

import pickle

import pytest

from core.errors import AppError, IllegalStep, NotFound, Unavailable, UserError

KINDS = [AppError, UserError, Unavailable, IllegalStep, NotFound]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_prints_its_code_alone(kind):
    """Facts may quote a prompt, and errors reach logs."""
    error = kind("flag_unknown", value="a very private wish")

    assert str(error) == "flag_unknown"
    assert "private" not in repr(error)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_a_process_boundary_whole(kind):
    """The engine's process raises, the worker's reads."""
    error = kind("flag_unknown", value="--sed", allowed=["--seed"], limit=3, suggestion=None)

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is kind
    assert copy.code == "flag_unknown"
    assert copy.facts == {
        "value": "--sed",
        "allowed": ["--seed"],
        "limit": 3,
        "suggestion": None,
    }


def test_the_tree_is_as_it_is_drawn():
    """What is shown to people, what may be retried and what is a lost race stay apart."""
    assert issubclass(NotFound, UserError)
    for kind in (UserError, Unavailable, IllegalStep):
        assert kind.__base__ is AppError
