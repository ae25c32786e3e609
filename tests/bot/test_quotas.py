"""No one person takes the whole queue or the whole day."""

from dataclasses import replace

import pytest

from bot.quotas import allowance_of, require_room
from bot.usecases import imagine
from core.errors import UserError
from core.workflow import JobState, Outcome
from tests.bot.road import draw, publish
from tests.core.storage.samples import a_job


def limited(services, **settings):
    """The same services with other limits."""
    return replace(services, settings=services.settings.model_copy(update=settings))


def wait(services, actor, price_gpu_s=None):
    """Put a job of somebody's into the queue."""
    job = a_job(JobState.QUEUED, created_at=services.clock(), price_gpu_s=price_gpu_s).model_copy(
        update={"actor": actor}
    )
    with services.store.unit() as unit:
        unit.jobs.add(job)
    return job


def drew(services, actor, gpu_s):
    """Record a picture that somebody had drawn now."""
    job = wait(services, actor).model_copy(update={"state": JobState.DELIVERED})
    with services.store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.STARTED, now=services.clock())
        unit.jobs.advance(job.job_id, Outcome.OUTPUT_ALLOW, now=services.clock())
        unit.pictures.add(draw(services, job, 0).model_copy(update={"gpu_s": gpu_s}))


def refusal(services, actor, price_gpu_s=None):
    """The error that a request would meet, or None."""
    with services.store.reading() as unit:
        try:
            require_room(
                unit, actor, services.settings, now=services.clock(), price_gpu_s=price_gpu_s
            )
        except UserError as error:
            return error
    return None


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


def test_a_limit_that_is_lowered_later_still_refuses(services, ada):
    """More than the limit is as full as the limit."""
    for _ in range(3):
        wait(services, ada)

    assert refusal(limited(services, max_waiting_jobs=1), ada).facts["allowed"] == ["1"]


def test_moderators_have_a_limit_of_their_own_and_never_a_lower_one(services, moderator):
    """Whatever is set for members."""
    for _ in range(4):
        wait(services, moderator)

    assert refusal(limited(services, max_waiting_jobs_moderator=5), moderator) is None
    assert refusal(limited(services, max_waiting_jobs_moderator=4), moderator) is not None
    assert (
        refusal(limited(services, max_waiting_jobs=9, max_waiting_jobs_moderator=4), moderator)
        is None
    )


def test_a_community_has_so_many_places_and_others_have_their_own(services, ada, bob, stranger):
    """A hundred members with one job each fill the queue too."""
    small = limited(services, max_waiting_jobs_community=2)
    wait(services, ada)
    wait(services, bob)

    refused = refusal(small, ada)

    assert (refused.code, refused.facts["value"]) == ("community_queue_full", 2)
    assert refusal(small, stranger) is None


def test_a_days_gpu_seconds_are_what_was_drawn_and_what_waits(services, ada, bob):
    """The refusal says how much it takes, how much is left, and when the count starts anew."""
    services = limited(services, daily_gpu_s=100.0)
    drew(services, ada, 50.0)
    wait(services, ada, 30.0)

    refused = refusal(services, ada, 20.5)

    assert refused.code == "gpu_allowance_spent"
    assert refused.facts == {
        "value": 20.5,
        "left": 20.0,
        "allowed": "100",
        "resets_in": "12 h 0 min",
    }
    assert refusal(services, ada, 20.0) is None
    assert refusal(services, bob, 100.0) is None


def test_the_count_starts_anew_at_midnight_utc(services, clock, ada):
    """Yesterday's pictures are yesterday's."""
    services = limited(services, daily_gpu_s=100.0)
    drew(services, ada, 99.0)
    assert refusal(services, ada, 2.0) is not None

    clock.move(12 * 3600 - 1)
    assert refusal(services, ada, 2.0) is not None
    clock.move(1)

    assert refusal(services, ada, 2.0) is None


def test_a_request_without_a_price_passes_while_anything_is_left(services, ada):
    """A model that never drew has no pace."""
    services = limited(services, daily_gpu_s=100.0)
    drew(services, ada, 99.0)
    assert refusal(services, ada, None) is None

    drew(services, ada, 1.0)

    assert refusal(services, ada, None).code == "gpu_allowance_spent"


def test_a_role_and_a_community_have_days_of_their_own(services, ada, moderator):
    """Moderators more than members, all together no more than the community."""
    services = limited(
        services, daily_gpu_s=10.0, daily_gpu_s_moderator=40.0, daily_gpu_s_community=50.0
    )
    assert refusal(services, moderator, 40.0) is None
    drew(services, moderator, 38.0)
    drew(services, ada, 10.0)

    assert refusal(services, ada, 1.0).code == "gpu_allowance_spent"
    refused = refusal(services, moderator, 2.1)
    assert (refused.code, refused.facts["left"]) == ("gpu_allowance_spent", 2.0)
    drew(services, ada, 1.0)
    refused = refusal(services, moderator, 1.5)
    assert (refused.code, refused.facts["left"]) == ("community_allowance_spent", 1.0)


@pytest.mark.parametrize("role", ["ada", "moderator"])
def test_no_limit_is_no_limit(services, role, request):
    """Zero means that nothing is counted."""
    actor = request.getfixturevalue(role)
    services = limited(services, daily_gpu_s=0.0)
    drew(services, actor, 10_000.0)

    assert refusal(services, actor, 10_000.0) is None
    with services.store.reading() as unit:
        allowance = allowance_of(unit, actor, services.settings, services.clock())
    assert not allowance.is_limited
