"""Remember when each member was served last: what the fair line goes by."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.storage.personal_models import TurnRow
from core.storage.statements import insert_into

_TICK = timedelta(microseconds=1)
"""The finest step that both databases keep."""


class Turns:
    """The turns of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, community_id: CommunityId, member_id: MemberId, *, now: datetime) -> None:
        """Put a member behind everybody who was served before.

        The time only ever grows from turn to turn: workers on two machines, whose clocks differ
        by seconds, still see one order. Two that do this at once must take turns themselves.
        """
        latest = self._session.scalar(select(func.max(TurnRow.served_at)))
        served_at = now if latest is None else max(now, latest + _TICK)
        statement = insert_into(self._session, TurnRow).on_conflict_do_update(
            index_elements=["community_id", "member_id"], set_={"served_at": served_at}
        )
        values = {"community_id": community_id, "member_id": member_id, "served_at": served_at}
        self._session.execute(statement, values)

    def served_at(self, community_id: CommunityId, member_id: MemberId) -> datetime | None:
        """Tell when a member was served last; None: never."""
        row = self._session.get(TurnRow, (community_id, member_id), populate_existing=True)
        return None if row is None else row.served_at
