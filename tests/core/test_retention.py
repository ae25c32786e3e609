"""What nobody needs any more goes: uploads after their days, half-drawn pictures after their jobs.

Of an upload the bytes go first, then the record says so.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.blobs import Blobs
from core.errors import Unavailable
from core.retention import AT_A_TIME, SNAPSHOT_KEPT, SNAPSHOTS, forget_snapshots, forget_uploads
from core.workflow import FINAL, JobState, Outcome
from tests.core.storage.samples import START, WORKER, a_job, at
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


@pytest.fixture
def left(sqlite_store, blobs):
    """Leave what was drawn of a job in some state; its file is as old as the test says."""

    def leave(state, *, age=timedelta(0)):
        job = a_job(state)
        with sqlite_store.unit() as unit:
            unit.jobs.add(job)
        key = f"{SNAPSHOTS}/{job.job_id}"
        blobs.put(key, b"half a picture")
        put_at = (datetime.now(UTC) - age).timestamp()
        os.utime(Path(blobs._url) / key, (put_at, put_at))
        return key

    return leave


def forget_drawn(store, blobs):
    return forget_snapshots(store, blobs, now=datetime.now(UTC))


def test_what_was_drawn_of_a_job_that_is_over_goes(sqlite_store, blobs, left):
    """However it ended; what a job that waits or is drawn may go on from stays."""
    over = [left(state) for state in sorted(FINAL | {JobState.PUBLISHED, JobState.OUTPUT_REVIEW})]
    needed = [left(state) for state in (JobState.QUEUED, JobState.RUNNING)]

    assert forget_drawn(sqlite_store, blobs) == len(over)

    assert not any(map(blobs.exists, over))
    assert all(map(blobs.exists, needed))
    assert forget_drawn(sqlite_store, blobs) == 0


def test_what_nobody_took_up_for_long_goes(sqlite_store, blobs, left):
    """The job is then drawn anew."""
    old = left(JobState.QUEUED, age=SNAPSHOT_KEPT + timedelta(minutes=1))
    young = left(JobState.QUEUED, age=SNAPSHOT_KEPT - timedelta(minutes=1))

    assert forget_drawn(sqlite_store, blobs) == 1

    assert (blobs.exists(old), blobs.exists(young)) == (False, True)


def test_what_a_legal_hold_names_stays_until_it_is_lifted(sqlite_store, blobs, kept):
    """Uploads of the member, and what was drawn of their jobs, however old."""
    [upload] = kept(1)
    job = a_job(JobState.CANCELLED, member=upload.member_id)
    key = f"{SNAPSHOTS}/{job.job_id}"
    blobs.put(key, b"half a picture")
    with sqlite_store.unit() as unit:
        unit.jobs.add(job)
        hold = unit.holds.add(
            job.actor.community_id,
            member_id=upload.member_id,
            reason="case 7",
            by="cli:op",
            now=START,
        )

    gone = (forget(sqlite_store, blobs), forget_drawn(sqlite_store, blobs))
    with sqlite_store.unit() as unit:
        unit.holds.lift(job.actor.community_id, hold.hold_no, START)
    then = (forget(sqlite_store, blobs), forget_drawn(sqlite_store, blobs))

    assert (gone, then) == ((0, 0), (1, 1))


def test_what_belongs_to_no_job_goes(sqlite_store, blobs):
    blobs.put(f"{SNAPSHOTS}/stranger", b"half a picture")

    assert forget_drawn(sqlite_store, blobs) == 1


def test_a_worker_that_dies_before_it_reads_a_snapshot_leaves_it_to_the_next_or_the_sweep(
    sqlite_store, blobs
):
    """As long as there is another attempt it stays; the last one's end is its own."""
    job = a_job(JobState.QUEUED)
    key = f"{SNAPSHOTS}/{job.job_id}"
    blobs.put(key, b"half a picture")
    seen = []
    with sqlite_store.unit() as unit:
        unit.jobs.add(job)
        unit.jobs.start(job.job_id, WORKER, at(9), now=at(1))
        unit.jobs.advance(job.job_id, Outcome.DRAINED, now=at(2), snapshot=key)

    for attempt in range(3):
        with sqlite_store.unit() as unit:
            unit.jobs.start(job.job_id, WORKER, at(9), now=at(attempt))
            ended = unit.jobs.advance(job.job_id, Outcome.WORKER_LOST, now=at(attempt))
        forget_drawn(sqlite_store, blobs)
        seen.append((ended.state, blobs.exists(key)))

    assert seen == [
        (JobState.QUEUED, True),
        (JobState.QUEUED, True),
        (JobState.FAILED, False),
    ]


def test_a_sweep_takes_a_bounded_number_of_snapshots_and_passes_over_those_needed(
    sqlite_store, blobs, left
):
    for _ in range(3):
        left(JobState.QUEUED)
    for number in range(AT_A_TIME + 1):
        blobs.put(f"{SNAPSHOTS}/stranger-{number}", b"half a picture")

    assert forget_drawn(sqlite_store, blobs) == AT_A_TIME
    assert forget_drawn(sqlite_store, blobs) == 1
    assert forget_drawn(sqlite_store, blobs) == 0


def test_a_store_that_is_away_is_asked_again_later(sqlite_store, blobs, left, monkeypatch):
    """The ticker that sweeps says so, and goes on."""
    key = left(JobState.FAILED)

    def away(self, key):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(Blobs, "delete", away)
    with pytest.raises(Unavailable):
        forget_drawn(sqlite_store, blobs)
    monkeypatch.undo()

    assert forget_drawn(sqlite_store, blobs) == 1
    assert not blobs.exists(key)
