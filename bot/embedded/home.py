"""Keep what one machine's stack owns in its home folder: the lock, the secret, who runs."""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field, ValidationError

from bot.embedded.processes import birth_of, end_leftover
from core.contracts.base import Contract
from core.errors import UserError


class RunningChild(Contract):
    """One process of the stack, so that nobody mistakes another with the same pid for it."""

    pid: int
    birth: str


class RunningStack(Contract):
    """Who runs in a home, for commands that want to join and for the start after a crash."""

    pid: int
    env: dict[str, str]
    """The settings that clients need; the secret stays in its own file."""
    web_url: str | None = None
    children: dict[str, RunningChild] = Field(default_factory=dict)


class Home:
    """The folder of one stack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @property
    def logs(self) -> Path:
        """The folder of the children's logs."""
        return self.folder / "logs"

    @property
    def redis(self) -> Path:
        """The folder of Redis's append-only file."""
        return self.folder / "redis"

    @property
    def _state(self) -> Path:
        return self.folder / "stack.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the home for one stack; the kernel frees it whatever becomes of the holder.

        Raises:
            UserError: `home_in_use`.
        """
        for folder in (self.folder, self.logs, self.redis):
            folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "stack.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError("home_in_use", value=str(self.folder)) from error
            yield

    def secret(self) -> str:
        """Read the secret that signs sessions and links.

        It is made at the first start, for which the lock is held.
        """
        path = self.folder / "secret"
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(32), "ascii")
            fresh.replace(path)  # Whole or not at all.
        return path.read_text("ascii").strip()

    def write_state(self, state: RunningStack) -> None:
        """Say who runs here."""
        fresh = self._state.with_suffix(".new")
        fresh.touch(mode=0o600)  # A database's URL may hold a password.
        fresh.write_text(state.model_dump_json(indent=2), "utf-8")
        fresh.replace(self._state)

    def clear_state(self) -> None:
        """Say that nobody runs here."""
        self._state.unlink(missing_ok=True)

    def read_state(self) -> RunningStack | None:
        """Read who was said to run here, alive or not."""
        try:
            return RunningStack.model_validate_json(self._state.read_text("utf-8"))
        except (FileNotFoundError, ValidationError):
            return None

    def running(self) -> RunningStack | None:
        """Find the stack that runs here now: one that holds the lock and has said where it is."""
        lock = self.folder / "stack.lock"
        if not lock.exists():
            return None
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self.read_state()
        return None

    def end_leftovers(self) -> list[str]:
        """End the children of a stack that was killed before it could; call it with the lock."""
        state = self.read_state()
        children = state.children if state else {}
        ended = [name for name, child in children.items() if end_leftover(child.pid, child.birth)]
        self.clear_state()
        return ended


def running_child(pid: int) -> RunningChild:
    """Describe a process that we have just started."""
    return RunningChild(pid=pid, birth=birth_of(pid) or "")
