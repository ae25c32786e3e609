"""Run the contract suite on both databases: one database a test, one Postgres a session."""

import shutil
from contextlib import ExitStack

import pytest

from core.storage import Store
from tests.core.storage.postgres_server import NoPostgresError, any_postgres

POSTGRES_STORY = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """The Postgres of this session; its tests are skipped, with the reason, where there is none."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(any_postgres())
        except NoPostgresError as error:
            pytestconfig.stash[POSTGRES_STORY] = f"skipped: {error}"
            pytest.skip(f"no Postgres: {error}")
        pytestconfig.stash[POSTGRES_STORY] = server.story
        yield server


def pytest_terminal_summary(terminalreporter, config):
    """Say which Postgres the contract suite ran on, or why it was skipped."""
    if story := config.stash.get(POSTGRES_STORY, None):
        terminalreporter.write_line(f"storage on Postgres: {story}")


@pytest.fixture
def sqlite_url(tmp_path):
    """An SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'home' / 'easel.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request):
    """A database of either kind, without a table."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    with request.getfixturevalue("postgres").database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """A migrated file, migrated once and copied for each test."""
    file = tmp_path_factory.mktemp("migrated") / "easel.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres):
    """A migrated database, migrated once and copied for each test."""
    with postgres.database() as url:
        _migrate(url)
        yield url


def _migrate(url):
    store = Store(url)
    store.migrate()
    store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """A migrated database of either kind, with nothing in it."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path)
        yield f"sqlite:///{file}"
        return
    template = request.getfixturevalue("migrated_postgres")
    with request.getfixturevalue("postgres").database(template) as url:
        yield url


@pytest.fixture
def open_store(database_url):
    """Open another store on the test's database, as another process would."""
    with ExitStack() as stack:

        def open_one() -> Store:
            store = Store(database_url)
            stack.callback(store.close)
            return store

        yield open_one


@pytest.fixture
def store(open_store):
    """A store on the test's database."""
    return open_store()
