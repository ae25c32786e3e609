"""Hold one engine process: start it, speak to it, end it."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import worker
from worker.engine.messages import (
    Drain,
    LoadFailed,
    Loading,
    Message,
    Pace,
    Ready,
    Shutdown,
    Start,
    ToEngine,
    receive,
    send,
)

_STDERR = 2
_KILL_WAIT_S = 5.0
"""How long the kernel may take to end a killed process before it is left to its fate."""


class Child:
    """One engine process and this side of its pipe."""

    def __init__(self, process: subprocess.Popen[bytes], connection: Connection) -> None:
        self._process = process
        self._connection = connection
        self._writing = threading.Lock()
        self.is_loading = True
        self.ready: Ready | None = None
        self.load_failure: str | None = None
        self.pace_s: float | None = None
        """Its longest step, as far as it has told."""
        self.heard_at = time.monotonic()

    @classmethod
    def spawn(cls, start: Start) -> Self:
        """Start a process and tell it what to do.

        A fresh interpreter instead of a fork (CUDA forbids those) or of multiprocessing's spawn
        (which imports the parent's main module again and cannot set the environment).

        Raises:
            OSError: no process could be had, or it ended at once.
        """
        ours, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module.
                [sys.executable, "-m", "worker.engine.process", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=_STDERR,  # What a library prints is not the worker's answer.
                env=_environment(start),
            )
        child = cls(process, ours)
        child.send(start)
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended: negative for a signal; None while it runs."""
        return self._process.poll()

    def send(self, message: ToEngine) -> None:
        """Say something to it; threads may do so at the same time.

        Raises:
            OSError: it is gone.
        """
        with self._writing:
            send(self._connection, message)

    def hear(self, timeout_s: float) -> Message | None:
        """Wait for what it says next, and note what that tells of its state; None: nothing yet.

        Raises:
            EOFError, OSError: it is gone.
            ValidationError: what it said makes no sense.
        """
        if not self._connection.poll(timeout_s):
            return None
        message = receive(self._connection)
        self.heard_at = time.monotonic()
        match message:
            case Loading():
                self.is_loading, self.ready, self.load_failure = True, None, None
            case Ready():
                self.is_loading, self.ready = False, message
            case Pace():
                self.pace_s = message.longest_s
            case LoadFailed():
                self.is_loading, self.load_failure = False, message.code
        return message

    def silence_s(self) -> float:
        """Tell for how long it has said nothing."""
        return time.monotonic() - self.heard_at

    def drain(self, grace_s: float) -> None:
        """Have it hand back what it has, and end; kill it after `grace_s`."""
        with contextlib.suppress(OSError):
            self.send(Drain())
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self.end(0)

    def end(self, grace_s: float) -> None:
        """Let it finish what it has for `grace_s`, then kill it."""
        if grace_s > 0:
            with contextlib.suppress(OSError):
                self.send(Shutdown())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s)
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_WAIT_S)

    def close(self) -> None:
        """Close this side of the pipe; the reading thread does it, when it reads no more."""
        self._connection.close()


def _environment(start: Start) -> dict[str, str]:
    """Make the child's environment: the worker's own, with what must be set before torch is."""
    return {
        **os.environ,
        "PYTHONPATH": str(Path(worker.__file__).resolve().parent.parent),
        "OMP_NUM_THREADS": str(start.cpu_threads),
        # Measured beside one busy process while OpenMP spins as it does by default: 1,473 ms a
        # step; waiting passively: 31 ms.
        "OMP_WAIT_POLICY": "PASSIVE",
        "GOMP_SPINCOUNT": "0",
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
        "DIFFUSERS_VERBOSITY": "error",
    }
