"""Keep what is in force for each member where a request does not say otherwise."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.personal import MemberSettings
from core.storage.personal_models import MemberSettingsRow
from core.storage.statements import insert_into


class SettingsOfMembers:
    """The members' settings of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, community_id: CommunityId, member_id: MemberId) -> MemberSettings:
        """Read a member's settings; who never set anything has the defaults."""
        row = self._session.get(MemberSettingsRow, (community_id, member_id))
        return MemberSettings() if row is None else MemberSettings.model_validate(row.settings)

    def take(
        self, community_id: CommunityId, member_id: MemberId, *, now: datetime
    ) -> MemberSettings:
        """Read a member's settings to change them: nobody else does before this unit ends.

        Whoever changes what must agree with them, or with itself, such as the number of a
        member's styles, takes them first as well.
        """
        row = self._locked(community_id, member_id, now)
        return MemberSettings.model_validate(row.settings)

    def set(
        self,
        community_id: CommunityId,
        member_id: MemberId,
        settings: MemberSettings,
        *,
        now: datetime,
    ) -> None:
        """Write a member's settings in place of what was there."""
        row = self._locked(community_id, member_id, now)
        row.settings = _written(settings)
        row.updated_at = now

    def _locked(
        self, community_id: CommunityId, member_id: MemberId, now: datetime
    ) -> MemberSettingsRow:
        """Hold a member's row, made first where there was none to hold."""
        statement = (
            insert_into(self._session, MemberSettingsRow)
            .values(community_id=community_id, member_id=member_id, settings={}, updated_at=now)
            .on_conflict_do_nothing()
        )
        self._session.execute(statement)
        return self._session.get_one(
            MemberSettingsRow,
            (community_id, member_id),
            with_for_update=True,
            populate_existing=True,
        )


def _written(settings: MemberSettings) -> dict[str, object]:
    """Write what differs from the defaults: one that changes in a later version then counts."""
    return settings.model_dump(mode="json", exclude_defaults=True)
