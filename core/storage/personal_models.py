"""Lay out the tables of what members keep; no other package ever sees them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.contracts.labels import Learning
from core.contracts.personal import UploadKind
from core.storage.columns import PeoplesText
from core.storage.models import Base, JSONObject


class UploadRow(Base):
    """One picture that a member brought."""

    __tablename__ = "uploads"

    upload_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    member_id: Mapped[str]
    kind: Mapped[UploadKind]
    blob: Mapped[str]
    sha256: Mapped[str]
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(PeoplesText)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_uploads_of_member", "community_id", "member_id", "created_at"),
        Index("ix_uploads_created_at", "created_at"),
    )


class MemberSettingsRow(Base):
    """What is in force for one member."""

    __tablename__ = "member_settings"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[JSONObject]
    updated_at: Mapped[datetime]


class ConsentRow(Base):
    """What one member agreed to; none: what the community's policy says."""

    __tablename__ = "consents"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    learning: Mapped[Learning | None]
    updated_at: Mapped[datetime]


class NamedStyleRow(Base):
    """One style of one member."""

    __tablename__ = "named_styles"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(PeoplesText)
    created_at: Mapped[datetime]


class FavouriteRow(Base):
    """One picture that a member marked."""

    __tablename__ = "favourites"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    verify_id: Mapped[str] = mapped_column(ForeignKey("pictures.verify_id"), primary_key=True)
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_favourites_of_member", "community_id", "member_id", "created_at"),)


class DraftRow(Base):
    """One request that waits for its author's yes."""

    __tablename__ = "drafts"

    draft_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    member_id: Mapped[str]
    address: Mapped[JSONObject]
    spec: Mapped[JSONObject]
    action: Mapped[str]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id"))
    price_gpu_s: Mapped[float]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_drafts_created_at", "created_at"),)


class TurnRow(Base):
    """When a member was last served, for the fair queue."""

    __tablename__ = "turns"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    served_at: Mapped[datetime] = mapped_column(index=True)


class RewriteRow(Base):
    """What a refused request could be instead."""

    __tablename__ = "rewrites"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"), primary_key=True)
    spec: Mapped[JSONObject]
    created_at: Mapped[datetime]
