"""Make room for what members agreed to, and find what a policy's retention is to delete."""

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
_UNFORGOTTEN = sa.text("forgotten_at IS NULL")
_STANDING = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Make the table, the mark of a job without its words, and the sweep's indexes."""
    op.create_table(
        "consents",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("learning", sa.String(32)),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("community_id", "member_id", name="pk_consents"),
    )
    op.add_column("jobs", sa.Column("forgotten_at", MOMENT))
    op.create_index(
        "ix_jobs_to_forget",
        "jobs",
        ["community_id", "created_at"],
        postgresql_where=_UNFORGOTTEN,
        sqlite_where=_UNFORGOTTEN,
    )
    op.create_index(
        "ix_pictures_standing",
        "pictures",
        ["created_at"],
        postgresql_where=_STANDING,
        sqlite_where=_STANDING,
    )
    op.create_index("ix_verdicts_to_forget", "verdicts", ["community_id", "decided_at"])
    op.create_index("ix_chat_messages_to_forget", "chat_messages", ["community_id", "created_at"])
