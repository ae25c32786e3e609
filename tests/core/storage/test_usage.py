"""What members have waiting and have had adds up, and a model's pace is that of its last pictures."""

import pytest

from core.contracts.usage import Load, Pace
from core.errors import IllegalStep
from core.storage.usage import RECENT
from core.workflow import WAITING, JobState, Outcome
from tests.core.storage.samples import START, a_job, a_picture, at


def add(store, state=JobState.DELIVERED, pictures=(), **fields):
    """Add a job with pictures, each described by its fields."""
    job = a_job(state, **fields)
    with store.unit() as unit:
        unit.jobs.add(job)
        for index, picture in enumerate(pictures):
            unit.pictures.add(a_picture(job.job_id, index, **picture))
    return job


def test_what_waits_is_counted_and_priced_for_a_member_and_a_community(store):
    """Exactly the states that owe an answer count; what has no price counts without one."""
    for state in JobState:
        add(store, state, price_gpu_s=2.0)
    add(store, JobState.QUEUED, member="web:bob", price_gpu_s=None)
    add(store, JobState.QUEUED, community="elsewhere", price_gpu_s=50.0)
    count = len(WAITING)

    with store.reading() as unit:
        everybody = count + 1
        assert unit.usage.waiting("local", "web:ada") == (
            Load(count=count, gpu_s=2.0 * count),
            everybody,
        )
        assert unit.usage.waiting("local", "web:bob") == (Load(count=1, gpu_s=0), everybody)
        assert unit.usage.waiting("local", "web:eve") == (Load(count=0, gpu_s=0), everybody)
        nobody = Load(count=0, gpu_s=0)
        assert unit.usage.waiting("nowhere", "web:ada") == (nobody, 0)
        assert unit.usage.waiting_gpu_s("local") == 2.0 * count
        assert unit.usage.waiting_gpu_s("nowhere") == 0


def test_what_waits_is_counted_as_this_unit_has_left_it(store):
    """A step that was only just taken counts at once: the limits hold for what is so now."""
    job = add(store, JobState.QUEUED, price_gpu_s=2.0)

    with store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.CANCELLED, now=at(1))

        assert unit.usage.waiting("local", "web:ada") == (Load(count=0, gpu_s=0), 0)
        assert unit.usage.waiting_gpu_s("local") == 0


def test_what_was_drawn_in_a_day_adds_up_deleted_or_not(store):
    """By when a picture was drawn; an engine that knows no device time counts by its clock."""
    yesterday, tomorrow = at(-86400), at(86400)
    job = add(store, pictures=[{"gpu_s": 4.0, "created_at": yesterday}, {"gpu_s": 2.0}])
    add(store, pictures=[{"gpu_s": 0.0, "duration_s": 0.5, "created_at": at(1)}])
    add(store, member="web:bob", pictures=[{"gpu_s": 8.0}])
    add(store, community="elsewhere", pictures=[{"gpu_s": 16.0}])
    with store.unit() as unit:
        deleted = unit.pictures.of_job(job.job_id)[1]
        unit.pictures.mark_deleted(deleted.verify_id, at(1))

    with store.reading() as unit:
        assert unit.usage.drawn_gpu_s("local", START.date(), "web:ada") == 2.5
        assert unit.usage.drawn_gpu_s("local", yesterday.date(), "web:ada") == 4
        assert unit.usage.drawn_gpu_s("local", START.date()) == 10.5
        assert unit.usage.drawn_gpu_s("local", tomorrow.date()) == 0


def test_a_picture_that_is_not_recorded_does_not_count(store):
    """The second worker to finish a job gives its whole unit up."""
    job = add(store, pictures=[{"gpu_s": 2.0}])

    with pytest.raises(IllegalStep, match="picture_exists"), store.unit() as unit:
        unit.pictures.add(a_picture(job.job_id, 0, gpu_s=2.0))

    with store.reading() as unit:
        assert unit.usage.drawn_gpu_s("local", START.date(), "web:ada") == 2.0


def test_a_models_pace_is_the_median_of_its_last_pictures(store):
    """Older ones and other models' do not count; what was only enlarged is told apart."""
    last = [{"gpu_s": 1.0 + index % 3, "steps": 10, "created_at": at(9)} for index in range(49)]
    add(store, pictures=[{"gpu_s": 500.0, "steps": 10}] * RECENT)
    add(store, pictures=[*last, {"gpu_s": 7.0, "steps": 0, "created_at": at(9)}])
    add(store, pictures=[{"gpu_s": 900.0, "model": "other", "created_at": at(9)}])

    with store.reading() as unit:
        assert unit.usage.pace("easel-small") == Pace(step_s=0.2, enlarging_s=7.0)
        assert unit.usage.pace("new") == Pace()
