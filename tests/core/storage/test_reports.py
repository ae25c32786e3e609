"""Hold the reports of both databases to: one a member and job."""

from core.contracts.records import Report
from tests.core.storage.samples import a_job, at


def test_a_member_reports_a_job_once(store):
    """The first report stands; other members and other jobs are counted for themselves."""
    job, other = a_job(), a_job()
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.jobs.add(other)
        assert unit.reports.add(job.job_id, "web:bob", "gore", now=at(1))
        assert not unit.reports.add(job.job_id, "web:bob", "worse", now=at(2))
        assert unit.reports.add(job.job_id, "web:eve", "spam", now=at(3))
        assert unit.reports.add(other.job_id, "web:bob", "gore", now=at(4))

    with store.reading() as unit:
        assert unit.reports.of_job(job.job_id) == [
            Report(job_id=job.job_id, reporter="web:bob", reason="gore", created_at=at(1)),
            Report(job_id=job.job_id, reporter="web:eve", reason="spam", created_at=at(3)),
        ]


def test_text_that_postgres_cannot_store_is_kept_alike_on_both(store):
    """A NUL in a reason becomes U+FFFD instead of an error on one of the two."""
    job = a_job()
    with store.unit() as unit:
        unit.jobs.add(job)

        unit.reports.add(job.job_id, "web:bob", "a\0b 🍎", now=at(1))

        assert [report.reason for report in unit.reports.of_job(job.job_id)] == ["a\ufffdb 🍎"]
