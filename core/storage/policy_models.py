"""Lay out the tables of policies and of what replays them; no other package ever sees them."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.contracts.actors import Role
from core.contracts.labels import LabelSource
from core.contracts.policies import PolicyDeed
from core.contracts.verdicts import Decision
from core.storage.columns import ROW_NUMBER, PeoplesText
from core.storage.models import Base, JSONObject


class PolicyVersionRow(Base):
    """One proposed text; an empty id means every community, or every channel."""

    __tablename__ = "policy_versions"

    version_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    channel_id: Mapped[str]
    number: Mapped[int]
    sha256: Mapped[str]
    source: Mapped[str] = mapped_column(PeoplesText)
    files: Mapped[JSONObject]
    note: Mapped[str] = mapped_column(PeoplesText)
    proposed_by: Mapped[str]
    proposer: Mapped[str] = mapped_column(PeoplesText)
    based_on: Mapped[str | None]
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("community_id", "channel_id", "number"),)


class PolicyPlaceRow(Base):
    """What is in force, and in shadow, in one scope."""

    __tablename__ = "policy_places"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    channel_id: Mapped[str] = mapped_column(primary_key=True)
    active_id: Mapped[str | None]
    shadow_id: Mapped[str | None]
    updated_at: Mapped[datetime]


class PolicyRevisionRow(Base):
    """One row that counts changes of what is in force; its lock puts them into an order."""

    __tablename__ = "policy_revision"

    revision_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger)


class PolicyEventRow(Base):
    """One thing that was done about a version."""

    __tablename__ = "policy_events"

    event_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    community_id: Mapped[str]
    channel_id: Mapped[str]
    deed: Mapped[PolicyDeed]
    version_id: Mapped[str | None]
    by: Mapped[str]
    name: Mapped[str] = mapped_column(PeoplesText)
    facts: Mapped[JSONObject]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_policy_events_history", "community_id", "channel_id", "event_no"),)


class PolicyPrintsRow(Base):
    """What each rule of an effective policy matches, as hashes: equal ones need no second look."""

    __tablename__ = "policy_prints"

    policy_version: Mapped[str] = mapped_column(primary_key=True)
    prints: Mapped[JSONObject]


class FeaturesRow(Base):
    """One decided request, normalised."""

    __tablename__ = "features"

    feature_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    verdict_id: Mapped[str]
    job_id: Mapped[str | None]
    community_id: Mapped[str]
    channel_id: Mapped[str]
    member_id: Mapped[str]
    is_age_restricted: Mapped[bool]
    decision: Mapped[Decision]
    category: Mapped[str | None]
    policy_version: Mapped[str]
    input_sha256: Mapped[str]
    read: Mapped[JSONObject]
    decided_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_features_of_community", "community_id", "decided_at"),
        Index("ix_features_of_member", "community_id", "member_id"),
        Index("ix_features_of_job", "job_id"),
    )


class LabelRow(Base):
    """One decided request that people looked at again."""

    __tablename__ = "labels"

    job_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    member_id: Mapped[str]
    source: Mapped[LabelSource]
    decided: Mapped[Decision]
    right: Mapped[Decision]
    category: Mapped[str | None]
    role: Mapped[Role]
    is_age_restricted: Mapped[bool]
    read: Mapped[JSONObject]
    policy_version: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_labels_of_member", "community_id", "member_id"),
        Index("ix_labels_at", "at"),
    )


class DisagreementRow(Base):
    """One request that a candidate in shadow would have decided otherwise."""

    __tablename__ = "disagreements"

    disagreement_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    community_id: Mapped[str]
    channel_id: Mapped[str]
    job_id: Mapped[str | None]
    candidate: Mapped[str]
    decision: Mapped[Decision]
    category: Mapped[str | None]
    would_decide: Mapped[Decision]
    would_name: Mapped[str | None]
    would_score: Mapped[float | None]
    rule: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_disagreements_of_candidate", "community_id", "candidate", "disagreement_no"),
        Index("ix_disagreements_at", "at"),
    )


class ShadowTallyRow(Base):
    """How often one classifier in shadow was asked in one community."""

    __tablename__ = "shadow_tallies"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    candidate: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[int]
    disagreed: Mapped[int]
    failed: Mapped[int]
    since: Mapped[datetime]
    last_at: Mapped[datetime]
