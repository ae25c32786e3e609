"""Find a Postgres for the contract suite, or say why there is none.

In order: the server that `EASEL_TEST_POSTGRES_URL` names (its role must be allowed to create
databases), an installed server binary, the binary of the `pgserver` wheel. A server started here
listens on a socket in its own temporary folder and ends with the tests. As root it runs as a spare
user, because Postgres refuses root.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

START_TIMEOUT_S = 60.0
"""initdb takes 1 s and the start 0.1 s on an idle machine; a loaded one may take many times that."""

SPARE_USERS = ("postgres", "nobody")


class NoPostgresError(Exception):
    """Say why no Postgres could be had."""


class PostgresServer:
    """A server where tests make and drop databases of their own."""

    def __init__(self, url: str, story: str) -> None:
        self.url = make_url(url).set(drivername="postgresql")
        self.story = story

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Make a database, give its URL, and drop it with whoever is still connected.

        Args:
            template: What it starts as: Postgres's empty one, or another database here by its URL.
        """
        name = f"easel_test_{uuid.uuid4().hex[:12]}"
        source = make_url(template).database if "://" in template else template
        self._run("CREATE DATABASE {} TEMPLATE {}", name, source)
        try:
            yield _text(self.url.set(database=name))
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(_text(self.url), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class OwnServer:
    """A server process of our own in a temporary folder."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.user = _spare_user()
        # Not pytest's folder: its path is too long for a socket and closed to a spare user.
        self.folder = Path(tempfile.mkdtemp(prefix="easel-pg-"))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._initialise()
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end()

    @property
    def url(self) -> str:
        return f"postgresql://easel@/postgres?host={self.folder}"

    def _initialise(self) -> None:
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        command = [self.binaries / "initdb", "-D", self.folder / "cluster", "-U", "easel"]
        command += ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(command, **self._as_user(), capture_output=True, check=False)
        if done.returncode != 0:
            raise NoPostgresError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")

    def _start(self) -> None:
        command = [self.binaries / "postgres", "-D", self.folder / "cluster", "-k", self.folder]
        # Durability is Postgres's own business; without it the suite takes a third of the time.
        command += ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, **self._as_user(), stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_answering():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NoPostgresError(f"{command[0]}: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def _is_answering(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # Postgres's "fast" shutdown.
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_user(self) -> dict:
        account = None if self.user is None else pwd.getpwnam(self.user)
        identity = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid}
        return {**identity, "cwd": self.folder, "env": {"PATH": os.defpath, "LC_ALL": "C"}}


@contextmanager
def any_postgres() -> Iterator[PostgresServer]:
    """Give the first Postgres that works.

    Raises:
        NoPostgresError: none did; the message says what was tried.
    """
    if url := os.environ.get("EASEL_TEST_POSTGRES_URL"):
        yield PostgresServer(url, "the server of EASEL_TEST_POSTGRES_URL")
        return
    tried = []
    for binaries in _binary_folders():
        try:
            own = OwnServer(binaries).__enter__()
        except (NoPostgresError, OSError) as error:  # OSError: closed to the spare user.
            tried.append(str(error))
            continue
        try:
            yield PostgresServer(own.url, f"the server binary of {binaries}")
        finally:
            own.__exit__()
        return
    raise NoPostgresError("; ".join(tried) or "no server binary and no pgserver wheel was found")


def _binary_folders() -> list[Path]:
    """List the folders that hold `postgres` and `initdb`, installed ones before the wheel's."""
    folders = []
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pgserver")
    if wheel is not None and wheel.submodule_search_locations:
        folders.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    has_both = [f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()]
    return list(dict.fromkeys(has_both))


def _spare_user() -> str | None:
    """Name the user to run as; None: we are not root and run as ourselves."""
    if os.geteuid() != 0:
        return None
    users = {account.pw_name for account in pwd.getpwall()}
    for name in SPARE_USERS:
        if name in users:
            return name
    raise NoPostgresError(f"root, and no spare user among {', '.join(SPARE_USERS)}")
