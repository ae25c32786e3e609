"""Keep what a drained worker had drawn of a job until the next one goes on with it.

It holds pictures that nobody has checked yet: it is never served, and removed by whoever takes it
up. A job that is called back while it waits has it removed by whoever calls it back; what stays
behind nevertheless, because its worker was killed, is removed by the sweep (`core.retention`).
"""

import structlog

from core.blobs import Blobs
from core.contracts.jobs import Job
from core.errors import NotFound, Unavailable
from core.retention import SNAPSHOTS

log = structlog.get_logger()


def leave(blobs: Blobs, job: Job, snapshot: bytes) -> str | None:
    """Store what was drawn, and say where; None where there is nothing, or no place for it."""
    if not snapshot:
        return None
    key = f"{SNAPSHOTS}/{job.job_id}"
    try:
        blobs.put(key, snapshot)
    except Unavailable as error:
        log.warning("snapshot_lost", job_id=job.job_id, code=error.code)
        return None
    return key


def take_up(blobs: Blobs, job: Job) -> bytes | None:
    """Read what another worker had drawn, and remove it; None: begin anew."""
    if job.snapshot is None:
        return None
    try:
        snapshot = blobs.get(job.snapshot)
        blobs.delete(job.snapshot)
    except (NotFound, Unavailable) as error:
        log.info("snapshot_gone", job_id=job.job_id, code=error.code)
        return None
    return snapshot


def discard(blobs: Blobs, key: str) -> None:
    """Remove what nobody will go on with."""
    try:
        blobs.delete(key)
    except Unavailable as error:
        log.warning("blob_left_behind", blob=key, code=error.code)
