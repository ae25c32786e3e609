"""Start all parts in order, keep them alive, and end every one of them by its pid."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog
from pydantic_settings import BaseSettings

from bot.embedded import redis_server
from bot.embedded.home import Home, RunningStack, running_child
from bot.embedded.parts import BROKER, PARTS, WEB, Part, Ports
from bot.embedded.processes import Child, Recipe, rotate
from core.errors import Unavailable
from core.settings import PLACEHOLDER_SECRET, CoreSettings, WebSettings
from core.storage import Store

log = structlog.get_logger()

READY_TIMEOUT_S = 180.0
"""How long a part may take to become well: the worker imports torch, which takes 5 s on an idle
machine and a minute on two cores that everybody wants."""

HEALTH_INTERVAL_S = 0.1

_LOOPBACK = "127.0.0.1"
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what an operator may have set.
LOG_INTERVAL_S = 10.0


@dataclass(frozen=True, slots=True)
class StartReport:
    """One thing that happened while the stack starts."""

    part: str
    title: str
    is_ready: bool
    seconds: float = 0.0


Progress = Callable[[StartReport], None]


def _silent(_report: StartReport) -> None:
    """Watch nothing."""


def settings_from(env: Mapping[str, str]) -> CoreSettings:
    """Make the settings that a child started with this environment has."""
    return CoreSettings.model_validate(_fields_of(CoreSettings, env, "EASEL_"))


def _web_settings_from(env: Mapping[str, str]) -> WebSettings:
    return WebSettings.model_validate(_fields_of(WebSettings, env, "EASEL_WEB_"))


def _fields_of(of: type[BaseSettings], env: Mapping[str, str], prefix: str) -> dict[str, str]:
    fields = {name.removeprefix(prefix).lower(): value for name, value in env.items()}
    return {name: value for name, value in fields.items() if name in of.model_fields}


class Stack:
    """Everything on one machine, from one home folder; one stack a home at a time.

    `start` returns when every part is well. From then on a part that dies is started again, on
    the same ports, until `stop`.
    """

    def __init__(self, settings_env: Mapping[str, str], home: Path, *, web: bool = True) -> None:
        self.home = Home(home)
        self._asked = dict(settings_env)
        self._has_web = web
        self._ports = Ports(redis=0, web=0, web_host=_LOOPBACK)
        self._children: dict[str, Child] = {}
        self._held = contextlib.ExitStack()
        self._stopped = threading.Event()
        self._writing = threading.Lock()
        self.env: dict[str, str] = {}

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that this stack runs, in the order of their start."""
        return tuple(part for part in PARTS if self._has_web or part is not WEB)

    @property
    def web_url(self) -> str | None:
        """The local chat's address, if this stack serves it."""
        return self._ports.web_url if self._has_web else None

    def pids(self) -> dict[str, int]:
        """Name the processes that run now; a part that is being started again is left out."""
        return {name: pid for name, child in self._children.items() if (pid := child.pid)}

    def start(self, progress: Progress = _silent) -> Self:
        """Start every part and return when all are well; on failure nothing is left running.

        Raises:
            UserError: `home_in_use`, `redis_server_missing`.
            Unavailable: `part_not_ready`, with the part and its log.
        """
        self.open(progress)
        self.launch(progress)
        return self

    def open(self, progress: Progress = _silent) -> None:
        """Take the home, start Redis and migrate: from here on requests can be accepted.

        Raises:
            UserError: `home_in_use`, `redis_server_missing`.
            Unavailable: `part_not_ready`, with the part and its log.
        """
        self._held.enter_context(self.home.locked())
        with self._nothing_left_on_failure():
            self._prepare()
            self._launch((BROKER,), progress)
            self._migrate()

    def launch(self, progress: Progress = _silent) -> None:
        """Start the parts behind Redis: from here on requests are drawn.

        Raises:
            Unavailable: `part_not_ready`, with the part and its log.
        """
        with self._nothing_left_on_failure():
            # Together: each of them spends its first seconds importing.
            self._launch([part for part in self.parts if part is not BROKER], progress)
            threading.Thread(target=self._keep_logs, name="keep-logs", daemon=True).start()

    def restart(self, name: str) -> None:
        """Kill one part as a crash would and return when its successor is well.

        Raises:
            Unavailable: `part_not_ready`.
        """
        child = self._children[name]
        starts = child.starts
        child.kill()
        deadline = time.monotonic() + READY_TIMEOUT_S
        while child.starts == starts and time.monotonic() < deadline:
            self._stopped.wait(HEALTH_INTERVAL_S)
        part = next(part for part in self.parts if part.name == name)
        self._await_ready(part)

    def stop(self) -> None:
        """End every part, Redis last, each by its pid, and free the home."""
        self._stopped.set()
        broker = self._children.pop(BROKER.name, None)
        ends = [threading.Thread(target=child.stop) for child in self._children.values()]
        for end in ends:
            end.start()
        for end in ends:
            end.join()
        if broker is not None:
            broker.stop()
        self._children.clear()
        if self.env:
            self.home.clear_state()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @contextlib.contextmanager
    def _nothing_left_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:  # Ctrl-C too: whatever was started must end.
            self.stop()
            raise

    def _prepare(self) -> None:
        for name in self.home.end_leftovers():
            log.warning("leftover_ended", child=name)
        web = _web_settings_from(self._asked)
        is_taken = web.port == 0 or not redis_server.is_free(web.port, web.host)
        self._ports = Ports(
            redis=redis_server.free_port(),
            web=redis_server.free_port() if is_taken else web.port,
            web_host=_LOOPBACK if web.host in _EVERYWHERE else web.host,
        )
        self.env = {
            **self._asked,
            "EASEL_HOME": str(self.home.folder),
            "EASEL_REDIS_URL": self._ports.redis_url,
            "EASEL_WEB_PORT": str(self._ports.web),
        }
        secret = settings_from(self.env).secret_key.get_secret_value()
        self.env["EASEL_SECRET_KEY"] = (
            secret if secret not in {"", PLACEHOLDER_SECRET} else self.home.secret()
        )
        self._children = {part.name: self._child(part) for part in self.parts}

    def _child(self, part: Part) -> Child:
        recipe = Recipe(
            name=part.name,
            command=part.command(self.home, self._ports),
            # Handed on, not read: PATH, HOME and what else a program expects.
            env={**os.environ, **self.env, "PYTHONUNBUFFERED": "1"},
            log_file=self.home.logs / f"{part.name}.log",
            stop_s=part.stop_s,
            niceness=part.niceness,
        )
        return Child(recipe, self._write_state)

    def _launch(self, parts: Sequence[Part], progress: Progress) -> None:
        begun = time.monotonic()
        for part in parts:
            progress(StartReport(part.name, part.title, is_ready=False))
            self._children[part.name].start()
        for part in parts:
            self._await_ready(part)
            seconds = round(time.monotonic() - begun, 1)
            progress(StartReport(part.name, part.title, is_ready=True, seconds=seconds))

    def _migrate(self) -> None:
        store = Store(settings_from(self.env).resolved_database_url)
        try:
            store.migrate()
        finally:
            store.close()

    def _await_ready(self, part: Part) -> None:
        begun = time.monotonic()
        while not self._is_well(part):
            is_late = time.monotonic() - begun > READY_TIMEOUT_S
            if is_late or self._stopped.wait(HEALTH_INTERVAL_S):
                log_file = str(self.home.logs / f"{part.name}.log")
                raise Unavailable("part_not_ready", value=part.title, log=log_file)

    def _is_well(self, part: Part) -> bool:
        pid = self._children[part.name].pid
        return pid is not None and part.is_well(self._ports, pid)

    def _write_state(self) -> None:
        with self._writing:
            children = {name: running_child(pid) for name, pid in self.pids().items()}
            public = {k: v for k, v in self.env.items() if k != "EASEL_SECRET_KEY"}
            self.home.write_state(
                RunningStack(pid=os.getpid(), env=public, web_url=self.web_url, children=children)
            )

    def _keep_logs(self) -> None:
        while not self._stopped.wait(LOG_INTERVAL_S):
            for part in self.parts:
                rotate(self.home.logs / f"{part.name}.log")
