"""Keep what screened requests were made of, for replays, and what candidates said in shadow."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.orm import Session

from core.contracts.features import Asked, Disagreement, Features
from core.contracts.ids import CommunityId, JobId, MemberId
from core.storage.forgetting import on_hold
from core.storage.policy_models import DisagreementRow, FeaturesRow
from core.storage.statements import run, table_of

_ROWS = table_of(FeaturesRow)
_ADD = insert(_ROWS)
_COLUMNS = [column for column in _ROWS.c if column.name != "feature_no"]
_AT_A_TIME = 5000


class FeatureRecord:
    """The features and disagreements of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, features: Features) -> None:
        """Append what a decided request was made of."""
        run(
            self._session,
            _ADD,
            verdict_id=features.verdict_id,
            job_id=features.job_id,
            community_id=features.community_id,
            channel_id=features.channel_id,
            member_id=features.member_id,
            is_age_restricted=features.is_age_restricted,
            decision=features.decision,
            category=features.category,
            policy_version=features.policy_version,
            input_sha256=features.input_sha256,
            read={
                "texts": features.texts,
                "rules": features.rules,
                "scores": features.scores,
                "classifier": features.classifier,
            },
            decided_at=features.decided_at,
        )

    def since(self, community_id: CommunityId | None, since: datetime) -> Iterator[Features]:
        """Read a community's decided requests since a time, oldest first; None: everybody's."""
        query = select(*_COLUMNS).where(_ROWS.c.decided_at >= since)
        if community_id is not None:
            query = query.where(_ROWS.c.community_id == community_id)
        rows = self._session.execute(
            query.order_by(_ROWS.c.decided_at), execution_options={"yield_per": _AT_A_TIME}
        )
        yield from map(_features, rows)

    def of_job(self, job_id: JobId) -> Features | None:
        """Read what a job's request was made of; None: it is not kept any more."""
        query = select(*_COLUMNS).where(_ROWS.c.job_id == job_id)
        row = self._session.execute(query.order_by(_ROWS.c.feature_no.desc()).limit(1)).first()
        return None if row is None else _features(row)

    def forget_before(self, community_id: CommunityId, before: datetime, *, limit: int) -> int:
        """Delete features of a community from before a time; say how many went."""
        due = (
            select(FeaturesRow.feature_no)
            .where(
                FeaturesRow.community_id == community_id,
                FeaturesRow.decided_at < before,
                ~on_hold(FeaturesRow.community_id, FeaturesRow.member_id, FeaturesRow.job_id),
            )
            .order_by(FeaturesRow.decided_at)
            .limit(limit)
        )
        query = delete(FeaturesRow).where(FeaturesRow.feature_no.in_(due))
        return len(self._session.scalars(query.returning(FeaturesRow.feature_no)).all())

    def forget_member(self, community_id: CommunityId, member_id: MemberId) -> int:
        """Delete what is kept of a member's requests; say how many went."""
        query = (
            delete(FeaturesRow)
            .where(
                FeaturesRow.community_id == community_id,
                FeaturesRow.member_id == member_id,
                ~on_hold(FeaturesRow.community_id, FeaturesRow.member_id, FeaturesRow.job_id),
            )
            .returning(FeaturesRow.feature_no)
        )
        return len(self._session.scalars(query).all())

    def disagree(self, one: Disagreement) -> None:
        """Append what a candidate would have decided otherwise."""
        self._session.add(DisagreementRow(**one.model_dump()))

    def disagreements(
        self, community_id: CommunityId, candidate: str, *, limit: int = 20
    ) -> tuple[int, list[Disagreement]]:
        """Count a candidate's disagreements and list the newest."""
        is_its = (
            DisagreementRow.community_id == community_id,
            DisagreementRow.candidate == candidate,
        )
        total = self._session.scalar(
            select(func.count()).select_from(DisagreementRow).where(*is_its)
        )
        query = (
            select(DisagreementRow)
            .where(*is_its)
            .order_by(DisagreementRow.disagreement_no.desc())
            .limit(limit)
        )
        rows = [
            Disagreement(**{name: getattr(row, name) for name in Disagreement.model_fields})
            for row in self._session.scalars(query)
        ]
        return total or 0, rows

    def forget_disagreements(self, before: datetime) -> int:
        """Delete disagreements from before a time; say how many went."""
        query = delete(DisagreementRow).where(DisagreementRow.at < before)
        return len(self._session.scalars(query.returning(DisagreementRow.disagreement_no)).all())


def _features(row: Row[*tuple[Any, ...]]) -> Features:  # Any: the columns, in their order.
    read = row.read
    how = (read["texts"], read["rules"], read["scores"], Asked(read["classifier"]))
    values = (*row[:-2], *how, row.decided_at)
    return Features(*values)
