"""Keep ready what is asked often: building a statement costs more than running it.

A ready statement names its values (`bindparam`) and speaks of tables, not of mapped classes: its
rows come without the session's bookkeeping.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Executable, Result, Table, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.storage.models import Base
from core.workflow import JobState


@dataclass(frozen=True, slots=True)
class ReadyInsert:
    """A ready insert with `on_conflict_…`, as each of the databases spells it."""

    on_sqlite: Executable
    on_postgres: Executable

    def run(self, session: Session, **values: object) -> Result[*tuple[Any, ...]]:
        """Run it, after what the session was told but has not written yet."""
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        return run(session, self.on_sqlite if is_sqlite else self.on_postgres, **values)


def ready_insert(table: type[Base], finish: Callable[[Any], Executable]) -> ReadyInsert:
    """Make a ready insert; `finish` says what becomes of a conflict and is the same for both."""
    rows = table_of(table)
    return ReadyInsert(finish(sqlite.insert(rows)), finish(postgresql.insert(rows)))


def table_of(rows: type[Base]) -> Table:
    """Name the table behind a mapped class."""
    table = rows.__table__
    if not isinstance(table, Table):
        raise TypeError("every class here has a table of its own")
    return table


def run(session: Session, statement: Executable, **values: object) -> Result[*tuple[Any, ...]]:
    """Run a ready statement, after what the session was told but has not written yet."""
    session.flush()
    return session.execute(statement, values)


def among(states: ColumnElement[JobState], *allowed: JobState) -> ColumnElement[bool]:
    """Hold a job's state to some that never change, written out: a list is spelt out each time."""
    return states.in_([literal_column(f"'{state.value}'") for state in sorted(allowed)])


def insert_into(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Start an insert with `on_conflict_…`, which both databases understand alike.

    It goes out at once, while added rows wait for the unit's end or its next query; those are
    written first, for the new row may refer to them.
    """
    session.flush()
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
