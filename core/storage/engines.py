"""Open SQLite or Postgres so that both keep the same promises.

Both: a unit waits at most 10 s for another's lock, reads see one moment, and error texts never
quote parameters (they hold prompts).
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.errors import Unavailable, UserError

LOCK_TIMEOUT_S = 10
"""How long a unit waits for another's lock. Units take milliseconds: 10 s means that one hangs."""

ASK_AGAIN_S = 0.001
"""How often SQLite is asked for its write lock while another process has it."""

CONNECT_TIMEOUT_S = 5
"""How long Postgres may take to answer a connection before it counts as away."""

POOL_SIZE = 8
POOL_OVERFLOW = 32
"""Together the 40 threads that anyio gives a front-end: none of them waits for a connection."""

_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL")
"""SQLite's names for what may pass; its plain SQLITE_ERROR is a wrong statement, thus a bug."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The database, opened for writing units and for consistent reads."""

    writing: Engine
    reading: Engine
    turns: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_sqlite(self) -> bool:
        """Tell which of the two databases this is."""
        return self.writing.dialect.name == "sqlite"

    @contextmanager
    def turn_to_write(self) -> Iterator[None]:
        """Let this process's threads write to SQLite one after the other.

        SQLite has one write lock and waits for it by sleeping up to 0.1 s at a time. Between
        threads a lock that wakes its waiter is fairer: measured at 160 units a second by 20
        threads, the slowest hundredth waits 46 ms instead of 195 ms.
        """
        if not self.is_sqlite:
            yield
            return
        if not self.turns.acquire(timeout=LOCK_TIMEOUT_S):
            raise Unavailable("database_away")
        try:
            yield
        finally:
            self.turns.release()

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.writing.dispose()
        self.reading.dispose()


def open_engines(url: str) -> Engines:
    """Prepare the database behind a URL without connecting to it.

    Raises:
        UserError: `database_url_unsupported`, `database_driver_missing`.
    """
    address = _read_url(url)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address)
    return _open_postgres(address)


def _read_url(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UserError("database_url_unsupported") from error
    scheme = address.drivername.partition("+")[0]
    if scheme in {"postgres", "postgresql"}:
        return address.set(drivername="postgresql+psycopg")
    # An in-memory SQLite is one connection's own: nothing could meet in it.
    if scheme == "sqlite" and address.database not in {None, "", ":memory:"}:
        return address.set(drivername="sqlite+pysqlite")
    raise UserError("database_url_unsupported", scheme=scheme)


def _open_sqlite(address: URL) -> Engines:
    reading = _sqlite_pool(address)
    event.listen(reading, "connect", _refuse_writes)
    event.listen(reading, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    writing = _sqlite_pool(address)
    event.listen(writing, "begin", _begin_to_write)
    return Engines(writing, reading)


def _sqlite_pool(address: URL) -> Engine:
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=LOCK_TIMEOUT_S,
        connect_args={"timeout": LOCK_TIMEOUT_S},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _begin_to_write(connection: Connection) -> None:
    """Take the write lock first: who reads, then writes, fails when another wrote meanwhile.

    SQLite's own way of waiting sleeps up to 0.1 s between tries, so a process that writes now and
    then starves beside one that writes all the time: at 50 requests a second answers stood still
    for 2.5 s. Asking each millisecond gives everybody a turn.
    """
    driver: Any = connection.connection.driver_connection  # The driver's own connection.
    ends = time.monotonic() + LOCK_TIMEOUT_S
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < ends:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                # The low byte is the error; what stands above it only says which kind of busy.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(ASK_AGAIN_S)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # The last try: its failure is told as usual.
    finally:
        driver.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_S * 1000}")


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin deferred transactions of its own; the pool's listener does it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # With a write-ahead log, NORMAL loses nothing when a process is killed. A power cut may cost
    # the last commits, never the file's soundness; who must not lose those runs Postgres. FULL
    # waits for the disk at each commit (4 ms on a plain one), some ten times on a request's road.
    connection.execute("PRAGMA synchronous = NORMAL")


def _refuse_writes(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _open_postgres(address: URL) -> Engines:
    try:
        engine = create_engine(
            address,
            hide_parameters=True,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=LOCK_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )
    except ModuleNotFoundError as error:
        raise UserError("database_driver_missing", extra="postgres") from error
    event.listen(engine, "begin", _begin_postgres)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(engine, reading)


def _begin_postgres(connection: Connection) -> None:
    limit_lock_waits(connection, LOCK_TIMEOUT_S)


def limit_lock_waits(connection: Connection, timeout_s: float) -> None:
    """Set how long this Postgres transaction waits for a lock from here on; 0: for ever."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(timeout_s * 1000)}")


@contextmanager
def away_as_unavailable() -> Iterator[None]:
    """Say `Unavailable` for what may pass by itself; let bugs through as they are."""
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("database_away") from error
    except DBAPIError as error:
        if _is_away(error):
            raise Unavailable("database_away") from error
        raise


def _is_away(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    cause: Any = error.orig  # Each driver has a tree of its own.
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", "").startswith(_AWAY)
    return isinstance(error, OperationalError)
