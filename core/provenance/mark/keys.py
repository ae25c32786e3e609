"""Keep the secrets that marks are made of: whoever has them can write, find and remove marks.

They lie in `mark.keys` in the keys folder, one JSON line a version, oldest first. The newest
writes; all of them read, so pictures stay known after a rotation.
"""

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretBytes

from core.errors import UserError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FILE = "mark.keys"
_SECRET_BYTES = 32
_LOCK = ".mark.lock"


@dataclass(frozen=True, slots=True)
class MarkKey:
    """One version of the secret; it never shows in a repr or a log."""

    version: int
    secret: SecretBytes


@dataclass(frozen=True, slots=True)
class MarkKeys:
    """All versions, oldest first, at least one."""

    versions: tuple[MarkKey, ...]

    @property
    def newest(self) -> MarkKey:
        """Give the one that writes."""
        return self.versions[-1]

    def of(self, version: int | None) -> MarkKey | None:
        """Give the one that wrote a mark; None where it is gone."""
        return next((key for key in self.versions if key.version == version), None)


def load_or_create_mark_keys(folder: Path) -> MarkKeys:
    """Load the secrets of a keys folder; make the first where there is none.

    Several processes may start at once: one makes it, the others wait and load it.

    Raises:
        UserError: `mark_keys_unusable`; nothing is written over.
    """
    if not (folder / FILE).exists():
        with _locked(folder):
            if not (folder / FILE).exists():
                _write(folder, (_new(1),))
                _log().info("mark_key_created", version=1)
    return _load(folder)


def rotate_mark_keys(folder: Path) -> MarkKeys:
    """Add a new version, which writes from the next start on; the earlier ones go on reading.

    Raises:
        UserError: `mark_keys_unusable`; nothing is changed.
    """
    load_or_create_mark_keys(folder)
    with _locked(folder):
        versions = _load(folder).versions
        added = _new(versions[-1].version + 1)
        _write(folder, (*versions, added))
    _log().info("mark_key_created", version=added.version)
    return MarkKeys((*versions, added))


def _log() -> "FilteringBoundLogger":
    # Half of what starting the process that examines pixels would cost; it logs nothing.
    import structlog

    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _new(version: int) -> MarkKey:
    return MarkKey(version, SecretBytes(secrets.token_bytes(_SECRET_BYTES)))


def _load(folder: Path) -> MarkKeys:
    path = folder / FILE
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        _log().warning("mark_keys_readable_by_others", path=str(path))
    try:
        versions = tuple(_parsed(line) for line in path.read_text("ascii").splitlines())
    except (ValueError, KeyError, TypeError) as error:
        raise UserError("mark_keys_unusable", folder=str(folder)) from error
    numbers = [key.version for key in versions]
    if not numbers or numbers != sorted(set(numbers)):
        raise UserError("mark_keys_unusable", folder=str(folder))
    return MarkKeys(versions)


def _parsed(line: str) -> MarkKey:
    fields = json.loads(line)
    secret = bytes.fromhex(fields["secret"])
    if len(secret) != _SECRET_BYTES or not isinstance(fields["version"], int):
        raise ValueError(FILE)
    return MarkKey(fields["version"], SecretBytes(secret))


def _write(folder: Path, versions: tuple[MarkKey, ...]) -> None:
    """Put the file in place whole and readable by its owner alone."""
    lines = "".join(
        json.dumps({"version": key.version, "secret": key.secret.get_secret_value().hex()}) + "\n"
        for key in versions
    )
    draft = folder / f".{FILE}.draft"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the file's lock; it ends with the process that holds it, however that ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
