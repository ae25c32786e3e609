"""Delete what nobody needs once its time is over: uploads, and half-drawn pictures.

The sweep's other work. Both are pictures that nobody has checked.
"""

from datetime import datetime, timedelta

import structlog

from core.blobs import Blobs, Kept
from core.contracts.ids import JobId
from core.errors import NotFound, Unavailable
from core.storage import Store, Unit
from core.workflow import JobState

log = structlog.get_logger()

AT_A_TIME = 50
"""Deleted in one sweep, at most: it comes again."""

SNAPSHOTS = "snapshots"
"""Where drained workers leave what they had drawn of a job, under the job's id."""

SNAPSHOT_KEPT = timedelta(days=1)
"""A job that waits for longer is drawn anew: a line of an hour is long, one of a day is stuck."""

_MAY_GO_ON = frozenset({JobState.QUEUED, JobState.RUNNING})
"""Only a job in one of these has a use for what was drawn of it."""


def forget_uploads(store: Store, blobs: Blobs, *, now: datetime, keep_days: int) -> int:
    """Delete the bytes of uploads older than that many days; their rows stay, without a name.

    The bytes go first: when the record says deleted, they are.

    Returns:
        How many went.

    Raises:
        Unavailable: the database is away.
    """
    with store.reading() as unit:
        due = unit.uploads.standing_before(
            now - timedelta(days=keep_days), limit=AT_A_TIME, kept=unit.holds.uploads()
        )
    gone = []
    for upload in due:
        try:
            blobs.delete(upload.blob)
        except Unavailable as error:
            log.warning("upload_kept_on", upload_id=upload.upload_id, code=error.code)
            break
        gone.append(upload.upload_id)
    if gone:
        with store.unit() as unit:
            for upload_id in gone:
                unit.uploads.mark_deleted(upload_id, now)
        log.info("uploads_forgotten", uploads=len(gone))
    return len(gone)


def forget_snapshots(store: Store, blobs: Blobs, *, now: datetime) -> int:
    """Delete what was drawn of jobs that are over, or that nobody has taken up for long.

    Whoever takes a job up reads its snapshot and removes it; this is for the worker that was
    killed in between, and for the store that was away when it should have been removed.

    Returns:
        How many went.

    Raises:
        Unavailable: the database or the blob store is away.
    """
    kept = blobs.listed(SNAPSHOTS)
    if not kept:
        return 0
    with store.reading() as unit:
        due = [each.key for each in kept if _is_useless(unit, each, now)]
    for key in due[:AT_A_TIME]:
        blobs.delete(key)
    gone = min(len(due), AT_A_TIME)
    if gone:
        log.info("snapshots_forgotten", snapshots=gone)
    return gone


def _is_useless(unit: Unit, kept: Kept, now: datetime) -> bool:
    """Tell whether no worker will go on with it, or none has for too long."""
    try:
        job = unit.jobs.get(JobId(kept.key.removeprefix(f"{SNAPSHOTS}/")))
    except NotFound:
        return True
    if unit.holds.keeps(job):
        return False
    if kept.put_at is not None and now - kept.put_at > SNAPSHOT_KEPT:
        return True
    return job.state not in _MAY_GO_ON
