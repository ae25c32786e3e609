"""One member can not fill the queue."""

import pytest

from bot.quotas import require_room
from bot.usecases import imagine
from core.errors import UserError
from tests.bot.road import publish


def test_the_last_place_is_taken_and_the_next_request_refused(services, ada, bob, address):
    """The limit counts one member's waiting jobs, nobody else's."""
    for _ in range(3):
        imagine.submit(services, ada, "a red apple", address)

    with pytest.raises(UserError) as caught:
        imagine.submit(services, ada, "a red apple", address)

    assert caught.value.code == "too_many_waiting"
    assert caught.value.facts["value"] == 3
    assert imagine.submit(services, bob, "a red apple", address).job_id


def test_a_finished_job_makes_room(services, ada, address):
    """What has its pictures does not wait any more."""
    jobs = [imagine.submit(services, ada, "a red apple", address).job_id for _ in range(3)]

    publish(services, jobs[0])

    assert imagine.submit(services, ada, "a red apple", address).job_id


def test_a_limit_that_is_lowered_later_still_refuses(services, ada, address):
    """More than the limit is as full as the limit."""
    for _ in range(3):
        imagine.submit(services, ada, "a red apple", address)

    with services.store.reading() as unit, pytest.raises(UserError):
        require_room(unit, ada, limit=1)
