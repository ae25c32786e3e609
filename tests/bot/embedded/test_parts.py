"""Each part is known to be well by what it does, and by its own pid."""

import http.server
import os
import threading

import pytest

from bot.embedded.parts import BROKER, PARTS, SCREENING, WEB, WORKER, Ports
from bot.embedded.redis_server import free_port
from core.events import Events
from core.settings import WorkerSettings
from tests.redis_server import RedisServer

PID = os.getpid()


@pytest.fixture
def redis_server(tmp_path):
    with RedisServer(tmp_path / "redis") as server:
        yield server


def ports(redis_port=None, web_port=None):
    return Ports(redis=redis_port or free_port(), web=web_port or free_port(), web_host="127.0.0.1")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_that_is_away_is_not_well(part):
    """Asked on ports where nobody listens."""
    assert not part.is_well(ports(), PID)


def test_redis_is_well_when_it_answers(redis_server):
    """PONG is enough."""
    assert BROKER.is_well(ports(redis_server.port), PID)


@pytest.mark.parametrize("part", [SCREENING, WORKER], ids=lambda part: part.name)
def test_a_worker_is_well_when_its_own_process_beats(redis_server, part):
    """The last beat of the one before it says nothing about this one."""
    events = Events(redis_server.url)
    events.beat(part.name, f"host:{PID}", ttl_s=60)
    events.close()

    assert part.is_well(ports(redis_server.port), PID)
    assert not part.is_well(ports(redis_server.port), PID + 1)


@pytest.mark.parametrize(("status", "is_well"), [(200, True), (503, False)])
def test_the_chat_is_well_when_it_says_so(status, is_well):
    """It answers 503 itself while something it needs is away."""
    asked = []

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args):
            """Keep the test's output quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        found = WEB.is_well(ports(web_port=server.server_port), PID)
        server.shutdown()
        serving.join()

    assert found is is_well
    assert asked == ["/healthz"]


def test_a_worker_may_finish_its_job_before_it_is_killed():
    """Its own time to drain fits into the time that it is given."""
    assert WORKER.stop_s > WorkerSettings().drain_s
