"""Make room for the registry of labelled files, the canary's findings and wide take-downs."""

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"
branch_labels = None
depends_on = None

_TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_EARLIER = """
INSERT INTO registry (
    verify_id, job_id, kind, sha256, drawn_sha256, media_type, width, height, size_bytes,
    source_type, mode, model, policy_name, policy_version, mark_state, mark_backend,
    ingredients, time_state, downgrades, created_at
)
SELECT
    verify_id, job_id, 'picture', sha256, '', media_type, width, height, size_bytes,
    :source_type, 'text2image', model, '', policy_version, 'off', '',
    '[]', 'none', '[]', created_at
FROM pictures
"""
"""What is known of pictures from before: their bytes, and what their labels said of all of them.
They have no mark, no fingerprints and no thumbnail."""


def upgrade() -> None:
    """Add the tables with their indexes, and the rows of earlier pictures."""
    op.create_table(
        "registry",
        sa.Column("verify_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("drawn_sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("source_type", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("policy_name", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("mark_state", sa.String(), nullable=False),
        sa.Column("mark_backend", sa.String(), nullable=False),
        sa.Column("mark_id", sa.String()),
        sa.Column("mark_key_version", sa.Integer()),
        sa.Column("mark_strength_db", sa.Double()),
        sa.Column("pdq", sa.LargeBinary()),
        sa.Column("pdq_quality", sa.Integer()),
        sa.Column("phash", sa.LargeBinary()),
        sa.Column("thumbnail", sa.LargeBinary()),
        sa.Column("ingredients", sa.JSON(), nullable=False),
        sa.Column("original", sa.String()),
        sa.Column("time_state", sa.String(), nullable=False),
        sa.Column("time_token", sa.LargeBinary()),
        sa.Column("downgrades", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("verify_id", name="pk_registry"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_registry_job_id"),
    )
    for column in ("job_id", "sha256", "mark_id", "original", "created_at"):
        op.create_index(f"ix_registry_{column}", "registry", [column])
    op.create_index(
        "ix_registry_pending",
        "registry",
        ["created_at"],
        sqlite_where=sa.text("time_state = 'pending'"),
        postgresql_where=sa.text("time_state = 'pending'"),
    )
    op.create_table(
        "label_checks",
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("verify_id", sa.String(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("check_id", name="pk_label_checks"),
    )
    op.create_index("ix_label_checks_platform", "label_checks", ["platform", "checked_at"])
    op.create_table(
        "takedowns",
        sa.Column("takedown_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("only_of", sa.String()),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("takedown_id", name="pk_takedowns"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_takedowns_job_id"),
    )
    op.create_index(
        "ix_takedowns_unfinished",
        "takedowns",
        ["begun_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_jobs_parent_id", "jobs", ["parent_id"])
    op.add_column(
        "reviews",
        sa.Column("is_cascading", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    bring_in()


def bring_in() -> None:
    """Give the pictures that were labelled before their rows: without one none is handed out."""
    op.execute(sa.text(_EARLIER).bindparams(source_type=_TRAINED))
