"""Keep the engine's verdicts as they were made; nothing here changes or deletes one."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.contracts.ids import JobId
from core.contracts.verdicts import Verdict
from core.storage.models import VerdictRow
from core.storage.statements import run, table_of

_ADD = insert(table_of(VerdictRow))


class Verdicts:
    """The verdicts of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, verdict: Verdict) -> None:
        """Append a verdict; its job, if it has one, must be there."""
        run(
            self._session,
            _ADD,
            **verdict.model_dump(exclude={"findings", "checks"}),
            findings=[finding.model_dump(mode="json") for finding in verdict.findings],
            checks=[check.model_dump(mode="json") for check in verdict.checks],
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
