"""Hold the tests' own Redis to what the tests take for granted."""

import redis

from tests.redis_server import RedisServer


def test_data_outlives_a_kill_and_nothing_is_left_running(tmp_path):
    """A killed server comes back on its port with its data; leaving the block ends it."""
    with RedisServer(tmp_path) as server:
        with redis.Redis(port=server.port) as client:
            client.set("kept", "yes")
        server.kill()
        assert not server.is_answering()

        server.start()

        with redis.Redis(port=server.port) as client:
            assert client.get("kept") == b"yes"
    assert not server.is_answering()
