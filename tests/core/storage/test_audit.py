"""Hold the audit trail of both databases to: everything, in order."""

from core.contracts.records import AuditRow
from tests.core.storage.samples import a_job, at


def test_a_jobs_trail_comes_in_order_with_its_facts(store):
    """Facts keep their JSON types; what is not about the job stays out."""
    job = a_job()
    facts = {"verify_id": "ab12", "count": 2, "score": 0.5, "is_first": True, "note": None}
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.audit.add("picture_deleted", job_id=job.job_id, by="web:ada", facts=facts, now=at(1))
        unit.audit.add("policy_loaded", job_id=None, by="system", facts={}, now=at(2))
        unit.audit.add("reported", job_id=job.job_id, by="web:bob", facts={}, now=at(1))

    with store.reading() as unit:
        trail = unit.audit.of_job(job.job_id)

    first, second = (row.audit_no for row in trail)
    assert first < second
    assert trail == [
        AuditRow(
            audit_no=first,
            job_id=job.job_id,
            kind="picture_deleted",
            by="web:ada",
            facts=facts,
            at=at(1),
        ),
        AuditRow(
            audit_no=second, job_id=job.job_id, kind="reported", by="web:bob", facts={}, at=at(1)
        ),
    ]
