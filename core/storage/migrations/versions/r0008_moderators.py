"""Make room for the moderators' work: queue, sanctions, holds, sessions, and a chained audit."""

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_LIVE = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Make the tables, and room for a chain in the audit trail."""
    _reviews()
    _people()
    op.create_table(
        "audit_head",
        sa.Column("head_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("audit_no", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("head_no", name="pk_audit_head"),
    )
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint("fk_audit_job_id", type_="foreignkey")
        for name in ("community_id", "about", "by_salt", "about_salt", "hash"):
            audit.add_column(sa.Column(name, sa.String()))
    op.add_column("pictures", sa.Column("pdq", sa.String(), server_default="", nullable=False))
    op.create_index("ix_audit_of_community", "audit", ["community_id", "audit_no"])
    op.create_index("ix_audit_by", "audit", ["by"])
    op.create_index("ix_audit_about", "audit", ["about"])


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("item_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("community_id", "channel_id")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("job_id", "member_id")),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("needs_two", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_escalated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("prompt_key", sa.String(), nullable=False),
        sa.Column("picture_hashes", sa.JSON(), nullable=False),
        sa.Column("member_note", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("verdict_id", sa.String()),
        *(sa.Column(name, _TIME, nullable=False) for name in ("opened_at", "due_at")),
        sa.Column("lapses_at", _TIME),
        sa.Column("claimed_by", sa.String()),
        sa.Column("claimed_name", sa.Text(), nullable=False),
        sa.Column("claimed_until", _TIME),
        sa.Column("first_by", sa.String()),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("ruling", sa.String(32)),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_name", sa.Text(), nullable=False),
        *(sa.Column(name, _TIME) for name in ("decided_at", "effective_at", "closed_at")),
        sa.Column("is_settling", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_reviews_job_id"),
        sa.PrimaryKeyConstraint("item_id", name="pk_reviews"),
    )
    for name, columns, is_unique in (
        ("uq_reviews_live", ["job_id"], True),
        (
            "ix_reviews_queue",
            ["community_id", "due_at", "item_id", "state", "kind", "closed_at"],
            False,
        ),
    ):
        op.create_index(
            name,
            "reviews",
            columns,
            unique=is_unique,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        )
    for name, columns in {
        "opened": ["community_id", "opened_at", "item_id"],
        "of_job": ["job_id", "opened_at"],
        "of_member": ["community_id", "member_id", "opened_at"],
        "alike": ["community_id", "prompt_key"],
        "effective": ["state", "effective_at"],
        "lapsing": ["state", "lapses_at"],
    }.items():
        op.create_index(f"ix_reviews_{name}", "reviews", columns)
    op.create_table(
        "review_cards",
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["reviews.item_id"], name="fk_review_cards_item_id"),
        sa.PrimaryKeyConstraint("item_id", "platform", name="pk_review_cards"),
    )


def _people() -> None:
    op.create_table(
        "moderators",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "member_id", name="pk_moderators"),
    )
    op.create_table(
        "sanctions",
        sa.Column("sanction_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("community_id", "member_id")),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("lift_asked_by", sa.String()),
        sa.Column("lifted_at", _TIME),
        sa.Column("lifted_by", sa.String()),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sanction_id", name="pk_sanctions"),
    )
    op.create_index("ix_sanctions_of_member", "sanctions", ["community_id", "member_id", "at"])
    op.create_index("ix_sanctions_recent", "sanctions", ["community_id", "at"])
    _sanction_notices()
    op.create_table(
        "legal_holds",
        sa.Column("hold_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String()),
        sa.Column("job_id", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("lifted_at", _TIME),
        sa.PrimaryKeyConstraint("hold_no", name="pk_legal_holds"),
    )
    op.create_index("ix_legal_holds_of_community", "legal_holds", ["community_id", "lifted_at"])
    op.create_table(
        "console_sessions",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("token_sha256", "session_id")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("community_id", "member_id")),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("provider", "proof_id")),
        sa.Column("browser", sa.Text(), nullable=False),
        *(
            sa.Column(name, _TIME, nullable=False)
            for name in ("created_at", "seen_at", "expires_at")
        ),
        sa.Column("ended_at", _TIME),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_console_sessions"),
        sa.UniqueConstraint("session_id", name="uq_console_sessions_session_id"),
        sa.UniqueConstraint("proof_id", name="uq_console_sessions_proof_id"),
    )
    op.create_index(
        "ix_console_sessions_of_member", "console_sessions", ["community_id", "member_id"]
    )


def _sanction_notices() -> None:
    untold = sa.text("acked_at IS NULL")
    op.create_table(
        "sanction_notices",
        sa.Column("notice_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.Column("sanction_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("news", "platform")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("community_id", "member_id")),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("acked_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["sanction_id"], ["sanctions.sanction_id"], name="fk_sanction_notices_sanction_id"
        ),
        sa.PrimaryKeyConstraint("notice_no", name="pk_sanction_notices"),
    )
    op.create_index("ix_sanction_notices_sanction_id", "sanction_notices", ["sanction_id"])
    op.create_index(
        "ix_sanction_notices_due",
        "sanction_notices",
        ["platform", "due_at"],
        postgresql_where=untold,
        sqlite_where=untold,
    )
