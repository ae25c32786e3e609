"""Keep what is in force for each member where a request does not say otherwise."""

from datetime import datetime

from sqlalchemy import and_, bindparam, literal, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.personal import MemberSettings
from core.storage.personal_models import MemberSettingsRow, NamedStyleRow
from core.storage.statements import insert_into, run, table_of

_SET, _NAMED = table_of(MemberSettingsRow).c, table_of(NamedStyleRow).c
_SETTINGS = select(_SET.settings).where(
    _SET.community_id == bindparam("community_id"), _SET.member_id == bindparam("member_id")
)
_NOTHING = select(literal(1).label("one")).subquery("asked")
"""One row to stand for the member who has neither settings nor styles."""

_PERSONAL = select(_SETTINGS.scalar_subquery(), _NAMED.name, _NAMED.text).select_from(
    _NOTHING.outerjoin(
        table_of(NamedStyleRow),
        and_(
            _NAMED.community_id == bindparam("community_id"),
            _NAMED.member_id == bindparam("member_id"),
        ),
    )
)


class SettingsOfMembers:
    """The members' settings of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, community_id: CommunityId, member_id: MemberId) -> MemberSettings:
        """Read a member's settings; who never set anything has the defaults."""
        values = {"community_id": community_id, "member_id": member_id}
        return _read(run(self._session, _SETTINGS, **values).scalar_one_or_none())

    def with_styles(
        self, community_id: CommunityId, member_id: MemberId
    ) -> tuple[MemberSettings, dict[str, str]]:
        """Read a member's settings and the words of each named style, by name, in one look."""
        values = {"community_id": community_id, "member_id": member_id}
        rows = run(self._session, _PERSONAL, **values).all()
        styles = {name: text for _, name, text in rows if name is not None}
        return _read(rows[0][0]), dict(sorted(styles.items()))

    def take(
        self, community_id: CommunityId, member_id: MemberId, *, now: datetime
    ) -> MemberSettings:
        """Read a member's settings to change them: nobody else does before this unit ends.

        Whoever changes what must agree with them, or with itself, such as the number of a
        member's styles, takes them first as well.
        """
        row = self._locked(community_id, member_id, now)
        return _read(row.settings)

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


def _read(settings: dict[str, object] | None) -> MemberSettings:
    return MemberSettings() if settings is None else MemberSettings.model_validate(settings)


def _written(settings: MemberSettings) -> dict[str, object]:
    """Write what differs from the defaults: one that changes in a later version then counts."""
    return settings.model_dump(mode="json", exclude_defaults=True)
