"""Make room for going on from a picture: lineage, uploads, settings, styles, drafts, fair turns."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Widen jobs and pictures, then make the new tables."""
    _widen_jobs()
    _widen_pictures()
    _make_drafts()
    _make_favourites()
    _make_member_settings()
    _make_named_styles()
    _make_turns()
    _make_uploads()


def _widen_jobs() -> None:
    zero, false = sa.text("0"), sa.false()
    op.add_column("jobs", sa.Column("priority", sa.Integer(), nullable=False, server_default=zero))
    op.add_column(
        "jobs", sa.Column("is_resumed", sa.Boolean(), nullable=False, server_default=false)
    )
    op.add_column("jobs", sa.Column("snapshot", sa.String()))
    op.add_column("jobs", sa.Column("price_gpu_s", sa.Double()))
    op.drop_index("ix_jobs_waiting_count", "jobs")
    op.create_index(
        "ix_jobs_waiting", "jobs", ["community_id", "state", "member_id", "price_gpu_s"]
    )
    op.drop_index("ix_jobs_place", "jobs")
    place = ["queue", "state", "community_id", "member_id", "created_at", "job_id"]
    op.create_index("ix_jobs_line", "jobs", [*place, "priority", "is_resumed", "price_gpu_s"])


def _widen_pictures() -> None:
    zero, false = sa.text("0"), sa.false()
    op.add_column("pictures", sa.Column("gpu_s", sa.Double(), nullable=False, server_default=zero))
    op.add_column("pictures", sa.Column("parent", sa.String()))
    op.add_column(
        "pictures", sa.Column("environment", sa.String(), nullable=False, server_default="")
    )
    op.add_column(
        "pictures", sa.Column("is_reproducible", sa.Boolean(), nullable=False, server_default=false)
    )
    op.add_column("pictures", sa.Column("difference", sa.JSON()))
    op.create_index("ix_pictures_parent", "pictures", ["parent"])
    op.create_index("ix_pictures_pace", "pictures", ["model", "created_at"])


def _make_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("draft_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String()),
        sa.Column("price_gpu_s", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.ForeignKeyConstraint(["parent_id"], ["jobs.job_id"], name="fk_drafts_parent_id"),
        sa.PrimaryKeyConstraint("draft_id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_created_at", "drafts", ["created_at"])


def _make_favourites() -> None:
    op.create_table(
        "favourites",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("verify_id", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["verify_id"], ["pictures.verify_id"], name="fk_favourites_verify_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "member_id", "verify_id", name="pk_favourites"),
    )
    op.create_index(
        "ix_favourites_of_member", "favourites", ["community_id", "member_id", "created_at"]
    )


def _make_member_settings() -> None:
    op.create_table(
        "member_settings",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("community_id", "member_id", name="pk_member_settings"),
    )


def _make_named_styles() -> None:
    op.create_table(
        "named_styles",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("community_id", "member_id", "name", name="pk_named_styles"),
    )


def _make_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("served_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("community_id", "member_id", name="pk_turns"),
    )
    op.create_index("ix_turns_served_at", "turns", ["served_at"])


def _make_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("upload_id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_created_at", "uploads", ["created_at"])
    op.create_index("ix_uploads_of_member", "uploads", ["community_id", "member_id", "created_at"])
