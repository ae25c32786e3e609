"""Keep pictures that wait for a person encrypted: nothing under `held/` can be looked at.

The worker puts them there, a decision publishes or destroys them. Every step may be done again
after a crash at any point: the bytes under `held/` go last, once the record no longer needs them.

Whoever can read the blob store alone, or a backup of it, sees only ciphertext: the key comes from
the settings (`EASEL_HELD_KEYS`). The posted bytes are the stored ones to the last bit, because they
carry a signature; that is checked against the record before anything is published.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from core.blobs import Blobs, Kept
from core.contracts.ids import JobId, VerifyId
from core.contracts.jobs import Picture
from core.errors import AppError, Unavailable
from core.settings import CoreSettings
from core.storage import Store

if TYPE_CHECKING:  # Loaded at first use: most processes never open the area.
    from cryptography.fernet import MultiFernet

log = structlog.get_logger()

FOLDER = "held"
"""Where the ciphertext lies, each picture under its verify id alone: a sweep lists one folder."""

ORPHAN_KEPT = timedelta(days=1)
"""A file that no row names may be one whose row is about to be written; after a day it is not."""

AT_A_TIME = 50
"""Deleted in one sweep, at most: it comes again."""

_PURPOSE = b"easel held pictures, first scheme"
"""Parts the derived key from whatever else is ever derived from the same secret."""


def held_key(verify_id: VerifyId) -> str:
    """Name the place of a picture that waits."""
    return f"{FOLDER}/{verify_id}"


def published_key(job_id: JobId, verify_id: VerifyId) -> str:
    """Name the place of a picture that is posted."""
    return f"published/{job_id}/{verify_id}.png"


def is_held(picture: Picture) -> bool:
    """Tell whether a picture was held and not published since."""
    return picture.blob.startswith(f"{FOLDER}/")


class HeldArea:
    """The held area of one blob store. Thread-safe; nothing is loaded before use."""

    def __init__(self, blobs: Blobs, settings: CoreSettings) -> None:
        self._blobs = blobs
        self._settings = settings

    @cached_property
    def _ring(self) -> "MultiFernet":
        """The keys in force: the first encrypts, each of them decrypts.

        The key derived from `EASEL_SECRET_KEY` comes last: what was put there before
        `EASEL_HELD_KEYS` was set can still be decided.
        """
        from cryptography.fernet import Fernet, MultiFernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        secret = self._settings.secret_key.get_secret_value().encode()
        derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        keys = [*self._settings.held_key_ring, base64.urlsafe_b64encode(derived)]
        return MultiFernet([Fernet(key) for key in keys])

    def put(self, verify_id: VerifyId, data: bytes) -> str:
        """Store a picture's bytes so that nobody can look at them; return where.

        Raises:
            Unavailable: `blobs_away`.
        """
        key = held_key(verify_id)
        self._blobs.put(key, self._ring.encrypt(data))
        return key

    def read(self, picture: Picture) -> bytes:
        """Read a picture's bytes as they were signed, wherever they lie.

        Raises:
            AppError: `held_altered`: these are not the bytes that the record names.
            NotFound: `blob_not_found`.
            Unavailable: `blobs_away`; `held_key_unknown`: no key here opens it. The bytes stay,
                and with the key back in the setting they can be read.
        """
        from cryptography.fernet import InvalidToken

        stored = self._blobs.get(picture.blob)
        if not is_held(picture):
            return stored
        try:
            data = self._ring.decrypt(stored)
        except InvalidToken as error:
            raise Unavailable("held_key_unknown", verify_id=picture.verify_id) from error
        if hashlib.sha256(data).hexdigest() != picture.sha256:
            raise AppError("held_altered", verify_id=picture.verify_id)
        return data

    def publish(self, picture: Picture) -> str:
        """Lay a picture's own bytes where posted ones lie; return where.

        The ciphertext stays until `clear`, which comes after the record says where they are now.

        Raises:
            AppError: as `read` does; nothing is published then.
        """
        if not is_held(picture):
            return picture.blob
        key = published_key(picture.job_id, picture.verify_id)
        self._blobs.put(key, self.read(picture))
        return key

    def clear(self, picture: Picture) -> None:
        """Remove the ciphertext of a picture that was published.

        Raises:
            Unavailable: `blobs_away`; the sweep removes it later.
        """
        self._blobs.delete(held_key(picture.verify_id))

    def destroy(self, picture: Picture) -> None:
        """Remove every byte of a picture, also of a publishing that was broken off.

        Raises:
            Unavailable: `blobs_away`.
        """
        posted = published_key(picture.job_id, picture.verify_id)
        for key in (posted, held_key(picture.verify_id), picture.blob):
            self._blobs.delete(key)

    def discard_orphans(self, store: Store, *, now: datetime) -> int:
        """Remove what no row names: a worker, or a decision, was killed in between.

        Returns:
            How many went.

        Raises:
            Unavailable: the database or the blob store is away.
        """
        old = [
            kept
            for kept in self._blobs.listed(FOLDER)
            if kept.put_at is not None and now - kept.put_at > ORPHAN_KEPT
        ]
        with store.reading() as unit:
            named = unit.pictures.standing_in(FOLDER, [_verify_id_of(kept) for kept in old])
        orphans = [kept.key for kept in old if _verify_id_of(kept) not in named][:AT_A_TIME]
        for key in orphans:
            self._blobs.delete(key)
        if orphans:
            log.info("held_orphans_removed", pictures=len(orphans))
        return len(orphans)


def _verify_id_of(kept: Kept) -> VerifyId:
    return VerifyId(kept.key.removeprefix(f"{FOLDER}/"))
