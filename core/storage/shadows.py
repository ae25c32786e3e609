"""Count how often what is in shadow was asked: disagreements alone say little."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.contracts.features import ShadowTally
from core.contracts.ids import CommunityId
from core.storage.policy_models import ShadowTallyRow
from core.storage.statements import insert_into


class Shadows:
    """The tallies of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(
        self,
        community_id: CommunityId,
        candidate: str,
        *,
        asked: int,
        disagreed: int,
        failed: int,
        now: datetime,
    ) -> None:
        """Add to what a candidate was asked in a community."""
        added = {"asked": asked, "disagreed": disagreed, "failed": failed}
        first = {"community_id": community_id, "candidate": candidate, "since": now}
        statement = insert_into(self._session, ShadowTallyRow).values(**first, **added, last_at=now)
        columns = {name: getattr(ShadowTallyRow, name) + number for name, number in added.items()}
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["community_id", "candidate"], set_={**columns, "last_at": now}
            )
        )

    def tallies(self, community_id: CommunityId) -> list[ShadowTally]:
        """List a community's tallies, the latest first."""
        query = (
            select(ShadowTallyRow)
            .where(ShadowTallyRow.community_id == community_id)
            .order_by(ShadowTallyRow.last_at.desc())
        )
        return [
            ShadowTally(**{name: getattr(row, name) for name in ShadowTally.model_fields})
            for row in self._session.scalars(query)
        ]
