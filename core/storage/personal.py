"""Hand out, and delete, everything that is kept of one member."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.storage.erasure import Erasure
from core.storage.personal_parts import Whose, exported


class Personal:
    """What one store keeps of its members."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def everything(
        self, community_id: CommunityId, member_id: MemberId
    ) -> dict[str, list[dict[str, Any]]]:  # Any: what JSON takes.
        """Read what is kept of a member, by table, without secrets and other people."""
        return exported(self._session, Whose(community_id, member_id))

    def erasure(self, community_id: CommunityId, member_id: MemberId, now: datetime) -> Erasure:
        """Begin to take a member out."""
        return Erasure(self._session, community_id, member_id, now)
