"""Change the files of a keys folder so that nobody meets half of a change, also after a crash."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = "root.pem"
CHAIN = "chain.pem"
SIGNING_KEY = "signing.key"
ROOT_KEY = "root.key"
REQUEST_KEY = "request.key"
RETIRED = "retired"
_NEXT = ".next"
"""What is to be put in place, once it is whole; an empty file means that one goes away."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it ends with the process that holds it, however that ends."""
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes) -> None:
    """Put a file in place whole and readable by its owner alone."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def swap(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace several files as one: all of them, or after a crash the next reader does the rest.

    The folder's lock is held by the caller. Empty content removes a file.
    """
    finish(folder)
    draft = folder / f"{_NEXT}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    for name, content in files.items():
        write(draft / name, content)
    draft.rename(folder / _NEXT)
    finish(folder)


def is_unfinished(folder: Path) -> bool:
    """Tell whether a change was cut short."""
    return (folder / _NEXT).is_dir()


def finish(folder: Path) -> None:
    """Do what is left of a change; the caller holds the folder's lock."""
    if not is_unfinished(folder):
        return
    for fresh in sorted((folder / _NEXT).iterdir()):
        if fresh.stat().st_size:
            fresh.replace(folder / fresh.name)
        else:
            (folder / fresh.name).unlink(missing_ok=True)
            fresh.unlink()
    (folder / _NEXT).rmdir()
