"""A container is healthy while its own process beats, whatever the others do."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.events import Events
from tests.redis_server import free_port

ROOT = Path(__file__).resolve().parents[2]
HERE = socket.gethostname()


def check(redis_url: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "core.health", *arguments],
        cwd=ROOT,
        env=os.environ | {"EASEL_REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.strip()


@pytest.fixture
def events(redis_server):
    with contextlib.closing(Events(redis_server.url)) as opened:
        yield opened


def test_a_process_that_beats_here_is_healthy(events, redis_server):
    """The name of a beat begins with its host."""
    events.beat("worker", f"{HERE}:123", ttl_s=60)

    assert check(redis_server.url, "worker") == (0, "")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param("worker", "another-host:123", id="another-host"),
        pytest.param("worker", f"{HERE}-2:123", id="a-longer-name"),
        pytest.param("screening", f"{HERE}:123", id="another-kind"),
    ],
)
def test_anothers_beat_does_not_count(events, redis_server, kind, name):
    """Ten healthy workers must not hide a dead one."""
    events.beat(kind, name, ttl_s=60)

    assert check(redis_server.url, "worker") == (1, "no worker beats on this host")


def test_no_redis_is_not_healthy():
    """Such a worker takes no task."""
    assert check(f"redis://127.0.0.1:{free_port()}/0", "worker") == (1, "broker_away")


def test_a_kind_must_be_named(redis_server):
    """A typing mistake in a compose file must not pass for healthy."""
    code, said = check(redis_server.url)

    assert (code, said) == (1, "usage: python -m core.health KIND")
