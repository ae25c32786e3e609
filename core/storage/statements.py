"""Build the one statement that SQLAlchemy spells per database: insert unless it is there."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.storage.models import Base


def insert_into(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Start an insert with `on_conflict_…`, which both databases understand alike.

    It goes out at once, while added rows wait for the unit's end or its next query; those are
    written first, for the new row may refer to them.
    """
    session.flush()
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
