"""Name the parts of the stack in the order of their start: how each is run and known to be well."""

import http.client
import sys
from collections.abc import Callable
from dataclasses import dataclass

import redis

from bot.embedded import redis_server
from bot.embedded.home import Home
from core.errors import Unavailable
from core.events import Events
from core.redis_client import AWAY, connect

HEALTH_TIMEOUT_S = 2.0
"""A part that does not answer in this time is asked again."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where this stack listens: Redis on loopback, the chat where the settings say."""

    redis: int
    web: int
    web_host: str

    @property
    def redis_url(self) -> str:
        """What `EASEL_REDIS_URL` takes."""
        return f"redis://127.0.0.1:{self.redis}/0"

    @property
    def web_url(self) -> str:
        """The local chat's address."""
        return f"http://{self.web_host}:{self.web}"


HealthCheck = Callable[[Ports, int], bool]
"""Ask the process with this pid once, without waiting long, whether it does its work."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack."""

    name: str
    title: str
    command: Callable[[Home, Ports], list[str]]
    is_well: HealthCheck
    stop_s: float = 10.0
    niceness: int = 0
    """How far it steps back where cores are few; see `processes.Recipe`."""


def _easel(command: str) -> Callable[[Home, Ports], list[str]]:
    # -P: a folder named like one of our packages, where a person happens to be, is not imported.
    return lambda _home, _ports: [sys.executable, "-P", "-m", "bot.cli", command]


def _redis_answers(ports: Ports, _pid: int) -> bool:
    try:
        with connect(ports.redis_url) as client:
            return bool(client.ping())
    except (redis.ResponseError, *AWAY):  # A response error: it still loads its file.
        return False


def _beats(kind: str) -> HealthCheck:
    def is_alive(ports: Ports, pid: int) -> bool:
        events = Events(ports.redis_url)
        try:
            # By its pid: the last beat of the one before it may still hold.
            return any(name.endswith(f":{pid}") for name in events.alive(kind))
        except Unavailable:
            return False
        finally:
            events.close()

    return is_alive


def _web_answers(ports: Ports, _pid: int) -> bool:
    connection = http.client.HTTPConnection(ports.web_host, ports.web, timeout=HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


BROKER = Part(
    "redis",
    "Redis",
    lambda home, ports: redis_server.command(home.redis, ports.redis),
    _redis_answers,
)
SCREENING = Part("screening", "Screening", _easel("screening"), _beats("screening"), niceness=5)
# Longer than WorkerSettings.drain_s, in which a running job may finish.
WORKER = Part(
    "worker", "Worker and model", _easel("worker"), _beats("worker"), stop_s=15.0, niceness=10
)
WEB = Part("web", "Web chat", _easel("web"), _web_answers)

PARTS: tuple[Part, ...] = (BROKER, SCREENING, WORKER, WEB)
"""Every part, in the order of their start; they end the other way round."""
