"""The embedded broker: found, bound to loopback, and its data outlives a kill."""

import importlib.util
import signal
import socket
import subprocess

import pytest
import redis

from bot.embedded import redis_server
from core.errors import UserError


def test_the_command_line_binds_loopback_appends_and_never_evicts(tmp_path):
    """Each of these is a promise of the broker."""
    command = redis_server.command(tmp_path, 7000)

    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options == {
        "--bind": "127.0.0.1",
        "--port": "7000",
        "--dir": str(tmp_path),
        "--appendonly": "yes",
        "--save": "",
        "--maxmemory-policy": "noeviction",
    }


def test_what_was_written_is_there_after_a_kill(tmp_path, wait_for):
    """The append-only file brings it back on the same port."""
    port = redis_server.free_port()
    client = redis.Redis(port=port)

    def start():
        server = subprocess.Popen(
            redis_server.command(tmp_path, port),
            stdout=subprocess.DEVNULL,
        )
        wait_for(lambda: answers(client))
        return server

    first = start()
    client.rpush("tasks", "one")
    # Redis fsyncs the file once a second; its own writes are in the kernel's hands at once.
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start()

    assert client.lrange("tasks", 0, -1) == [b"one"]
    second.terminate()
    second.wait()
    client.close()


def answers(client):
    try:
        return client.ping()
    except redis.RedisError:
        return False


def test_without_the_wheel_one_on_the_path_is_taken(monkeypatch):
    """A host may bring its own."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/redis-server")

    assert str(redis_server.find_binary()) == "/usr/bin/redis-server"


def test_without_any_the_person_is_told(monkeypatch):
    """As an error with a code, not a traceback."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)

    with pytest.raises(UserError) as caught:
        redis_server.find_binary()

    assert caught.value.code == "redis_server_missing"


def test_a_port_that_is_listened_on_is_not_free():
    """And is free again afterwards."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert not redis_server.is_free(port)

    assert redis_server.is_free(port)
