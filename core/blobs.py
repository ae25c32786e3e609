"""Keep finished pictures as whole files under relative keys, on a local folder or a bucket.

A reader sees either nothing or every byte. Keys look like `published/<job>/<verify id>.png`.
"""

import importlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import fsspec
from fsspec.utils import get_protocol

from core.errors import NotFound, Unavailable

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""No dot first: neither `..` nor a hidden file can be named."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One blob that lies in a store."""

    key: str
    put_at: datetime | None
    """When; None where its store does not know."""


class Shelf(Protocol):
    """Where bytes lie. `FileNotFoundError` for a missing key, `OSError` when it is away."""

    def put(self, key: str, data: bytes) -> None:
        """Store all of it or nothing."""

    def get(self, key: str) -> bytes:
        """Read all of it."""

    def move(self, source: str, target: str) -> None:
        """Give it another key."""

    def delete(self, key: str) -> None:
        """Remove it."""

    def exists(self, key: str) -> bool:
        """Tell whether it is there."""


class OpenShelf(Shelf, Protocol):
    """A shelf that one can look along."""

    def listed(self, folder: str) -> list[Kept]:
        """Name what lies right under a folder; `FileNotFoundError` where there is no such."""


class Folder:
    """A local folder: a file is written beside its place, synced, then renamed into it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes so that a power cut leaves the old file, or the new one, or none."""
        target = self._root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(target.parent)

    def get(self, key: str) -> bytes:
        """Read the file."""
        return (self._root / key).read_bytes()

    def move(self, source: str, target: str) -> None:
        """Rename the file."""
        place = self._root / target
        place.parent.mkdir(parents=True, exist_ok=True)
        (self._root / source).replace(place)
        _sync_folder(place.parent)

    def delete(self, key: str) -> None:
        """Remove the file."""
        (self._root / key).unlink()

    def exists(self, key: str) -> bool:
        """Tell whether the file is there."""
        return (self._root / key).is_file()

    def listed(self, folder: str) -> list[Kept]:
        """Name the files; not those that are still being written."""
        with os.scandir(self._root / folder) as entries:
            return [
                Kept(f"{folder}/{entry.name}", _put_at(entry))
                for entry in entries
                if entry.is_file() and not entry.name.startswith(".")
            ]


class Bucket:
    """An object store by its fsspec URL; a put of one object is whole by the store's own word."""

    def __init__(self, url: str) -> None:
        # Any: fsspec publishes no types. Its listings cache would hide what others write.
        self._files: Any
        self._files, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)

    def put(self, key: str, data: bytes) -> None:
        """Store the object."""
        self._files.pipe_file(self._path(key), data)

    def get(self, key: str) -> bytes:
        """Read the object."""
        return bytes(self._files.cat_file(self._path(key)))

    def move(self, source: str, target: str) -> None:
        """Copy the object, then remove the first: object stores cannot rename."""
        self._files.cp_file(self._path(source), self._path(target))
        self._files.rm_file(self._path(source))

    def delete(self, key: str) -> None:
        """Remove the object."""
        self._files.rm_file(self._path(key))

    def exists(self, key: str) -> bool:
        """Tell whether the object is there."""
        return bool(self._files.exists(self._path(key)))

    def listed(self, folder: str) -> list[Kept]:
        """Name the objects."""
        found = self._files.ls(self._path(folder), detail=True)
        names = [each["name"] for each in found if each["type"] == "file"]
        return [Kept(f"{folder}/{name.rsplit('/', 1)[-1]}", self._put_at(name)) for name in names]

    def _put_at(self, name: str) -> datetime | None:
        try:
            put_at = self._files.modified(name)
        except NotImplementedError:
            return None
        return datetime.fromtimestamp(put_at.timestamp(), UTC)

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"


class Blobs:
    """The blob store that `EASEL_BLOB_URL` names. Thread-safe; nothing is opened before use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._shelf: OpenShelf | None = None

    def put(self, key: str, data: bytes) -> None:
        """Store bytes under a key, in place of what lay there.

        Raises:
            Unavailable: `blobs_away`; the key holds what it held before.
        """
        with self._open(key) as shelf:
            shelf.put(key, data)

    def get(self, key: str) -> bytes:
        """Read what lies under a key.

        Raises:
            NotFound: `blob_not_found`.
            Unavailable: `blobs_away`.
        """
        with self._open(key) as shelf:
            return shelf.get(key)

    def move(self, source: str, target: str) -> None:
        """Give bytes another key; one that was moved before a crash is not missed.

        Raises:
            NotFound: `blob_not_found`: neither key holds anything.
            Unavailable: `blobs_away`.
        """
        _check(target)
        with self._open(source) as shelf:
            try:
                shelf.move(source, target)
            except FileNotFoundError:
                if not shelf.exists(target):
                    raise

    def delete(self, key: str) -> None:
        """Remove what lies under a key, if anything does.

        Raises:
            Unavailable: `blobs_away`.
        """
        with self._open(key) as shelf, suppress(FileNotFoundError):
            shelf.delete(key)

    def exists(self, key: str) -> bool:
        """Tell whether anything lies under a key.

        Raises:
            Unavailable: `blobs_away`.
        """
        with self._open(key) as shelf:
            return shelf.exists(key)

    def listed(self, folder: str) -> list[Kept]:
        """Name what lies right under a folder; nothing where there is no such folder.

        What somebody else has put there, under a name that is no key, is not ours to name.

        Raises:
            Unavailable: `blobs_away`.
        """
        try:
            with self._open(folder) as shelf:
                return [each for each in shelf.listed(folder) if _is_key(each.key)]
        except NotFound:
            return []

    @contextmanager
    def _open(self, key: str) -> Iterator[OpenShelf]:
        _check(key)
        try:
            if self._shelf is None:
                self._shelf = _shelf_for(self._url)
            yield self._shelf
        except FileNotFoundError as error:
            raise NotFound("blob_not_found") from error
        except _away(self._url) as error:
            raise Unavailable("blobs_away") from error


def _shelf_for(url: str) -> OpenShelf:
    if get_protocol(url) == "file":
        return Folder(Path(url.removeprefix("file://")))
    return Bucket(url)


def _away(url: str) -> tuple[type[Exception], ...]:
    """Name what a store raises when it is away: botocore's errors are no `OSError`."""
    if get_protocol(url) not in {"s3", "s3a"}:
        return (OSError,)
    return (OSError, importlib.import_module("botocore.exceptions").BotoCoreError)


def _check(key: str) -> None:
    """Refuse what could lead out of the store; keys are made by us, so such a one is a bug."""
    if not _is_key(key):
        raise ValueError("not a blob key")


def _is_key(key: str) -> bool:
    return all(_SEGMENT.fullmatch(segment) for segment in key.split("/"))


def _put_at(entry: os.DirEntry[str]) -> datetime | None:
    try:
        return datetime.fromtimestamp(entry.stat().st_mtime, UTC)
    except FileNotFoundError:  # Somebody has just taken it.
        return None


def _sync_folder(folder: Path) -> None:
    """Make a rename last: it is an entry of its folder, which has a sync of its own."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
