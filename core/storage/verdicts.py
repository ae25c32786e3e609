"""Keep the engine's verdicts as they were made; nothing here changes or deletes one.

Each leaves a row in the audit trail as well: what was decided, and by which policy, is chained
there, also when the verdict itself is forgotten in its time; of the words not even a hash.
"""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.contracts.ids import JobId
from core.contracts.verdicts import Verdict
from core.storage.audit import AuditTrail
from core.storage.models import VerdictRow
from core.storage.statements import run, table_of

_ADD = insert(table_of(VerdictRow))


class Verdicts:
    """The verdicts of one store."""

    def __init__(self, session: Session, *, audit: AuditTrail) -> None:
        self._session = session
        self._audit = audit

    def add(self, verdict: Verdict) -> None:
        """Append a verdict; its job, if it has one, must be there."""
        run(
            self._session,
            _ADD,
            **verdict.model_dump(exclude={"findings", "checks"}),
            findings=[finding.model_dump(mode="json") for finding in verdict.findings],
            checks=[check.model_dump(mode="json") for check in verdict.checks],
        )
        self._audit.add(
            "verdict",
            job_id=verdict.job_id,
            community_id=verdict.community_id,
            by="gate",
            facts={
                "verdict": verdict.verdict_id,
                "stage": verdict.stage.value,
                "decision": verdict.decision.value,
                "category": verdict.category,
                "policy": verdict.policy_version,
            },
            now=verdict.decided_at,
        )

    def of_job(self, job_id: JobId) -> list[Verdict]:
        """List a job's verdicts in the order in which they were recorded."""
        query = (
            select(VerdictRow).where(VerdictRow.job_id == job_id).order_by(VerdictRow.verdict_no)
        )
        return [
            Verdict.model_validate(row, from_attributes=True)
            for row in self._session.scalars(query)
        ]
