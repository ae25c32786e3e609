"""Hold the picture records of both databases to: one a place, found by id and by bytes."""

import pytest

from core.contracts.jobs import Cause, Difference
from core.errors import IllegalStep, NotFound
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture, at


@pytest.fixture
def job_id(store):
    """A running job's id."""
    job = a_job(JobState.RUNNING)
    with store.unit() as unit:
        unit.jobs.add(job)
    return job.job_id


def add(store, *pictures):
    """Add pictures in one unit."""
    with store.unit() as unit:
        for picture in pictures:
            unit.pictures.add(picture)


def test_pictures_come_back_by_index_and_by_id(store, job_id):
    """As they were written, whatever their order of writing."""
    second, first = a_picture(job_id, 1), a_picture(job_id, 0, alt_text="Äpfel 🍎")
    add(store, second, first)

    with store.reading() as unit:
        assert unit.pictures.of_job(job_id) == [first, second]
        assert unit.pictures.get(second.verify_id) == second


def test_a_picture_drawn_again_keeps_what_is_different(store, job_id):
    """With its causes, beside what it was drawn with."""
    difference = Difference(
        original="ab" * 8, values=786_432, differing=9, largest=1, causes=(Cause.ENVIRONMENT,)
    )
    again = a_picture(job_id, environment="cpu fp32", is_reproducible=True, difference=difference)
    add(store, again)

    with store.reading() as unit:
        assert unit.pictures.get(again.verify_id) == again


def test_an_unknown_picture_is_not_found(store):
    """Every way of asking by id says so; a hash that nobody stored gives nothing."""
    with store.unit() as unit:
        for ask in (
            lambda: unit.pictures.get("0" * 16),
            lambda: unit.pictures.set_blob("0" * 16, "held/x.png"),
            lambda: unit.pictures.mark_deleted("0" * 16, at(0)),
            lambda: unit.pictures.is_deleted("0" * 16),
        ):
            with pytest.raises(NotFound, match="picture_not_found"):
                ask()
        assert unit.pictures.by_sha256("ee" * 32) is None


@pytest.mark.parametrize(
    "twin",
    [
        pytest.param({"index": 0}, id="the same place of the job"),
        pytest.param({"index": 1, "verify_id": "ab" * 8}, id="the same public id"),
    ],
)
def test_a_second_worker_cannot_store_a_jobs_pictures_again(store, job_id, twin):
    """Its whole unit is undone and the first pictures stand."""
    first = a_picture(job_id, 0, verify_id="ab" * 8)
    add(store, first)

    with pytest.raises(IllegalStep, match="picture_exists"):
        add(store, a_picture(job_id, 5), a_picture(job_id, **twin))

    with store.reading() as unit:
        assert unit.pictures.of_job(job_id) == [first]


def test_bytes_are_found_by_their_hash(store, job_id):
    """Of two pictures with the same bytes the newest answers."""
    old = a_picture(job_id, 0, sha256="aa" * 32, created_at=at(1))
    new = a_picture(job_id, 1, sha256="aa" * 32, created_at=at(2))
    add(store, new, old, a_picture(job_id, 2))

    with store.reading() as unit:
        assert unit.pictures.by_sha256("aa" * 32) == new


def test_a_picture_moves_and_is_deleted_but_its_record_stays(store, job_id):
    """The first deletion's time stands."""
    picture = a_picture(job_id, blob="held/x.png")
    add(store, picture)

    with store.unit() as unit:
        unit.pictures.set_blob(picture.verify_id, "published/x.png")
        assert unit.pictures.get(picture.verify_id).blob == "published/x.png"
        assert not unit.pictures.is_deleted(picture.verify_id)
        unit.pictures.mark_deleted(picture.verify_id, at(1))

    with store.unit() as unit:
        unit.pictures.mark_deleted(picture.verify_id, at(2))
        assert unit.pictures.is_deleted(picture.verify_id)
        assert [found.verify_id for found in unit.pictures.of_job(job_id)] == [picture.verify_id]


@pytest.mark.parametrize("state", JobState)
def test_a_picture_is_shown_while_its_job_is_and_nobody_deleted_it(store, state):
    """Wherever its bytes lie; held, withheld and unfinished ones are not."""
    job = a_job(state)
    standing, gone = a_picture(job.job_id, 0), a_picture(job.job_id, 1)
    with store.unit() as unit:
        unit.jobs.add(job)
    add(store, standing, gone)

    with store.unit() as unit:
        unit.pictures.mark_deleted(gone.verify_id, at(1))
        shown = unit.pictures.shown_among([standing.verify_id, gone.verify_id, "0" * 16])

    is_posted = state in {JobState.PUBLISHED, JobState.DELIVERED}
    assert shown == ({standing.verify_id} if is_posted else set())
