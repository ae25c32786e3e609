"""One reply for each kind of notice, the same for delivery and /show."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.standing import _TELLERS, STANDS_IN, is_overtaken, read_standing, tell
from bot.usecases import actions, imagine
from core.workflow import PRIVATE, TABLE, JobState, NoticeKind, Outcome
from tests.bot.road import advance, publish, queue_up


def standing_of(services, job_id):
    with services.store.reading() as unit:
        return read_standing(unit, unit.jobs.get(job_id))


def test_every_notice_of_the_workflow_has_words_and_stands_where_its_step_leads():
    """No step gives a notice that delivery would drop at once."""
    assert set(_TELLERS) == set(NoticeKind)
    assert set(STANDS_IN) == set(NoticeKind) - PRIVATE
    for step in TABLE.values():
        if step.notice is not None:
            assert step.state in STANDS_IN[step.notice]
        assert step.aside is None or step.aside in PRIVATE


@pytest.mark.parametrize("kind", sorted(PRIVATE))
def test_what_is_for_one_member_is_private_and_never_overtaken(services, ada, address, kind):
    """That a moderator decided so stays true whatever becomes of the job."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    job = advance(services, job_id, Outcome.CANCELLED)

    assert not is_overtaken(kind, job)
    assert tell(services, standing_of(services, job_id), kind).visibility is Visibility.PRIVATE


def test_every_state_but_the_first_can_be_told():
    """NEW lasts within one transaction only."""
    told = frozenset().union(*STANDS_IN.values())

    assert told == set(JobState) - {JobState.NEW}


@pytest.mark.parametrize("kind", list(NoticeKind), ids=lambda kind: kind.value)
def test_every_notice_names_its_job(services, ada, address, kind):
    """A front-end finds the message to edit by it."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)

    reply = tell(services, standing_of(services, job_id), kind)

    assert reply.job_id == job_id
    assert reply.title


def test_a_waiting_job_knows_its_place(services, clock, ada, bob, address):
    """The second of two is second."""
    imagine.submit(services, ada, "a red apple", address)
    clock.move(1)
    later = imagine.submit(services, bob, "a cat", address).job_id

    standing = standing_of(services, later)

    assert (standing.kind, standing.place.position) == (NoticeKind.QUEUED, 2)


def test_a_job_taken_down_is_told_apart_from_one_withheld(services, ada, address):
    """Somebody decided it after it was seen; the pictures are left out."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    actions.delete(services, ada, job_id)

    standing = standing_of(services, job_id)

    assert standing.kind is NoticeKind.TAKEN_DOWN
    assert standing.pictures == ()


def test_a_withheld_output_is_told_as_such(services, ada, address):
    """Nobody has seen it."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    queue_up(services, job_id)
    advance(services, job_id, Outcome.STARTED, Outcome.OUTPUT_BLOCK)

    standing = standing_of(services, job_id)

    assert standing.kind is NoticeKind.WITHHELD
    assert tell(services, standing, standing.kind).visibility is Visibility.PRIVATE


def test_a_refusal_without_a_verdict_against_it_is_a_moderators(services, ada, address):
    """Every check let it pass; a person did not."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    advance(services, job_id, Outcome.PROMPT_REVIEW, Outcome.REJECTED)

    standing = standing_of(services, job_id)

    assert standing.kind is NoticeKind.REFUSED
    assert standing.deciding is None
    reply = tell(services, standing, standing.kind)
    assert reply.kind is not ReplyKind.RESULT
    assert reply.visibility is Visibility.PRIVATE
