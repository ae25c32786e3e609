"""Hold a job while it is worked on: its lease in the database, its message at the broker."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from core.contracts.ids import JobId
from core.errors import Unavailable
from core.storage import Store
from core.ticker import Ticker

log = structlog.get_logger()

RENEWALS_PER_LEASE = 3
"""A lease survives two renewals that were missed."""


class JobLease:
    """Renew one attempt's leases from a thread of its own, until the `with` ends."""

    def __init__(  # noqa: PLR0913 - what is held, where, for how long, and whom to tell.
        self,
        store: Store,
        job_id: JobId,
        worker_id: str,
        *,
        lease: timedelta,
        clock: Callable[[], datetime],
        keep_message: Callable[[], object],
        on_lost: Callable[[], None],
    ) -> None:
        """Prepare; entering the `with` begins.

        Args:
            store: Where the job's lease is.
            job_id: Whose lease.
            worker_id: Who holds it: one name for each attempt.
            lease: How long the lease holds without renewal.
            clock: Tells the time.
            keep_message: Renews the broker's lease on the message; may raise Unavailable.
            on_lost: Called once the job is somebody else's, or over: what is still being done
                for it is in vain.
        """
        self._store = store
        self._job_id = job_id
        self._worker_id = worker_id
        self._lease = lease
        self._clock = clock
        self._keep_message = keep_message
        self._on_lost = on_lost
        self._ticker = Ticker("job-lease", lease.total_seconds() / RENEWALS_PER_LEASE, self._renew)

    def __enter__(self) -> Self:
        # Both leases were taken a moment ago.
        self._ticker.start(is_at_once=False)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._ticker.stop()

    def _renew(self) -> None:
        """Renew both, each whether or not the other can be."""
        try:
            self._keep_message()
        except Unavailable as error:
            log.warning("message_not_renewed", job_id=self._job_id, code=error.code)
        with self._store.unit() as unit:
            is_ours = unit.jobs.renew(self._job_id, self._worker_id, self._clock() + self._lease)
        if not is_ours:
            log.warning("lease_lost", job_id=self._job_id, worker_id=self._worker_id)
            self._on_lost()
