"""Hold the registry of both databases to: every labelled file is found again, for good."""

import pytest

from core.contracts.provenance import Ingredient, Relation
from core.contracts.registry import Fingerprints, Layer, RecordKind, TimeState
from core.errors import IllegalStep, NotFound
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture, a_record, at

PARENT = Ingredient(relation=Relation.PARENT_OF, verify_id="ab" * 8, sha256="cd" * 32)


def add(store, *records, thumbnail=None):
    with store.unit() as unit:
        for record in records:
            unit.registry.add(record, thumbnail)


def test_a_record_comes_back_as_it_was_written(store):
    """By its id, by its bytes, and with the job that it belongs to."""
    job = a_job(JobState.RUNNING)
    with store.unit() as unit:
        unit.jobs.add(job)
    record = a_record(job_id=job.job_id, ingredients=(PARENT,), downgrades=(Layer.MARK,))
    add(store, record, thumbnail=b"small")

    with store.reading() as unit:
        assert unit.registry.get(record.verify_id) == record
        assert unit.registry.by_sha256(record.sha256) == record
        assert unit.registry.of_job(job.job_id) == [record]
        assert unit.registry.thumbnail(record.verify_id) == b"small"
        assert unit.registry.by_sha256("00" * 32) is None
        assert unit.registry.find("ff" * 8) is None
        with pytest.raises(NotFound):
            unit.registry.get("ff" * 8)


def test_an_id_is_given_once(store):
    add(store, a_record())
    with pytest.raises(IllegalStep), store.unit() as unit:
        unit.registry.add(a_record(sha256="12" * 32))


def test_what_pictures_show_is_forgotten_with_their_copies(store):
    """Hashes and ids stay."""
    first = a_record()
    copy = a_record("99" * 8, kind=RecordKind.COPY, original=first.verify_id, created_at=at(1))
    other = a_record("88" * 8)
    add(store, first, copy, other, thumbnail=b"small")

    with store.unit() as unit:
        unit.registry.forget_thumbnails([first.verify_id])

    with store.reading() as unit:
        assert unit.registry.copies_of(first.verify_id) == [copy]
        shown = [unit.registry.thumbnail(each.verify_id) for each in (first, copy, other)]
        assert shown == [None, None, b"small"]
        assert unit.registry.get(first.verify_id) == first


def test_a_deleted_picture_takes_what_it_showed_with_it(store):
    """By the same transaction: its copies' thumbnails, and that of the grid it is in."""
    job = a_job(JobState.DELIVERED)
    picture, beside = a_picture(job.job_id), a_picture(job.job_id, 1)
    grid = a_record("77" * 8, job_id=job.job_id, kind=RecordKind.GRID)
    copies = [
        a_record("99" * 8, kind=RecordKind.COPY, original=picture.verify_id),
        a_record("88" * 8, kind=RecordKind.COPY, original=grid.verify_id),
    ]
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(picture)
        unit.pictures.add(beside)
    records = [a_record(each.verify_id, job_id=job.job_id) for each in (picture, beside)]
    add(store, *records, grid, *copies, a_record("66" * 8), thumbnail=b"small")

    with store.unit() as unit:
        unit.pictures.mark_deleted(picture.verify_id, at(5))

    with store.reading() as unit:
        shown = {
            each: unit.registry.thumbnail(each)
            for each in (picture.verify_id, beside.verify_id, *(f"{n}{n}" * 8 for n in "6789"))
        }
    assert [each for each, kept in shown.items() if kept] == [beside.verify_id, "66" * 8]


def test_what_has_looks_is_listed_from_a_moment_on(store):
    """Copies look like their originals, and what has no fingerprints looks like nothing."""
    early, late = a_record(), a_record("22" * 8, created_at=at(5))
    blind = a_record("33" * 8, fingerprints=None, created_at=at(6))
    copy = a_record("44" * 8, kind=RecordKind.COPY, created_at=at(7))
    add(store, late, early, blind, copy)

    with store.reading() as unit:
        listed = unit.registry.known_since(None, limit=9)
        since = unit.registry.known_since(at(5), limit=9)
    assert [each.verify_id for each in listed] == [early.verify_id, late.verify_id]
    assert [each.verify_id for each in since] == [late.verify_id]
    looks = Fingerprints(
        pdq=listed[0].pdq.hex(), pdq_quality=listed[0].pdq_quality, phash=listed[0].phash.hex()
    )
    assert looks == early.fingerprints


def test_what_was_made_in_one_moment_comes_page_by_page(store):
    """Nothing is listed twice or left out, and one without looks does not end the list early."""
    ids = [f"{at:016x}" for at in range(7)]
    add(store, *(a_record(each) for each in ids[:5]), a_record(ids[6], created_at=at(1)))
    add(store, a_record(ids[5], fingerprints=None))

    pages, since, after = [], None, None
    with store.reading() as unit:
        while page := unit.registry.known_since(since, after=after, limit=2):
            pages.append([each.verify_id for each in page])
            since, after = page[-1].created_at, page[-1].verify_id
    assert pages == [ids[0:2], ids[2:4], [ids[4], ids[6]]]


def test_a_time_stamp_that_came_late_is_kept(store):
    waiting = a_record(time_state=TimeState.PENDING)
    add(store, waiting, a_record("22" * 8))

    with store.unit() as unit:
        assert unit.registry.without_time(limit=9) == [waiting]
        unit.registry.keep_time(waiting.verify_id, b"token")

    with store.reading() as unit:
        assert unit.registry.without_time(limit=9) == []
        assert unit.registry.get(waiting.verify_id).time_state is TimeState.STAMPED
        assert unit.registry.time_token(waiting.verify_id) == b"token"
