"""Keep what each check found that a platform leaves of a label."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.contracts.label_checks import CheckedPlatform, LabelCheck
from core.storage.registry_models import CanaryRow


class LabelChecks:
    """The checks of one store; none is ever changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, check: LabelCheck) -> None:
        """Keep one."""
        found = check.model_dump(mode="json", include={"renditions"})
        row = CanaryRow(
            check_id=check.check_id,
            platform=check.platform.value,
            verify_id=check.verify_id,
            findings=found["renditions"],
            checked_at=check.checked_at,
        )
        self._session.add(row)
        self._session.flush()

    def newest(self, platform: CheckedPlatform, *, limit: int) -> list[LabelCheck]:
        """List a platform's checks, the newest first."""
        query = (
            select(CanaryRow)
            .where(CanaryRow.platform == platform.value)
            .order_by(CanaryRow.checked_at.desc(), CanaryRow.check_id)
            .limit(limit)
        )
        return [
            LabelCheck(
                check_id=row.check_id,
                platform=CheckedPlatform(row.platform),
                verify_id=row.verify_id,
                renditions=row.findings,
                checked_at=row.checked_at,
            )
            for row in self._session.scalars(query)
        ]
