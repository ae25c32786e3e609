"""Keep what each member had drawn in a day as a running sum: limits no longer add pictures up."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

_ON_SQLITE = "date(p.created_at)"
_ON_POSTGRES = "CAST(p.created_at AT TIME ZONE 'UTC' AS date)"
_SO_FAR = """
    INSERT INTO drawn_days (community_id, day, member_id, gpu_s)
    SELECT j.community_id, DAY_OF, j.member_id,
        SUM(CASE WHEN p.gpu_s > 0 THEN p.gpu_s ELSE p.duration_s END)
    FROM pictures p JOIN jobs j ON j.job_id = p.job_id
    GROUP BY j.community_id, DAY_OF, j.member_id
"""


def upgrade() -> None:
    """Make the table, and bring in what was drawn so far."""
    op.create_table(
        "drawn_days",
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("gpu_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "day", "member_id", name="pk_drawn_days"),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(_SO_FAR.replace("DAY_OF", _ON_SQLITE if is_sqlite else _ON_POSTGRES))
