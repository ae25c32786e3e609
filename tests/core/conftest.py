"""Give core's tests a real Redis and a real database of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.storage import Store
from tests.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A redis-server for this test alone; tests may kill it and start it again."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """A migrated SQLite store for this test alone."""
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield store
    store.close()
