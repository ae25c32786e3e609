"""Run the migrations in process, one process at a time."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from core.storage.engines import LOCK_TIMEOUT_S, Engines, limit_lock_waits

_ADVISORY_KEY = 0x6561_7365_6C
"""Postgres's name for our lock: the letters of `easel`."""

_threads = threading.Lock()
"""Alembic keeps its context in module globals: one migration a process at a time."""


def upgrade(engines: Engines) -> None:
    """Make every missing step in one transaction; whoever comes second finds nothing to do."""
    with _threads, _only_process(engines), engines.writing.begin() as connection:
        if not engines.is_sqlite:
            _lock_postgres(connection)
        command.upgrade(_config(connection), "head")


def _lock_postgres(connection: Connection) -> None:
    # Another process's migration may take minutes; a table's lock may not: whoever waits for it
    # holds up everybody else.
    limit_lock_waits(connection, 0)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
    limit_lock_waits(connection, LOCK_TIMEOUT_S)


@contextmanager
def _only_process(engines: Engines) -> Iterator[None]:
    """Make SQLite's folder and file, in WAL mode, under a file lock.

    Postgres has its advisory lock instead. The switch to WAL is the one thing that SQLite refuses
    rather than waits for when two try it.
    """
    database = engines.writing.url.database
    if not engines.is_sqlite or database is None:
        yield
        return
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = engines.writing.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        yield


def _config(connection: Connection) -> Config:
    config = Config()
    # Alembic's options are read by configparser, to which a % means something.
    folder = str(Path(__file__).parent).replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
