"""Keep what each member agreed to; who never said anything is asked of the policy instead."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.labels import Learning
from core.storage.personal_models import ConsentRow
from core.storage.statements import insert_into


class Consents:
    """The consents of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def learning(self, community_id: CommunityId, member_id: MemberId) -> Learning | None:
        """Read what a member said may be learnt from; None: they said nothing."""
        row = self._session.get(ConsentRow, (community_id, member_id), populate_existing=True)
        return None if row is None else row.learning

    def take_learning(
        self, community_id: CommunityId, member_id: MemberId, *, now: datetime
    ) -> Learning | None:
        """Read it to act on it: the member cannot take it back before this unit ends."""
        return self._locked(community_id, member_id, now).learning

    def set_learning(
        self,
        community_id: CommunityId,
        member_id: MemberId,
        learning: Learning | None,
        *,
        now: datetime,
    ) -> None:
        """Write what a member says; None: as the policy says, from now on."""
        row = self._locked(community_id, member_id, now)
        row.learning = learning
        row.updated_at = now

    def _locked(self, community_id: CommunityId, member_id: MemberId, now: datetime) -> ConsentRow:
        """Hold a member's row, made first where there was none to hold."""
        statement = (
            insert_into(self._session, ConsentRow)
            .values(community_id=community_id, member_id=member_id, learning=None, updated_at=now)
            .on_conflict_do_nothing()
        )
        self._session.execute(statement)
        return self._session.get_one(
            ConsentRow,
            (community_id, member_id),
            with_for_update=True,
            populate_existing=True,
        )
