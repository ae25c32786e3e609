"""Lay out the tables of the registry: what is remembered of every labelled file."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.contracts.registry import MarkState, RecordKind, TimeState
from core.storage.models import Base, JSONList, JSONObject


class RegistryRow(Base):
    """One labelled file; the row outlives the bytes, so that a label stays verifiable."""

    __tablename__ = "registry"

    verify_id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id"), index=True)
    kind: Mapped[RecordKind]
    sha256: Mapped[str] = mapped_column(index=True)
    drawn_sha256: Mapped[str]
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    source_type: Mapped[str]
    mode: Mapped[str]
    model: Mapped[str]
    policy_name: Mapped[str]
    policy_version: Mapped[str]
    mark_state: Mapped[MarkState]
    mark_backend: Mapped[str]
    mark_id: Mapped[str | None] = mapped_column(index=True)
    mark_key_version: Mapped[int | None]
    mark_strength_db: Mapped[float | None]
    pdq: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The fingerprints, as bytes: a search by looks reads them all at its start."""
    pdq_quality: Mapped[int | None]
    phash: Mapped[bytes | None] = mapped_column(LargeBinary)
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Small and lossy, to lay a found copy over; gone with the picture."""
    ingredients: Mapped[JSONList]
    original: Mapped[str | None] = mapped_column(index=True)
    time_state: Mapped[TimeState]
    time_token: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """RFC 3161, over the hash of the posted bytes, where it came after they left."""
    downgrades: Mapped[JSONList]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_registry_pending",
            "created_at",
            sqlite_where=text("time_state = 'pending'"),
            postgresql_where=text("time_state = 'pending'"),
        ),
        Index("ix_registry_created_at", "created_at"),
    )


class CanaryRow(Base):
    """One look at what a platform leaves of a label."""

    __tablename__ = "label_checks"

    check_id: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str]
    verify_id: Mapped[str]
    findings: Mapped[JSONObject]
    """By rendition (`original`, `preview`, …) and layer: whether it survived."""
    checked_at: Mapped[datetime]

    __table_args__ = (Index("ix_label_checks_platform", "platform", "checked_at"),)


class TakedownRow(Base):
    """One take-down that goes on to all that came from a picture."""

    __tablename__ = "takedowns"

    takedown_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"))
    by: Mapped[str]
    only_of: Mapped[str | None]
    jobs: Mapped[int]
    pictures: Mapped[int]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_takedowns_unfinished",
            "begun_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
