"""Check a keys folder as the processes that sign will find it; nothing is made or changed."""

import contextlib
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from core.contracts.base import utc_now
from core.contracts.registry import TimeState
from core.errors import UserError
from core.provenance.authority_time import TimeStampFailed, load_time_authority
from core.provenance.key_folder import CHAIN, REQUEST_KEY, ROOT, ROOT_KEY, SIGNING_KEY
from core.provenance.keys import SOON, SigningKeys, load_signing_keys
from core.provenance.mark.keys import FILE as MARK_KEYS
from core.provenance.mark.keys import load_or_create_mark_keys
from core.provenance.rotation import own_certificates
from core.provenance.trial import try_chain, try_time
from core.settings import CoreSettings

_PRIVATE = (SIGNING_KEY, ROOT_KEY, REQUEST_KEY, MARK_KEYS)


class Part(StrEnum):
    """What is looked at, in this order."""

    CHAIN = "chain"
    """It loads, signs, and reads back as ours."""
    END = "end"
    """It does not end soon."""
    FILES = "files"
    """Nobody else reads the private ones."""
    CLOCK = "clock"
    """The authority answers, also through the library that signs."""
    MARK = "mark"
    """The keys of the mark in the pixels can be read."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one part."""

    part: Part
    is_well: bool
    reason: str = ""
    """Of what is not well: that of the error, or `soon`, `readable_by_others`, `not_in_file`."""
    value: str = ""
    """Algorithm, end, file, address or number, by part."""


def check(settings: CoreSettings, soon: timedelta = SOON) -> list[Checked]:
    """Look at each part; one that was never set up and is not needed is left out."""
    folder = settings.resolved_keys_dir
    if not (folder / CHAIN).is_file() and not (folder / ROOT).is_file():
        return [Checked(Part.CHAIN, is_well=False, reason="none", value=str(folder))]
    chain, keys = _chain(settings)
    parts = [chain]
    with contextlib.suppress(UserError, IndexError):  # The chain's own line says so.
        parts.append(_end(own_certificates(folder)[0].ends_at, soon))
    parts.append(_files(folder))
    if settings.tsa_url:
        parts.append(_clock(settings, keys))
    if (folder / MARK_KEYS).is_file():
        parts.append(_mark(folder))
    return parts


def _chain(settings: CoreSettings) -> tuple[Checked, SigningKeys | None]:
    try:
        keys = load_signing_keys(settings)
        try_chain(keys)
    except UserError as error:
        reason = str(error.facts.get("reason") or error.code)
        return Checked(Part.CHAIN, is_well=False, reason=reason), None
    return Checked(Part.CHAIN, is_well=True, value=keys.algorithm), keys


def _end(ends_at: datetime, soon: timedelta) -> Checked:
    is_far = ends_at - utc_now() > soon
    reason = "" if is_far else "soon"
    return Checked(Part.END, is_far, reason, ends_at.isoformat())


def _files(folder: Path) -> Checked:
    for name in _PRIVATE:
        path = folder / name
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Checked(Part.FILES, is_well=False, reason="readable_by_others", value=name)
    return Checked(Part.FILES, is_well=True)


def _clock(settings: CoreSettings, keys: SigningKeys | None) -> Checked:
    reason = ""
    try:
        authority = load_time_authority(settings)
        if authority is not None:
            authority.stamp(sha256(utc_now().isoformat().encode()).hexdigest())
            if keys is not None and try_time(keys, authority) is not TimeState.STAMPED:
                reason = "not_in_file"
    except UserError as error:
        reason = str(error.facts["reason"])
    except TimeStampFailed as error:
        reason = error.reason
    return Checked(Part.CLOCK, not reason, reason, settings.tsa_url)


def _mark(folder: Path) -> Checked:
    try:
        versions = load_or_create_mark_keys(folder).versions
    except UserError as error:
        return Checked(Part.MARK, is_well=False, reason=error.code)
    return Checked(Part.MARK, is_well=True, value=str(len(versions)))
