"""Keep requests that wait for their author's yes; each is good for one use."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from core.contracts.actors import ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import CommunityId, DraftId, JobId, MemberId
from core.contracts.personal import Draft
from core.errors import NotFound
from core.storage.forgetting import on_hold
from core.storage.personal_models import DraftRow

_KEPT = timedelta(days=1)
"""Long after it can be used, so that its buttons say what became of it."""


class Drafts:
    """The drafts of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, draft: Draft) -> None:
        """Keep a draft; those of yesterday make room."""
        is_old = DraftRow.created_at < draft.created_at - _KEPT
        is_kept = on_hold(DraftRow.community_id, DraftRow.member_id, DraftRow.parent_id)
        self._session.execute(delete(DraftRow).where(is_old, ~is_kept))
        self._session.add(
            DraftRow(
                **draft.model_dump(exclude={"address", "spec"}),
                address=draft.address.model_dump(mode="json"),
                spec=draft.spec.model_dump(mode="json"),
                used_at=None,
            )
        )

    def get(self, draft_id: DraftId) -> Draft:
        """Find a draft, used or not.

        Raises:
            NotFound: `draft_not_found`.
        """
        row = self._session.get(DraftRow, draft_id)
        if row is None:
            raise NotFound("draft_not_found", value=draft_id)
        return Draft(
            draft_id=DraftId(row.draft_id),
            community_id=CommunityId(row.community_id),
            member_id=MemberId(row.member_id),
            address=ReplyAddress.model_validate(row.address),
            spec=GenerationSpec.model_validate(row.spec),
            action=row.action,
            parent_id=None if row.parent_id is None else JobId(row.parent_id),
            price_gpu_s=row.price_gpu_s,
            created_at=row.created_at,
        )

    def use(self, draft_id: DraftId, now: datetime) -> bool:
        """Use a draft up; False: it was used before, so that a double click draws once."""
        statement = (
            update(DraftRow)
            .where(DraftRow.draft_id == draft_id, DraftRow.used_at.is_(None))
            .values(used_at=now)
            .returning(DraftRow.draft_id)
            .execution_options(synchronize_session=False)
        )
        return self._session.execute(statement).first() is not None
