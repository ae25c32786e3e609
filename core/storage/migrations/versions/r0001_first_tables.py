"""Make the first tables: jobs and everything that is written down about them.

Steps go forward only; the way back is the backup that was made before.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNSENT = sa.text("sent_at IS NULL")
UNACKED = sa.text("acked_at IS NULL")


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    _make_chat_channels()
    _make_jobs()
    _make_audit()
    _make_chat_messages()
    _make_notices()
    _make_outbox()
    _make_pictures()
    _make_reports()
    _make_verdicts()


def _make_chat_channels() -> None:
    op.create_table(
        "chat_channels",
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_chat_channels"),
    )


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.String()),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("failure", sa.String()),
        sa.Column("worker_id", sa.String()),
        sa.Column("lease_until", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["jobs.job_id"], name="fk_jobs_parent_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_expired_lease", "jobs", ["state", "lease_until"])
    op.create_index("ix_jobs_place", "jobs", ["queue", "state", "created_at", "job_id"])
    op.create_index("ix_jobs_recent", "jobs", ["community_id", "created_at"])
    op.create_index(
        "ix_jobs_recent_in_channel", "jobs", ["community_id", "channel_id", "created_at"]
    )
    op.create_index("ix_jobs_recent_of_member", "jobs", ["community_id", "member_id", "created_at"])
    op.create_index("ix_jobs_stalled", "jobs", ["state", "updated_at"])
    op.create_index("ix_jobs_waiting_count", "jobs", ["community_id", "member_id", "state"])


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_no", ROW_NUMBER, nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_audit_job_id"),
        sa.PrimaryKeyConstraint("audit_no", name="pk_audit"),
    )
    op.create_index("ix_audit_job_id", "audit", ["job_id"])


def _make_chat_messages() -> None:
    op.create_table(
        "chat_messages",
        sa.Column("message_no", ROW_NUMBER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("audience", sa.String()),
        sa.Column("was_public", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String()),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["chat_channels.channel_id"], name="fk_chat_messages_channel_id"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_chat_messages_job_id"),
        sa.PrimaryKeyConstraint("message_no", name="pk_chat_messages"),
        sa.UniqueConstraint("channel_id", "revision", name="uq_chat_messages_channel_id_revision"),
        sa.UniqueConstraint("key", name="uq_chat_messages_key"),
    )
    op.create_index("ix_chat_messages_recent", "chat_messages", ["channel_id", "message_no"])


def _make_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_no", ROW_NUMBER, nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("acked_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_notices_job_id"),
        sa.PrimaryKeyConstraint("notice_no", name="pk_notices"),
    )
    op.create_index(
        "ix_notices_claim",
        "notices",
        ["platform", "notice_no"],
        postgresql_where=UNACKED,
        sqlite_where=UNACKED,
    )
    op.create_index(
        "ix_notices_earlier",
        "notices",
        ["job_id", "notice_no"],
        postgresql_where=UNACKED,
        sqlite_where=UNACKED,
    )


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", ROW_NUMBER, nullable=False),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_outbox_job_id"),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_due", "outbox", ["outbox_id"], postgresql_where=UNSENT, sqlite_where=UNSENT
    )
    op.create_index("ix_outbox_last_sent_at", "outbox", ["job_id", "task", "sent_at"])
    op.create_index(
        "uq_outbox_unsent",
        "outbox",
        ["job_id", "task"],
        unique=True,
        postgresql_where=UNSENT,
        sqlite_where=UNSENT,
    )


def _make_pictures() -> None:
    op.create_table(
        "pictures",
        sa.Column("verify_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("alt_text", sa.Text(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("model_sha256", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("guidance_scale", sa.Double(), nullable=False),
        sa.Column("scheduler", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_pictures_job_id"),
        sa.PrimaryKeyConstraint("verify_id", name="pk_pictures"),
        sa.UniqueConstraint("job_id", "index", name="uq_pictures_job_id_index"),
    )
    op.create_index("ix_pictures_sha256", "pictures", ["sha256"])


def _make_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("report_no", ROW_NUMBER, nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("reporter", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_reports_job_id"),
        sa.PrimaryKeyConstraint("report_no", name="pk_reports"),
        sa.UniqueConstraint("job_id", "reporter", name="uq_reports_job_id_reporter"),
    )


def _make_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("verdict_no", ROW_NUMBER, nullable=False),
        sa.Column("verdict_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("policy_name", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("input_sha256", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("note", sa.String()),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_verdicts_job_id"),
        sa.PrimaryKeyConstraint("verdict_no", name="pk_verdicts"),
        sa.UniqueConstraint("verdict_id", name="uq_verdicts_verdict_id"),
    )
    op.create_index("ix_verdicts_job_id", "verdicts", ["job_id"])
