"""Load the signing chain, or make a development chain at the first start.

A keys folder holds
    root.pem      the anchors that this Easel trusts
    chain.pem     the signing certificate, then any intermediates
    signing.key   its private key; where a command signs there is none
    root.key      the development root's private key; an operator's own chain has none
    retired/      the chains that signed before, each with its root; their pictures stay ours
    request.key   the key of a certificate that was asked for and has not come yet
    mark.keys     the keys of the mark in the pixels: see `mark.keys`
Reading labels needs only the public ones (`load_anchors`).
"""

import dataclasses
import os
import stat
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from core.contracts.base import utc_now
from core.errors import UserError
from core.provenance.authority_time import read_roots
from core.provenance.development import development_chain
from core.provenance.key_folder import (
    CHAIN,
    RETIRED,
    ROOT,
    ROOT_KEY,
    SIGNING_KEY,
    finish,
    is_unfinished,
    locked,
    write,
)
from core.provenance.signer import SigningCommand, algorithm_of, signing_command
from core.settings import CoreSettings
from core.telemetry import SIGNING_END

log = structlog.get_logger()

SOON = timedelta(days=30)
"""Authorities take days to a week to answer; who is told a month before has time."""

_NEEDED = (ROOT, CHAIN, SIGNING_KEY)
_MARKER = ".unfinished"


@dataclass(frozen=True, slots=True)
class Anchors:
    """Whom a reader trusts: public certificates only."""

    pem: str
    serial_numbers: frozenset[str] = frozenset()
    """Signing certificates that are or were this Easel's own; empty: all under the anchors are.

    An operator's chain may end in a public root, under which strangers sign too."""
    time_roots_pem: str | None = None
    """Whom to believe a time stamp; None: nobody."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Everything that it takes to sign; the private key never shows in a repr or a log."""

    chain_pem: str
    anchors: Anchors
    algorithm: str
    is_development: bool
    private_key_pem: SecretStr | None = field(repr=False)
    """None: the command signs."""
    command: SigningCommand | None = None

    @property
    def certificate(self) -> x509.Certificate:
        """The signing certificate."""
        return x509.load_pem_x509_certificates(self.chain_pem.encode())[0]

    @property
    def ends_at(self) -> datetime:
        """When the signing certificate ends."""
        return self.certificate.not_valid_after_utc


def load_or_create_keys(folder: Path, command: SigningCommand | None = None) -> SigningKeys:
    """Load the chain in a folder; make a development chain where the folder has none.

    Several processes may start at once: one makes the chain, the others wait and load it.

    Args:
        folder: The keys folder.
        command: What signs in place of a key file; then no chain is made.

    Raises:
        UserError: `signing_keys_incomplete` or `signing_keys_unusable`.
    """
    if is_unfinished(folder):
        with locked(folder):
            finish(folder)
    missing = _missing(folder, command)
    if missing and command is not None:
        raise UserError("signing_keys_incomplete", folder=str(folder), missing=missing)
    if missing:
        _create_once(folder)
    return _load_whole(folder, command)


def load_signing_keys(settings: CoreSettings) -> SigningKeys:
    """Load or make what the settings say that this process signs with; say when it ends.

    Raises:
        UserError: `signing_keys_incomplete`, `signing_keys_unusable` or `time_authority_unusable`.
    """
    keys = load_or_create_keys(settings.resolved_keys_dir, signing_command(settings))
    SIGNING_END.set(keys.ends_at.timestamp())
    if keys.ends_at - utc_now() < SOON:
        log.warning("signing_certificate_ends_soon", ends_at=keys.ends_at.isoformat())
    anchors = _believing(keys.anchors, settings.tsa_roots)
    return dataclasses.replace(keys, anchors=anchors)


def load_anchors(folder: Path, time_roots: Path | None = None) -> Anchors | None:
    """Load what reading labels needs, without a private key; None where there is no chain yet.

    Args:
        folder: The keys folder.
        time_roots: PEM file of the roots that time stamps must end in.

    Raises:
        UserError: `signing_keys_unusable` or `time_authority_unusable`.
    """
    if not ((folder / ROOT).is_file() and (folder / CHAIN).is_file()):
        return None
    return _believing(_anchors(folder), time_roots)


def certificates_in(path: Path) -> list[x509.Certificate]:
    """Read the certificates of a PEM file in a keys folder.

    Raises:
        UserError: `signing_keys_unusable`.
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        folder = str(path.parent)
        raise UserError("signing_keys_unusable", folder=folder, reason="certificate") from error


def retired_chains(folder: Path) -> list[list[x509.Certificate]]:
    """List the chains that signed before, each from its signer to its root.

    Raises:
        UserError: `signing_keys_unusable`.
    """
    return [certificates_in(path) for path in sorted((folder / RETIRED).glob("*.pem"))]


def _missing(folder: Path, command: SigningCommand | None = None) -> list[str]:
    needed = _NEEDED if command is None else (ROOT, CHAIN)
    return [name for name in needed if not (folder / name).is_file()]


def _create_once(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        missing = _missing(folder)
        if not missing:
            return
        marker = folder / _MARKER
        if len(missing) < len(_NEEDED) and not marker.exists():
            # Part of an operator's own chain: never sign with half of it or write over it.
            raise UserError("signing_keys_incomplete", folder=str(folder), missing=missing)
        marker.touch(mode=0o600)
        for name, content in development_chain().items():
            write(folder / name, content)
        marker.unlink()
    log.info("signing_keys_created", folder=str(folder), is_development=True)


def _load_whole(folder: Path, command: SigningCommand | None) -> SigningKeys:
    """Load a chain that may be changed at this very moment: then wait, and load what is new."""
    try:
        return _load(folder, command)
    except UserError as error:
        # A folder that can not be written to is one in which nothing changes.
        if error.facts.get("reason") != "key_not_of_chain" or not os.access(folder, os.W_OK):
            raise
    with locked(folder):
        finish(folder)
        return _load(folder, command)


def _load(folder: Path, command: SigningCommand | None) -> SigningKeys:
    certificate = certificates_in(folder / CHAIN)[0]
    key_pem = None if command is not None else _key_of(folder, certificate)
    if certificate.not_valid_after_utc <= utc_now():
        raise UserError("signing_keys_unusable", folder=str(folder), reason="expired")
    algorithm = algorithm_of(certificate.public_key())
    if algorithm is None:
        raise UserError("signing_keys_unusable", folder=str(folder), reason="algorithm")
    return SigningKeys(
        chain_pem=(folder / CHAIN).read_text("ascii"),
        anchors=_anchors(folder),
        algorithm=algorithm,
        is_development=(folder / ROOT_KEY).is_file(),
        private_key_pem=key_pem,
        command=command,
    )


def _key_of(folder: Path, certificate: x509.Certificate) -> SecretStr:
    path = folder / SIGNING_KEY
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        log.warning("signing_key_readable_by_others", path=str(path))
    key_pem = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise UserError("signing_keys_unusable", folder=str(folder), reason="key") from error
    if key.public_key() != certificate.public_key():
        raise UserError("signing_keys_unusable", folder=str(folder), reason="key_not_of_chain")
    return SecretStr(key_pem.decode("ascii"))


def _anchors(folder: Path) -> Anchors:
    chains = [certificates_in(folder / CHAIN), *retired_chains(folder)]
    pem = (folder / ROOT).read_text("ascii")
    roots = [*certificates_in(folder / ROOT), *(chain[-1] for chain in chains[1:])]
    for root in dict.fromkeys(roots):
        text = root.public_bytes(serialization.Encoding.PEM).decode()
        pem += "" if text in pem else text
    return Anchors(pem, frozenset(str(chain[0].serial_number) for chain in chains))


def _believing(anchors: Anchors, time_roots: Path | None) -> Anchors:
    pem = None if time_roots is None else read_roots(time_roots)
    return dataclasses.replace(anchors, time_roots_pem=pem)
