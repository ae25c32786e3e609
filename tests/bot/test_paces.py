"""How quickly a model draws is asked for now and then, not at each request."""

from bot.paces import GOOD_FOR, Paces
from core.workflow import JobState
from tests.bot.road import draw
from tests.core.storage.samples import a_job


def drew(services, gpu_s):
    job = a_job(JobState.DELIVERED, created_at=services.clock())
    with services.store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(draw(services, job, 0).model_copy(update={"gpu_s": gpu_s, "steps": 20}))


def test_a_pace_is_remembered_for_some_seconds(services, clock):
    """Then the newer pictures count."""
    paces = Paces(services.store, clock)
    drew(services, 2.0)
    assert paces.of("easel-small").step_s == 0.1
    drew(services, 6.0)
    clock.move(GOOD_FOR.total_seconds() - 0.1)
    remembered = paces.of("easel-small").step_s

    clock.move(0.2)

    assert (remembered, paces.of("easel-small").step_s) == (0.1, 0.2)


def test_the_first_picture_of_a_model_counts_soon(services, clock):
    """That it never drew is asked for again after a second."""
    paces = Paces(services.store, clock)
    assert paces.of("easel-small").step_s is None
    drew(services, 2.0)
    assert paces.of("easel-small").step_s is None

    clock.move(1)

    assert paces.of("easel-small").step_s == 0.1


def test_each_model_has_its_own(services, clock):
    drew(services, 2.0)
    paces = Paces(services.store, clock)

    assert paces.of("easel-small").step_s == 0.1
    assert paces.of("other").step_s is None
