"""Uploads go when their time is over: the bytes first, then the record says so."""

from datetime import timedelta

import pytest

from core.blobs import Blobs
from core.errors import Unavailable
from core.retention import AT_A_TIME, forget_uploads
from tests.core.storage.samples import START
from tests.core.storage.test_uploads import an_upload

DAYS = 30
OVER = START + timedelta(days=DAYS, seconds=1)


@pytest.fixture
def blobs(tmp_path):
    return Blobs(str(tmp_path / "blobs"))


@pytest.fixture
def kept(sqlite_store, blobs):
    def keep(count, seconds=0):
        uploads = [an_upload(seconds) for _ in range(count)]
        with sqlite_store.unit() as unit:
            for upload in uploads:
                unit.uploads.add(upload)
                blobs.put(upload.blob, b"pixels")
        return uploads

    return keep


def forget(store, blobs, now=OVER):
    return forget_uploads(store, blobs, now=now, keep_days=DAYS)


def test_what_is_too_old_goes_and_what_is_not_stays(sqlite_store, blobs, kept):
    (old,), (young,) = kept(1), kept(1, seconds=5)

    assert forget(sqlite_store, blobs) == 1

    assert (blobs.exists(old.blob), blobs.exists(young.blob)) == (False, True)
    with sqlite_store.reading() as unit:
        assert unit.uploads.is_deleted(old.upload_id)
        assert not unit.uploads.is_deleted(young.upload_id)
    assert forget(sqlite_store, blobs) == 0


def test_a_row_whose_bytes_never_came_is_cleared_away(sqlite_store, blobs):
    """A process was killed between the two."""
    upload = an_upload()
    with sqlite_store.unit() as unit:
        unit.uploads.add(upload)

    assert forget(sqlite_store, blobs) == 1


def test_a_store_that_is_away_leaves_the_rest_for_the_next_sweep(
    sqlite_store, blobs, kept, monkeypatch
):
    """What is recorded as deleted is deleted."""
    kept(3)
    delete, calls = Blobs.delete, []

    def once(self, key):
        calls.append(key)
        if len(calls) > 1:
            raise Unavailable("blobs_away")
        delete(self, key)

    monkeypatch.setattr(Blobs, "delete", once)
    assert forget(sqlite_store, blobs) == 1
    monkeypatch.undo()

    assert forget(sqlite_store, blobs) == 2


def test_a_sweep_takes_a_bounded_number(sqlite_store, blobs, kept):
    kept(AT_A_TIME + 1)

    assert forget(sqlite_store, blobs) == AT_A_TIME
    assert forget(sqlite_store, blobs) == 1
