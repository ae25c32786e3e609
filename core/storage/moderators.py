"""Keep how much of what they decide each moderator wants to see and hear."""

from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.reviews import ModeratorSettings
from core.storage.review_models import ModeratorRow
from core.storage.statements import insert_into


class Moderators:
    """The moderators' own settings of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def settings(self, community_id: CommunityId, member_id: MemberId) -> ModeratorSettings:
        """Read a moderator's settings; who never set anything has the gentle defaults."""
        row = self._session.get(ModeratorRow, (community_id, member_id), populate_existing=True)
        return ModeratorSettings.model_validate(row.settings if row else {})

    def set_settings(
        self, community_id: CommunityId, member_id: MemberId, settings: ModeratorSettings
    ) -> None:
        """Write a moderator's settings in place of what was there."""
        # Only what differs from the defaults: one that changes in a later version then counts.
        written = settings.model_dump(mode="json", exclude_defaults=True)
        statement = insert_into(self._session, ModeratorRow).values(
            community_id=community_id, member_id=member_id, settings=written
        )
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["community_id", "member_id"], set_={"settings": written}
            )
        )
