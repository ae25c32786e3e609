"""Ask again for the time stamps that an authority did not give while files were signed.

The posted bytes can not be touched any more, so the token is over their hash and lies in the
registry. It proves that these bytes were there then; in the file itself nothing says so.
"""

import contextlib
from collections.abc import Sequence
from datetime import datetime

import structlog
from cryptography import x509

from core.contracts.ids import VerifyId
from core.contracts.registry import ProvenanceRecord, TimeState
from core.errors import NotFound
from core.provenance.authority_time import TimeAuthority, TimeStampFailed
from core.provenance.time_token import TokenInvalid, checked_token
from core.storage import Store
from core.telemetry import TIME_STAMPS

log = structlog.get_logger()

AT_A_TIME = 50
"""Asked for in one go, at most: one takes some 0.1 s, and it comes again."""


def stamp_late(store: Store, authority: TimeAuthority) -> int:
    """Ask for what is pending, the oldest first, until the authority fails or all have theirs.

    Two processes that do so at once ask twice; each token is as good as the other.

    Returns:
        How many files have a time stamp now.

    Raises:
        Unavailable: the database is away; what was had until then is kept.
    """
    with store.reading() as unit:
        pending = unit.registry.without_time(limit=AT_A_TIME)
    kept = 0
    for record in pending:
        try:
            stamp = authority.stamp(record.sha256)
        except TimeStampFailed:
            break  # It has said why; those behind would only wait as long.
        with contextlib.suppress(NotFound), store.unit() as unit:
            unit.registry.keep_time(record.verify_id, stamp.token)
            kept += 1
    TIME_STAMPS.labels(result="late").inc(kept)
    if kept:
        log.info("time_stamps_kept", files=kept)
    return kept


def kept_time(
    store: Store, verify_id: VerifyId, roots: Sequence[x509.Certificate]
) -> datetime | None:
    """Say when an authority first vouched for a file that left without a time stamp.

    The kept token is checked anew, so whoever can write to the database can not make one up.

    Returns:
        None where there is none, or one that proves nothing.

    Raises:
        NotFound: `picture_not_found`.
    """
    with store.reading() as unit:
        token, sha256 = unit.registry.time_token(verify_id), unit.registry.get(verify_id).sha256
    if token is None:
        return None
    try:
        return checked_token(token, sha256, roots).at
    except TokenInvalid as error:
        log.warning("time_stamp_unusable", verify_id=verify_id, reason=error.reason)
        return None


def proven_state(
    store: Store, record: ProvenanceRecord, roots: Sequence[x509.Certificate]
) -> TimeState:
    """Say what a file's time state is worth: a kept token that does not hold is none.

    A time stamp inside the file is proved by reading the file.
    """
    if record.time_state is not TimeState.STAMPED or not roots:
        return record.time_state
    with store.reading() as unit:
        is_kept = unit.registry.time_token(record.verify_id) is not None
    if not is_kept or kept_time(store, record.verify_id, roots) is not None:
        return TimeState.STAMPED
    return TimeState.NONE
