"""Hold the column types to aware times and storable text."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from tests.core.storage.samples import a_job, at


def test_a_time_of_another_zone_is_kept_as_the_same_moment(store):
    """Ordering on SQLite, which compares text, relies on it."""
    job = a_job()
    tokyo = at(3).astimezone(timezone(timedelta(hours=9)))
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.reports.add(job.job_id, "web:bob", "gore", now=tokyo)

        [report] = unit.reports.of_job(job.job_id)

    assert report.created_at == at(3)
    assert report.created_at.tzname() == "UTC"


def test_a_time_without_a_zone_is_refused(store):
    """It could mean anything."""
    job = a_job()
    with store.unit() as unit:
        unit.jobs.add(job)

    with pytest.raises(StatementError, match="without a zone"), store.unit() as unit:
        unit.reports.add(job.job_id, "web:bob", "gore", now=datetime(2026, 11, 21))  # noqa: DTZ001 - the mistake itself.
