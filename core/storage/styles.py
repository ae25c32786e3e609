"""Keep the words that members gave a name."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.personal import NamedStyle
from core.storage.personal_models import NamedStyleRow
from core.storage.statements import insert_into


class Styles:
    """The members' named styles of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_member(self, community_id: CommunityId, member_id: MemberId) -> list[NamedStyle]:
        """List a member's styles by name."""
        query = (
            select(NamedStyleRow)
            .where(NamedStyleRow.community_id == community_id, NamedStyleRow.member_id == member_id)
            .order_by(NamedStyleRow.name)
        )
        found = self._session.scalars(query.execution_options(populate_existing=True))
        return [
            NamedStyle(name=row.name, text=row.text, created_at=row.created_at) for row in found
        ]

    def put(self, community_id: CommunityId, member_id: MemberId, style: NamedStyle) -> None:
        """Keep a style, in place of the member's one of that name."""
        values = {"text": style.text, "created_at": style.created_at}
        statement = (
            insert_into(self._session, NamedStyleRow)
            .values(community_id=community_id, member_id=member_id, name=style.name, **values)
            .on_conflict_do_update(
                index_elements=["community_id", "member_id", "name"], set_=values
            )
        )
        self._session.execute(statement)

    def remove(self, community_id: CommunityId, member_id: MemberId, name: str) -> bool:
        """Forget a style; False: the member has none of that name."""
        statement = (
            delete(NamedStyleRow)
            .where(
                NamedStyleRow.community_id == community_id,
                NamedStyleRow.member_id == member_id,
                NamedStyleRow.name == name,
            )
            .returning(NamedStyleRow.name)
        )
        return self._session.scalar(statement) is not None
