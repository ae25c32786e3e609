"""Run alembic's steps on the connection that `upgrade` opened; alembic loads this file itself."""

from alembic import context

from core.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite alters a table only by copying it.
    render_as_batch=True,
)
context.run_migrations()
