"""Let the operator's log witness the audit trail: it lies where the database's writers do not.

Whoever may write to the database can make a new chain from its first row to its head. They cannot
change what was logged: `easel audit verify --expect HASH` holds the chain to it.
"""

import structlog

from core.storage import Store

log = structlog.get_logger()


def log_anchor(store: Store) -> None:
    """Log where the chain ends at this moment, if it has begun.

    Raises:
        Unavailable: the database is away.
    """
    with store.reading() as unit:
        anchor = unit.audit.anchor()
    if anchor is not None:
        log.info("audit_anchor", audit_no=anchor.audit_no, hash=anchor.hash)
