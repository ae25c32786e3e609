"""Hold the two databases' set-up to what the store promises."""

import sys

import pytest
from sqlalchemy import text

from core.errors import UserError
from core.storage import Store
from core.storage.engines import open_engines


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        pytest.param("sqlite:///x.db", "sqlite+pysqlite", id="sqlite"),
        pytest.param("postgres://u:p@h/d", "postgresql+psycopg", id="the old short scheme"),
        pytest.param("postgresql://u:p@h/d", "postgresql+psycopg", id="no driver named"),
        pytest.param("postgresql+psycopg://u:p@h/d", "postgresql+psycopg", id="our driver"),
        pytest.param("postgresql+asyncpg://u:p@h/d", "postgresql+psycopg", id="another's driver"),
    ],
)
def test_urls_as_people_write_them_name_our_drivers(url, driver):
    """Both spellings that hosting platforms hand out are taken; the rest of the URL stays."""
    engine = open_engines(url).writing

    assert engine.url.drivername == driver
    assert engine.url.database in {"x.db", "d"}


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("mysql://u:p@h/d", id="another database"),
        pytest.param("sqlite://", id="in memory, by its absence"),
        pytest.param("sqlite:///:memory:", id="in memory"),
        pytest.param("easel.db", id="no URL"),
        pytest.param("", id="empty"),
    ],
)
def test_other_urls_are_refused_without_quoting_their_password(url):
    """A database that processes cannot meet in is no database for this."""
    with pytest.raises(UserError, match="database_url_unsupported") as caught:
        open_engines(url)

    assert "p@h" not in str(caught.value.facts)


def test_a_missing_postgres_driver_names_the_extra(monkeypatch):
    """A light SQLite install says what to add."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(UserError, match="database_driver_missing") as caught:
        open_engines("postgresql://h/d")

    assert caught.value.facts == {"extra": "postgres"}


def test_opening_touches_nothing(tmp_path):
    """No file appears before the first statement."""
    open_engines(f"sqlite:///{tmp_path / 'easel.db'}")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("journal_mode", "wal", id="readers never wait"),
        pytest.param("foreign_keys", 1, id="references are kept"),
        pytest.param("synchronous", 1, id="a commit outlives its process"),
        pytest.param("busy_timeout", 10_000, id="a lock is waited for"),
    ],
)
def test_sqlite_is_set_up_on_each_connection(sqlite_url, pragma, value):
    """As the migration made the file, and as each connection opens it."""
    store = Store(sqlite_url)
    store.migrate()

    for engine in (store._engines.writing, store._engines.reading):
        with engine.begin() as connection:
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value
    store.close()
