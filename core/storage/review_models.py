"""Lay out the tables of the moderators' work; no other package ever sees them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from core.contracts.actors import Platform, Role
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.sanctions import SanctionKind, SanctionNews
from core.storage.columns import ROW_NUMBER, PeoplesText
from core.storage.models import Base, JSONObject

_LIVE = text("closed_at IS NULL")
_UNTOLD = text("acked_at IS NULL")


class ReviewRow(Base):
    """One thing that waits for a person."""

    __tablename__ = "reviews"

    item_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    channel_id: Mapped[str]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"))
    member_id: Mapped[str]
    author: Mapped[str] = mapped_column(PeoplesText)
    kind: Mapped[ReviewKind]
    state: Mapped[ReviewState]
    category: Mapped[str | None]
    severity: Mapped[str]
    needs_two: Mapped[bool] = mapped_column(server_default=false())
    is_escalated: Mapped[bool] = mapped_column(server_default=false())
    reports: Mapped[int]
    text: Mapped[str | None] = mapped_column(PeoplesText)
    prompt_key: Mapped[str]
    picture_hashes: Mapped[JSONObject]
    member_note: Mapped[str] = mapped_column(PeoplesText)
    policy_version: Mapped[str]
    verdict_id: Mapped[str | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    lapses_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    claimed_name: Mapped[str] = mapped_column(PeoplesText)
    claimed_until: Mapped[datetime | None]
    first_by: Mapped[str | None]
    first_name: Mapped[str] = mapped_column(PeoplesText)
    ruling: Mapped[Ruling | None]
    reason_code: Mapped[str]
    note: Mapped[str] = mapped_column(PeoplesText)
    decided_by: Mapped[str | None]
    decided_name: Mapped[str] = mapped_column(PeoplesText)
    decided_at: Mapped[datetime | None]
    effective_at: Mapped[datetime | None]
    is_settling: Mapped[bool] = mapped_column(server_default=false())
    is_cascading: Mapped[bool] = mapped_column(server_default=false())
    closed_at: Mapped[datetime | None]
    revision: Mapped[int]

    __table_args__ = (
        # A job has at most one item that is not over.
        Index(
            "uq_reviews_live",
            "job_id",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
        # What is not over, in the order of its deadlines: a page reads no more than it shows, and
        # the counts beside it read the index alone.
        Index(
            "ix_reviews_queue",
            *("community_id", "due_at", "item_id", "state", "kind", "closed_at"),
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
        Index("ix_reviews_opened", "community_id", "opened_at", "item_id"),
        Index("ix_reviews_of_job", "job_id", "opened_at"),
        Index("ix_reviews_of_member", "community_id", "member_id", "opened_at"),
        Index("ix_reviews_alike", "community_id", "prompt_key"),
        Index("ix_reviews_effective", "state", "effective_at"),
        Index("ix_reviews_lapsing", "state", "lapses_at"),
    )


class ReviewCardRow(Base):
    """Which revision of an item a platform's moderators' channel shows, and where."""

    __tablename__ = "review_cards"

    item_id: Mapped[str] = mapped_column(ForeignKey("reviews.item_id"), primary_key=True)
    platform: Mapped[Platform] = mapped_column(primary_key=True)
    place: Mapped[JSONObject]
    revision: Mapped[int]


class ModeratorRow(Base):
    """How much one moderator wants to see and hear."""

    __tablename__ = "moderators"

    community_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[JSONObject]


class SanctionRow(Base):
    """One sanction."""

    __tablename__ = "sanctions"

    sanction_id: Mapped[str] = mapped_column(primary_key=True)
    community_id: Mapped[str]
    member_id: Mapped[str]
    kind: Mapped[SanctionKind]
    weight: Mapped[float]
    category: Mapped[str | None]
    reason: Mapped[str] = mapped_column(PeoplesText)
    job_id: Mapped[str | None]
    by: Mapped[str]
    by_name: Mapped[str] = mapped_column(PeoplesText)
    at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lift_asked_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lift_reason: Mapped[str] = mapped_column(PeoplesText)

    __table_args__ = (
        Index("ix_sanctions_of_member", "community_id", "member_id", "at"),
        Index("ix_sanctions_recent", "community_id", "at"),
    )


class SanctionNoticeRow(Base):
    """Something to tell a member about a sanction, and whether they were told."""

    __tablename__ = "sanction_notices"

    notice_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    sanction_id: Mapped[str] = mapped_column(ForeignKey("sanctions.sanction_id"))
    news: Mapped[SanctionNews]
    platform: Mapped[Platform]
    community_id: Mapped[str]
    member_id: Mapped[str]
    attempts: Mapped[int]
    owner: Mapped[str | None]
    due_at: Mapped[datetime]
    acked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_sanction_notices_sanction_id", "sanction_id"),
        # A poll reads what is due and nothing that was told.
        Index(
            "ix_sanction_notices_due",
            "platform",
            "due_at",
            postgresql_where=_UNTOLD,
            sqlite_where=_UNTOLD,
        ),
    )


class LegalHoldRow(Base):
    """What must be kept."""

    __tablename__ = "legal_holds"

    hold_no: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    community_id: Mapped[str]
    member_id: Mapped[str | None]
    job_id: Mapped[str | None]
    reason: Mapped[str] = mapped_column(PeoplesText)
    by: Mapped[str]
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_legal_holds_of_community", "community_id", "lifted_at"),)


class ConsoleSessionRow(Base):
    """One signed-in browser; its token itself is kept nowhere."""

    __tablename__ = "console_sessions"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(unique=True)
    community_id: Mapped[str]
    member_id: Mapped[str]
    display_name: Mapped[str] = mapped_column(PeoplesText)
    role: Mapped[Role]
    provider: Mapped[str]
    proof_id: Mapped[str] = mapped_column(unique=True)
    browser: Mapped[str] = mapped_column(PeoplesText)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_console_sessions_of_member", "community_id", "member_id"),)


class AuditHeadRow(Base):
    """The end of the chain: one row, whose lock puts all writers into an order."""

    __tablename__ = "audit_head"

    head_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audit_no: Mapped[int]
    hash: Mapped[str]
