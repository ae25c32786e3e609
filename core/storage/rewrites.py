"""Keep what a refused request could be instead: at most one proposal for each."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from core.storage.personal_models import RewriteRow


class Rewrites:
    """The safe rewrites of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, job_id: JobId, spec: GenerationSpec, *, now: datetime) -> bool:
        """Keep a proposal; False where the job has one already."""
        if self.of(job_id) is not None:
            return False
        row = {"job_id": job_id, "spec": spec.model_dump(mode="json"), "created_at": now}
        self._session.execute(insert(RewriteRow).values(**row))
        return True

    def of(self, job_id: JobId) -> GenerationSpec | None:
        """Find a job's proposal."""
        found = self._session.scalar(select(RewriteRow.spec).where(RewriteRow.job_id == job_id))
        return None if found is None else GenerationSpec.model_validate(found)
