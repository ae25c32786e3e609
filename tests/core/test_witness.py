"""The operator's log says now and then where the chain ends."""

from structlog.testing import capture_logs

from core.storage import Store
from core.witness import log_anchor
from tests.core.storage.samples import START


def test_the_end_of_the_chain_is_logged_once_there_is_one(tmp_path):
    """A number and a hash: nothing of what was done."""
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    with capture_logs() as before:
        log_anchor(store)
    with store.unit() as unit:
        unit.audit.add("looked", job_id=None, by="web:ada", facts={}, now=START)

    with capture_logs() as logs:
        log_anchor(store)

    with store.reading() as unit:
        anchor = unit.audit.anchor()
    store.close()
    assert before == []
    assert logs == [
        {"event": "audit_anchor", "log_level": "info", "audit_no": 1, "hash": anchor.hash}
    ]
