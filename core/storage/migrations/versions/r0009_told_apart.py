"""Let a notice be for one member alone, who need not be the job's author."""

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say whom a notice is for; none: it is the job's own news."""
    op.add_column("notices", sa.Column("member_id", sa.String()))
