"""Several may be inside at once, a suspect only alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import AppError
from worker.engine.quarantine import Quarantine

PATIENCE_S = 30.0


class Visitor:
    """Somebody who enters in a thread of their own, and stays until told to leave."""

    def __init__(self, door, name, *, is_solo=False):
        self.is_inside = threading.Event()
        self.may_leave = threading.Event()
        self.pool = ThreadPoolExecutor(1)
        self.visit = self.pool.submit(self.stay, door, name, is_solo)

    def stay(self, door, name, is_solo):
        with door.entered(name, is_solo=is_solo):
            self.is_inside.set()
            assert self.may_leave.wait(PATIENCE_S)

    def leave(self):
        self.may_leave.set()
        with self.pool:
            self.visit.result(PATIENCE_S)


def wait_for_a_suspect(door):
    deadline = threading.Event()
    while not door._suspects_waiting:
        assert not deadline.wait(0.001)


def test_those_without_suspicion_are_inside_together():
    door = Quarantine()
    first, second = Visitor(door, "a"), Visitor(door, "b")

    assert first.is_inside.wait(PATIENCE_S)
    assert second.is_inside.wait(PATIENCE_S)
    first.leave()
    second.leave()


def test_a_suspect_waits_for_the_others_and_keeps_newcomers_out():
    """So that it need not wait for ever, and harms nobody."""
    door = Quarantine()
    early = Visitor(door, "early")
    assert early.is_inside.wait(PATIENCE_S)
    suspect = Visitor(door, "suspect", is_solo=True)
    wait_for_a_suspect(door)
    late = Visitor(door, "late")

    assert not suspect.is_inside.is_set()
    assert not late.is_inside.wait(0.05)
    early.leave()
    assert suspect.is_inside.wait(PATIENCE_S)
    assert not late.is_inside.wait(0.05)
    suspect.leave()
    assert late.is_inside.wait(PATIENCE_S)
    late.leave()


def test_two_suspects_are_inside_one_after_the_other():
    door = Quarantine()
    first = Visitor(door, "first", is_solo=True)
    assert first.is_inside.wait(PATIENCE_S)
    second = Visitor(door, "second", is_solo=True)

    assert not second.is_inside.wait(0.05)
    first.leave()
    assert second.is_inside.wait(PATIENCE_S)
    second.leave()


def test_who_is_called_back_at_the_door_goes_home():
    """And whoever waited behind it may go in."""
    door = Quarantine()
    early = Visitor(door, "early")
    assert early.is_inside.wait(PATIENCE_S)
    suspect = Visitor(door, "suspect", is_solo=True)
    wait_for_a_suspect(door)
    late = Visitor(door, "late")

    door.call_back("suspect")

    with suspect.pool, pytest.raises(AppError, match="cancelled"):
        suspect.visit.result(PATIENCE_S)
    assert late.is_inside.wait(PATIENCE_S)
    door.call_back("late")  # Inside already: the engine's matter.
    early.leave()
    late.leave()


def test_an_error_inside_opens_the_door_again():
    door = Quarantine()

    with pytest.raises(KeyError), door.entered("a", is_solo=True):
        raise KeyError

    with door.entered("b", is_solo=False):
        pass
