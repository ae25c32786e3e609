"""Write down what was done, by whom and when; nothing here changes or deletes a row."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.contracts.ids import JobId
from core.contracts.records import AuditRow, Fact
from core.storage.models import AuditTrailRow
from core.storage.statements import run, table_of

_ADD = insert(table_of(AuditTrailRow))


class AuditTrail:
    """The trail of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, kind: str, *, job_id: JobId | None, by: str, facts: Mapping[str, Fact], now: datetime
    ) -> None:
        """Append one row. Facts are ids, codes and numbers, never a prompt."""
        run(self._session, _ADD, job_id=job_id, kind=kind, by=by, facts=dict(facts), at=now)

    def of_job(self, job_id: JobId) -> list[AuditRow]:
        """List what was done about a job, oldest first."""
        query = (
            select(AuditTrailRow)
            .where(AuditTrailRow.job_id == job_id)
            .order_by(AuditTrailRow.audit_no)
        )
        return [
            AuditRow.model_validate(row, from_attributes=True)
            for row in self._session.scalars(query)
        ]
