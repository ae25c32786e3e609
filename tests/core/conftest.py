"""Give core's tests a real Redis of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A redis-server for this test alone; tests may kill it and start it again."""
    with RedisServer(tmp_path / "redis") as server:
        yield server
