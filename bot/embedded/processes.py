"""Start a child process, watch it by its pid, start it again when it dies, and end it for sure.

Each child leads a process group of its own, so that Ctrl-C in a terminal reaches only us, and so
that what a killed child leaves behind (a worker's engine) is ended with it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

BACKOFF_FIRST_S = 0.2
BACKOFF_MOST_S = 10.0
"""A child that dies at once is started again after 0.2 s, then twice as long each time: quick
for one that was killed, and no load from one that can not live."""

STEADY_S = 30.0
"""A child that lived this long is well; its next death counts as its first."""

LOG_BYTES = 5_000_000
"""A log larger than this is set aside, one older copy is kept."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a child is started."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log_file: Path
    stop_s: float = 10.0
    """How long it may take to end by itself before it is killed."""
    niceness: int = 0
    """How far it steps back where cores are few, from 0 to 19: people who are talked to come
    before work that is awaited anyway."""


class Child:
    """One child process that is kept alive until it is stopped."""

    def __init__(self, recipe: Recipe, on_start: Callable[[], None]) -> None:
        self.recipe = recipe
        self.starts = 0
        self._on_start = on_start
        self._spawning = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The pid while it runs; None between a death and the next start."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Start it, and watch it from a thread of its own."""
        self._spawn()
        name = f"watch-{self.recipe.name}"
        self._watcher = threading.Thread(target=self._watch, name=name, daemon=True)
        self._watcher.start()

    def kill(self) -> None:
        """End its whole group at once, as a crash would; the watcher starts it again."""
        pid = self.pid
        if pid is not None:
            _kill_group(pid)

    def stop(self) -> None:
        """End it in order within its time, or else by force; it is not started again."""
        with self._spawning:
            self._stopping.set()
        pid = self.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if self._watcher is None:
            return
        self._watcher.join(self.recipe.stop_s)
        if self._watcher.is_alive():
            self.kill()
            self._watcher.join()
            log.warning("child_killed", child=self.recipe.name)

    def _spawn(self) -> None:
        with self._spawning:
            if self._stopping.is_set():
                return
            rotate(self.recipe.log_file)
            # Appending, so that cutting the file while the child writes leaves no hole.
            with self.recipe.log_file.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 - our own command lines, no shell.
                    self.recipe.command,
                    env=self.recipe.env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            _step_back(self._process.pid, self.recipe.niceness)
            self.starts += 1
        self._on_start()

    def _watch(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        while self._process is not None:
            born = time.monotonic()
            status = _wait_for_end(self._process)
            if self._stopping.is_set():
                return
            log.warning("child_died", child=self.recipe.name, status=status)
            is_steady = time.monotonic() - born >= STEADY_S
            backoff_s = BACKOFF_FIRST_S if is_steady else backoff_s
            if self._stopping.wait(backoff_s):
                return
            backoff_s = min(backoff_s * 2, BACKOFF_MOST_S)
            self._spawn()


def _step_back(pid: int, niceness: int) -> None:
    """Give a child and its session less of a busy machine; one that is gone needs nothing."""
    if niceness:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, pid, niceness)
            # Linux weighs sessions against each other by this, and niceness only within one.
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness), "ascii")


def _wait_for_end(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a child's end, then end what is left of its group."""
    if sys.platform != "darwin":
        # Without reaping: until then its id, and so its group's, can not pass to a stranger.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()
    _kill_group(process.pid)
    return process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def birth_of(pid: int) -> str | None:
    """Tell when a process was born, so that a pid used anew is not mistaken for it.

    None where there is no such process, or no `/proc` to ask.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return None
    # The second field is the program's name in brackets and may hold anything; the start time,
    # in clock ticks since boot, is the 22nd (proc(5)), so the 20th behind the bracket.
    return stat.rpartition(")")[2].split()[19]


def end_leftover(pid: int, birth: str) -> bool:
    """End the group of a child that outlived its parent; False if it is gone already."""
    if birth_of(pid) != birth:
        return False
    _kill_group(pid)
    return True


def rotate(log_file: Path) -> None:
    """Set a log that has grown large aside, while its writer goes on."""
    if log_file.exists() and log_file.stat().st_size > LOG_BYTES:
        shutil.copyfile(log_file, log_file.with_suffix(".log.1"))
        os.truncate(log_file, 0)
