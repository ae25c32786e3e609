"""Make room for policies: versions, what is in force, what was done; features to replay them on."""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the new tables."""
    _make_versions()
    _make_what_is_in_force()
    _make_features()
    _make_disagreements()


def _make_versions() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposer", sa.Text(), nullable=False),
        sa.Column("based_on", sa.String()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version_id", name="pk_policy_versions"),
        sa.UniqueConstraint(
            "community_id",
            "channel_id",
            "number",
            name="uq_policy_versions_community_id_channel_id_number",
        ),
    )


def _make_what_is_in_force() -> None:
    op.create_table(
        "policy_places",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("active_id", sa.String()),
        sa.Column("shadow_id", sa.String()),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("community_id", "channel_id", name="pk_policy_places"),
    )
    op.create_table(
        "policy_revision",
        sa.Column("revision_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision_no", name="pk_policy_revision"),
    )
    op.create_table(
        "policy_events",
        sa.Column("event_no", ROW_NUMBER, nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("deed", sa.String(32), nullable=False),
        sa.Column("version_id", sa.String()),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("event_no", name="pk_policy_events"),
    )
    op.create_index(
        "ix_policy_events_history", "policy_events", ["community_id", "channel_id", "event_no"]
    )
    op.create_table(
        "policy_prints",
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("prints", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("policy_version", name="pk_policy_prints"),
    )


def _make_features() -> None:
    op.create_table(
        "features",
        sa.Column("feature_no", ROW_NUMBER, nullable=False),
        sa.Column("verdict_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("is_age_restricted", sa.Boolean(), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("input_sha256", sa.String(), nullable=False),
        sa.Column("read", sa.JSON(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("feature_no", name="pk_features"),
    )
    op.create_index("ix_features_of_community", "features", ["community_id", "decided_at"])
    op.create_index("ix_features_of_member", "features", ["community_id", "member_id"])


def _make_disagreements() -> None:
    op.create_table(
        "disagreements",
        sa.Column("disagreement_no", ROW_NUMBER, nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("candidate", sa.String(), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("would_decide", sa.String(32), nullable=False),
        sa.Column("would_name", sa.String()),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("disagreement_no", name="pk_disagreements"),
    )
    op.create_index(
        "ix_disagreements_of_candidate",
        "disagreements",
        ["community_id", "candidate", "disagreement_no"],
    )
    op.create_index("ix_disagreements_at", "disagreements", ["at"])
