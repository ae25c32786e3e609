"""A person calls requests of their own back: waiting, held or drawn; one, or all."""

import pytest

from bot.replies import Visibility
from bot.usecases import cancel, commands, imagine
from core.errors import NotFound, Unavailable, UserError
from core.workflow import JobState, Outcome
from tests.bot.road import advance, publish, queue_up


@pytest.fixture
def waiting(services, ada, address):
    """A queued job of Ada's."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    queue_up(services, job_id)
    return job_id


def job_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id)


def drain(services, job_id):
    """Let a worker that has to end hand the job back with a snapshot."""
    services.blobs.put("snapshots/one", b"half drawn")
    advance(services, job_id, Outcome.STARTED)
    with services.store.unit() as unit:
        unit.jobs.advance(job_id, Outcome.DRAINED, now=services.clock(), snapshot="snapshots/one")


def test_an_author_calls_a_waiting_request_back(services, ada, bob, waiting):
    """Nobody else does, and not when it is over."""
    with pytest.raises(UserError) as caught:
        cancel.cancel(services, bob, waiting)
    assert caught.value.code == "not_permitted"

    reply = cancel.cancel(services, ada, waiting)

    assert reply.job_id == waiting
    assert job_of(services, waiting).state is JobState.CANCELLED
    with pytest.raises(UserError) as caught:
        cancel.cancel(services, ada, waiting)
    assert caught.value.code == "nothing_to_cancel"


def test_nobody_of_another_community_calls_it_back(services, stranger, waiting):
    with pytest.raises(NotFound):
        cancel.cancel(services, stranger, waiting)


def test_a_running_request_is_stopped_where_it_is_drawn(services, events, ada, waiting):
    """After the commit: the worker must find it called back when it looks."""
    advance(services, waiting, Outcome.STARTED)
    seen = []
    events.publish_cancel = lambda job_id: seen.append((job_id, job_of(services, job_id).state))

    cancel.cancel(services, ada, waiting)

    assert seen == [(waiting, JobState.CANCELLED)]


def test_a_waiting_request_needs_nobody_to_stop(services, events, ada, waiting):
    cancel.cancel(services, ada, waiting)

    assert events.cancelled == []


def test_what_was_half_drawn_goes(services, ada, waiting):
    """A snapshot is of no use to anybody else."""
    drain(services, waiting)

    cancel.cancel(services, ada, waiting)

    assert not services.blobs.exists("snapshots/one")


def test_a_blob_store_that_is_away_does_not_keep_a_request_alive(
    services, ada, waiting, monkeypatch
):
    """It stays behind, unlisted."""

    def away(*_args):
        raise Unavailable("blobs_away")

    drain(services, waiting)
    monkeypatch.setattr(type(services.blobs), "delete", away)

    cancel.cancel(services, ada, waiting)

    assert job_of(services, waiting).state is JobState.CANCELLED


def test_what_waits_for_a_decision_about_its_pictures_is_drawn_already(services, ada, waiting):
    """There is nothing left to call back."""
    advance(services, waiting, Outcome.STARTED, Outcome.OUTPUT_REVIEW)

    with pytest.raises(UserError) as caught:
        cancel.cancel(services, ada, waiting)

    assert caught.value.code == "nothing_to_cancel"


def test_all_calls_back_whatever_is_ones_own_and_not_over(services, events, ada, bob, address):
    """One queued, one drawn, one published; another's stays."""
    queued, drawn, published = (
        imagine.submit(services, ada, "a red apple", address).job_id for _ in range(3)
    )
    queue_up(services, queued)
    advance(services, drawn, Outcome.PROMPT_ALLOW, Outcome.STARTED)
    publish(services, published)
    other = imagine.submit(services, bob, "a red apple", address).job_id

    reply = commands.run(services, ada, "/cancel all", address)

    assert reply.visibility is Visibility.PRIVATE
    assert reply.lines == ("2 of your requests were called back.",)
    states = [job_of(services, each).state for each in (queued, drawn, published, other)]
    assert states == [
        JobState.CANCELLED,
        JobState.CANCELLED,
        JobState.PUBLISHED,
        JobState.SCREENING,
    ]
    assert events.cancelled == [drawn]


def test_the_command_takes_an_id_or_all(services, ada, address, waiting):
    """And says so where it is given neither."""
    assert commands.run(services, ada, "/cancel", address).title == "Which request?"
    assert commands.run(services, ada, "/cancel nothere", address).title == (
        "There is no such request"
    )

    reply = commands.run(services, ada, f"/cancel {waiting.upper()} please", address)

    assert reply.job_id == waiting
    assert commands.run(services, ada, "/cancel all", address).title == "Nothing to cancel"


def test_people_hear_of_it(services, ada, waiting):
    """Its message says that it was called back."""
    cancel.cancel(services, ada, waiting)

    with services.store.unit() as unit:
        (notice,) = unit.notices.claim("web", "test", now=services.clock(), lease_s=1)
    assert (notice.job_id, notice.kind) == (waiting, "cancelled")
