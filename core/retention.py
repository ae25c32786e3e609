"""Delete what members brought once its time is over: the sweep's other work."""

from datetime import datetime, timedelta

import structlog

from core.blobs import Blobs
from core.errors import Unavailable
from core.storage import Store

log = structlog.get_logger()

AT_A_TIME = 50
"""Uploads deleted in one sweep: the sweep comes again every few seconds."""


def forget_uploads(store: Store, blobs: Blobs, *, now: datetime, keep_days: int) -> int:
    """Delete the bytes of uploads older than that many days; their rows stay, without a name.

    The bytes go first: when the record says deleted, they are.

    Returns:
        How many went.

    Raises:
        Unavailable: the database is away.
    """
    with store.reading() as unit:
        due = unit.uploads.standing_before(now - timedelta(days=keep_days), limit=AT_A_TIME)
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
