"""What the worker says is known at once, and in order."""

import time
from multiprocessing import Pipe

import pytest

from tests.worker.engines import PATIENCE_S, request_for
from worker.engine.mailbox import Mailbox
from worker.engine.messages import Cancel, Drain, Shutdown, send


@pytest.fixture
def post(monkeypatch):
    """A mailbox that is read, and the other end of its pipe.

    Its closing ends the process, which here is pytest: so that is only noted, and waited for.
    """
    ended = []
    monkeypatch.setattr("worker.engine.mailbox.os._exit", ended.append)
    here, there = Pipe()
    with there:
        mailbox = Mailbox(there)
        mailbox.watch()
        yield mailbox, here
        here.close()
        until(lambda: ended == [0])


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_requests_and_their_cancels_are_taken_together(post):
    mailbox, here = post
    requests = [request_for("a cat", request_id=name) for name in ("a", "b")]
    for message in (*requests, Cancel(request_id="b"), Shutdown()):
        send(here, message)

    mailbox.wait(PATIENCE_S)
    until(lambda: mailbox.is_closing)

    assert mailbox.take() == (requests, {"b"})
    assert mailbox.take() == ([], set())


def test_a_cancel_that_came_too_late_does_not_meet_the_next_of_its_name(post):
    """A request may be tried again under its old name."""
    mailbox, here = post
    send(here, Cancel(request_id="a"))
    send(here, request_for("a cat", request_id="a"))
    send(here, Drain())

    until(lambda: mailbox.is_draining)

    arrived, cancelled = mailbox.take()
    assert [each.request_id for each in arrived] == ["a"]
    assert cancelled == set()


def test_waiting_ends_when_something_arrives(post):
    mailbox, here = post
    send(here, Drain())

    mailbox.wait(PATIENCE_S)

    assert mailbox.is_draining
