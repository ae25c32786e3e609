"""Keep what people taught: one row a job, with its text only where that was agreed to."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.contracts.labels import Label
from core.storage.forgetting import on_hold
from core.storage.policy_models import LabelRow

_IS_HELD = on_hold(LabelRow.community_id, LabelRow.member_id, LabelRow.job_id)


class Labels:
    """The labels of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, label: Label) -> None:
        """Keep a label in place of an earlier one of the same job."""
        facts = label.model_dump(exclude={"texts", "scores"})
        texts = None if label.texts is None else list(label.texts)
        read = {"scores": dict(label.scores), "texts": texts}
        self._session.merge(LabelRow(**facts, read=read))
        self._session.flush()

    def since(self, community_id: CommunityId | None, since: datetime) -> list[Label]:
        """List a community's labels since a time, oldest first; None: everybody's."""
        query = select(LabelRow).where(LabelRow.at >= since).order_by(LabelRow.at, LabelRow.job_id)
        if community_id is not None:
            query = query.where(LabelRow.community_id == community_id)
        return [_label(row) for row in self._session.scalars(query)]

    def forget_before(self, before: datetime) -> int:
        """Delete labels from before a time, but for what a hold names; say how many went."""
        query = delete(LabelRow).where(LabelRow.at < before, ~_IS_HELD).returning(LabelRow.job_id)
        return len(self._session.scalars(query).all())

    def forget_words(self, community_id: CommunityId, member_id: MemberId) -> int:
        """Take the words out of what a member's requests taught; say of how many."""
        query = select(LabelRow).where(
            LabelRow.community_id == community_id, LabelRow.member_id == member_id, ~_IS_HELD
        )
        worded = [row for row in self._session.scalars(query) if row.read["texts"] is not None]
        for row in worded:
            row.read = {**row.read, "texts": None}
        self._session.flush()
        return len(worded)

    def count_of_member(self, community_id: CommunityId, member_id: MemberId) -> int:
        """Count the labels of a member's requests."""
        query = select(func.count()).where(
            LabelRow.community_id == community_id, LabelRow.member_id == member_id
        )
        return self._session.scalar(query) or 0

    def forget_member(self, community_id: CommunityId, member_id: MemberId) -> int:
        """Delete what a member's requests taught; say how many went."""
        query = (
            delete(LabelRow)
            .where(
                LabelRow.community_id == community_id, LabelRow.member_id == member_id, ~_IS_HELD
            )
            .returning(LabelRow.job_id)
        )
        return len(self._session.scalars(query).all())


def _label(row: LabelRow) -> Label:
    kept = set(Label.model_fields) - {"scores", "texts"}
    return Label(**{name: getattr(row, name) for name in kept}, **row.read)
