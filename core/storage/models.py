"""Lay out the tables; no other package ever sees them.

Values that are only carried (spec, address, findings) are JSON. Whatever a query asks for is a
column of its own, and each query's index stands beside its table with the query's name.
"""

from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.contracts.actors import Platform, Role
from core.contracts.verdicts import Decision, Stage
from core.storage.columns import ENUM_TEXT, ROW_NUMBER, PeoplesText, UTCMoment
from core.workflow import JobState, NoticeKind, TaskName

JSONObject = dict[str, Any]  # JSON has no narrower type; contracts validate it on the way out.
JSONList = list[JSONObject]

_UNSENT = text("sent_at IS NULL")
_UNACKED = text("acked_at IS NULL")
_UNFORGOTTEN = text("forgotten_at IS NULL")
_STANDING = text("deleted_at IS NULL")


class Base(DeclarativeBase):
    """Name every constraint, so that migrations can speak of it on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {  # Types and type objects, as declared above.
        Enum: ENUM_TEXT,
        str: String,
        datetime: UTCMoment,
        JSONObject: JSON,
        JSONList: JSON,
    }


class JobRow(Base):
    """One request and where it stands."""

    __tablename__ = "jobs"

    job_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[JobState]
    community_id: Mapped[str]
    member_id: Mapped[str]
    display_name: Mapped[str] = mapped_column(PeoplesText)
    role: Mapped[Role]
    channel_id: Mapped[str]
    address: Mapped[JSONObject]
    spec: Mapped[JSONObject]
    seed: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str]
    queue: Mapped[str]
    policy_version: Mapped[str]
    attempts: Mapped[int]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id"), index=True)
    action: Mapped[str]
    failure: Mapped[str | None]
    priority: Mapped[int] = mapped_column(server_default="0")
    is_resumed: Mapped[bool] = mapped_column(server_default=false())
    snapshot: Mapped[str | None]
    price_gpu_s: Mapped[float | None]
    worker_id: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        # Holds all that the line asks for, so that the wide rows themselves are not read: 0.7 ms
        # instead of 6 ms for a thousand waiting jobs.
        Index(
            "ix_jobs_line",
            *("queue", "state", "community_id", "member_id", "created_at", "job_id"),
            *("priority", "is_resumed", "price_gpu_s"),
        ),
        Index("ix_jobs_waiting", "community_id", "state", "member_id", "price_gpu_s"),
        Index("ix_jobs_recent", "community_id", "created_at"),
        Index("ix_jobs_recent_in_channel", "community_id", "channel_id", "created_at"),
        Index("ix_jobs_recent_of_member", "community_id", "member_id", "created_at"),
        Index("ix_jobs_stalled", "state", "updated_at"),
        Index("ix_jobs_expired_lease", "state", "lease_until"),
        Index(
            "ix_jobs_to_forget",
            "community_id",
            "created_at",
            postgresql_where=_UNFORGOTTEN,
            sqlite_where=_UNFORGOTTEN,
        ),
    )


class OutboxRow(Base):
    """One task to send; at most one unsent row for a job's task."""

    __tablename__ = "outbox"

    outbox_id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    task: Mapped[TaskName]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"))
    queue: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_outbox_due", "outbox_id", postgresql_where=_UNSENT, sqlite_where=_UNSENT),
        Index(
            "uq_outbox_unsent",
            "job_id",
            "task",
            unique=True,
            postgresql_where=_UNSENT,
            sqlite_where=_UNSENT,
        ),
        Index("ix_outbox_last_sent_at", "job_id", "task", "sent_at"),
    )


class NoticeRow(Base):
    """One thing to tell people; `due_at` lies in the future while somebody is telling it."""

    __tablename__ = "notices"

    notice_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"))
    member_id: Mapped[str | None]
    kind: Mapped[NoticeKind]
    platform: Mapped[Platform]
    address: Mapped[JSONObject]
    attempts: Mapped[int]
    owner: Mapped[str | None]
    due_at: Mapped[datetime]
    acked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_notices_claim",
            "platform",
            "notice_no",
            postgresql_where=_UNACKED,
            sqlite_where=_UNACKED,
        ),
        Index(
            "ix_notices_earlier",
            "job_id",
            "notice_no",
            postgresql_where=_UNACKED,
            sqlite_where=_UNACKED,
        ),
    )


class VerdictRow(Base):
    """One decision of the engine, as it was made."""

    __tablename__ = "verdicts"

    verdict_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    verdict_id: Mapped[str] = mapped_column(unique=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id"), index=True)
    community_id: Mapped[str]
    stage: Mapped[Stage]
    decision: Mapped[Decision]
    category: Mapped[str | None]
    findings: Mapped[JSONList]
    checks: Mapped[JSONList]
    policy_name: Mapped[str]
    policy_version: Mapped[str]
    input_sha256: Mapped[str]
    duration_ms: Mapped[float]
    decided_at: Mapped[datetime]
    note: Mapped[str | None]

    __table_args__ = (Index("ix_verdicts_to_forget", "community_id", "decided_at"),)


class PictureRow(Base):
    """One finished picture."""

    __tablename__ = "pictures"

    verify_id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"))
    index: Mapped[int]
    blob: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    prompt: Mapped[str] = mapped_column(PeoplesText)
    alt_text: Mapped[str] = mapped_column(PeoplesText)
    model: Mapped[str]
    model_sha256: Mapped[str]
    policy_version: Mapped[str]
    steps: Mapped[int]
    guidance_scale: Mapped[float]
    scheduler: Mapped[str]
    duration_s: Mapped[float]
    gpu_s: Mapped[float] = mapped_column(server_default="0")
    parent: Mapped[str | None] = mapped_column(index=True)
    environment: Mapped[str] = mapped_column(server_default="")
    is_reproducible: Mapped[bool] = mapped_column(server_default=false())
    difference: Mapped[JSONObject | None]
    pdq: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("job_id", "index"),
        Index("ix_pictures_pace", "model", "created_at"),
        Index(
            "ix_pictures_standing",
            "created_at",
            postgresql_where=_STANDING,
            sqlite_where=_STANDING,
        ),
    )


class DrawnDayRow(Base):
    """What one member had drawn in one day, added up as the pictures come."""

    __tablename__ = "drawn_days"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    gpu_s: Mapped[float]


class AuditTrailRow(Base):
    """One thing that was done."""

    __tablename__ = "audit"

    audit_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    # No foreign key: checking it would take the job's lock after the chain's, and two units that
    # wait for each other are none.
    job_id: Mapped[str | None] = mapped_column(index=True)
    kind: Mapped[str]
    by: Mapped[str]
    facts: Mapped[JSONObject]
    at: Mapped[datetime]
    community_id: Mapped[str | None]
    about: Mapped[str | None]
    by_salt: Mapped[str | None]
    about_salt: Mapped[str | None]
    hash: Mapped[str | None]

    __table_args__ = (
        Index("ix_audit_of_community", "community_id", "audit_no"),
        Index("ix_audit_by", "by"),
        Index("ix_audit_about", "about"),
    )


class ReportRow(Base):
    """One member's objection to a job."""

    __tablename__ = "reports"

    report_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"))
    reporter: Mapped[str]
    reason: Mapped[str] = mapped_column(PeoplesText)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("job_id", "reporter"),)


class ChatChannelRow(Base):
    """A channel's change counter; its row lock makes revisions commit in their order."""

    __tablename__ = "chat_channels"

    channel_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)


class ChatMessageRow(Base):
    """One message of the local chat, in its latest wording."""

    __tablename__ = "chat_messages"

    message_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    community_id: Mapped[str]
    channel_id: Mapped[str] = mapped_column(ForeignKey("chat_channels.channel_id"))
    audience: Mapped[str | None]
    was_public: Mapped[bool]
    author: Mapped[str] = mapped_column(PeoplesText)
    author_id: Mapped[str | None]
    kind: Mapped[Literal["member", "easel"]] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(PeoplesText)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id"))
    is_deleted: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("channel_id", "revision"),
        Index("ix_chat_messages_recent", "channel_id", "message_no"),
        Index("ix_chat_messages_to_forget", "community_id", "created_at"),
    )
