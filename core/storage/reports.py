"""Keep members' reports: one a member and job."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.contracts.ids import JobId, MemberId
from core.contracts.records import Report
from core.storage.models import ReportRow
from core.storage.statements import insert_into


class Reports:
    """The reports of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, job_id: JobId, reporter: MemberId, reason: str, *, now: datetime) -> bool:
        """Record a report; False: this member reported this job before, and the first stands."""
        statement = (
            insert_into(self._session, ReportRow)
            .values(job_id=job_id, reporter=reporter, reason=reason, created_at=now)
            .on_conflict_do_nothing(index_elements=["job_id", "reporter"])
            .returning(ReportRow.report_no)
        )
        return self._session.scalar(statement) is not None

    def of_job(self, job_id: JobId) -> list[Report]:
        """List a job's reports, oldest first."""
        query = select(ReportRow).where(ReportRow.job_id == job_id).order_by(ReportRow.report_no)
        return [
            Report.model_validate(row, from_attributes=True) for row in self._session.scalars(query)
        ]
