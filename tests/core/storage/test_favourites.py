"""Hold the favourites of both databases to: marked once, listed while they stand."""

import pytest

from core.contracts.personal import Favourite
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture, at

SHOWN = frozenset({JobState.PUBLISHED, JobState.DELIVERED})


@pytest.fixture
def pictures(store):
    """Three pictures of a delivered job."""
    job = a_job(JobState.DELIVERED)
    found = [a_picture(job.job_id, index) for index in range(3)]
    with store.unit() as unit:
        unit.jobs.add(job)
        for picture in found:
            unit.pictures.add(picture)
    return found


def listed(store, member="web:ada", community="local", **page):
    with store.reading() as unit:
        found = unit.favourites.of_member(community, member, states=SHOWN, **{"limit": 10, **page})
    return [each.verify_id for each in found]


def test_a_picture_is_marked_once_and_keeps_its_time(store, pictures):
    """A second mark changes nothing; taking it away twice neither."""
    picture = pictures[0]
    with store.unit() as unit:
        assert unit.favourites.add("local", "web:ada", picture.verify_id, now=at(1))
        assert not unit.favourites.add("local", "web:ada", picture.verify_id, now=at(2))
        found = unit.favourites.of_member("local", "web:ada", states=SHOWN, limit=5)
        assert found == [
            Favourite(verify_id=picture.verify_id, job_id=picture.job_id, created_at=at(1))
        ]
        assert unit.favourites.remove("local", "web:ada", picture.verify_id)
        assert not unit.favourites.remove("local", "web:ada", picture.verify_id)

    assert listed(store) == []


def test_favourites_are_listed_last_marked_first_and_page_by_page(store, pictures):
    """To their member alone."""
    ids = [each.verify_id for each in pictures]
    with store.unit() as unit:
        for second, verify_id in enumerate(ids):
            unit.favourites.add("local", "web:ada", verify_id, now=at(second))

    assert listed(store) == ids[::-1]
    assert listed(store, limit=2) == ids[:0:-1]
    assert listed(store, limit=2, offset=2) == ids[:1]
    assert listed(store, member="web:bob") == []
    assert listed(store, community="elsewhere") == []
    with store.reading() as unit:
        assert unit.favourites.marked("local", "web:ada", ids[:2]) == frozenset(ids[:2])
        assert unit.favourites.marked("local", "web:bob", ids) == frozenset()


def test_what_no_longer_stands_is_not_listed(store, pictures):
    """Neither a deleted picture nor one of a job that is withheld; the marks stay on record."""
    withheld = a_job(JobState.WITHHELD)
    gone = a_picture(withheld.job_id)
    with store.unit() as unit:
        unit.jobs.add(withheld)
        unit.pictures.add(gone)
        for picture in (*pictures, gone):
            unit.favourites.add("local", "web:ada", picture.verify_id, now=at(1))
        unit.pictures.mark_deleted(pictures[1].verify_id, at(2))

    assert set(listed(store)) == {pictures[0].verify_id, pictures[2].verify_id}
    with store.reading() as unit:
        assert unit.favourites.marked("local", "web:ada", [gone.verify_id])
