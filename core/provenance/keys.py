"""Load the signing chain, or make a development chain at the first start.

A keys folder holds
    root.pem      the anchors that this Easel trusts
    chain.pem     the signing certificate, then any intermediates
    signing.key   its private key
    root.key      the development root's private key; an operator's own chain has none
Reading labels needs only the first two (`load_anchors`).
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

from core.contracts.base import utc_now
from core.errors import UserError

log = structlog.get_logger()

ROOT = "root.pem"
CHAIN = "chain.pem"
SIGNING_KEY = "signing.key"
ROOT_KEY = "root.key"
_NEEDED = (ROOT, CHAIN, SIGNING_KEY)
_MARKER = ".unfinished"

C2PA_CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")

VALIDITY = timedelta(days=20 * 365)
"""Without a time stamp every file turns invalid when its signer's certificate ends, so a
development chain outlives the pictures that it signed."""

_ELLIPTIC = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Anchors:
    """Whom a reader trusts: public certificates only."""

    pem: str
    serial_numbers: frozenset[str] = frozenset()
    """Signing certificates that are this Easel's own; empty: all under the anchors are.

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
    private_key_pem: SecretStr = field(repr=False)

    @property
    def ends_at(self) -> datetime:
        """When the signing certificate ends."""
        return x509.load_pem_x509_certificates(self.chain_pem.encode())[0].not_valid_after_utc


def load_or_create_keys(folder: Path) -> SigningKeys:
    """Load the chain in a folder; make a development chain where the folder has none.

    Several processes may start at once: one makes the chain, the others wait and load it.

    Raises:
        UserError: `signing_keys_incomplete` or `signing_keys_unusable`.
    """
    if _missing(folder):
        _create_once(folder)
    return _load(folder)


def load_anchors(folder: Path) -> Anchors | None:
    """Load what reading labels needs, without a private key; None where there is no chain yet.

    Raises:
        UserError: `signing_keys_unusable`.
    """
    if not ((folder / ROOT).is_file() and (folder / CHAIN).is_file()):
        return None
    return _anchors((folder / ROOT).read_text("ascii"), _certificates(folder / CHAIN))


def _missing(folder: Path) -> list[str]:
    return [name for name in _NEEDED if not (folder / name).is_file()]


def _create_once(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder):
        missing = _missing(folder)
        if not missing:
            return
        marker = folder / _MARKER
        if len(missing) < len(_NEEDED) and not marker.exists():
            # Part of an operator's own chain: never sign with half of it or write over it.
            raise UserError("signing_keys_incomplete", folder=str(folder), missing=missing)
        marker.touch(mode=0o600)
        for name, content in _development_chain().items():
            _write(folder / name, content)
        marker.unlink()
    log.info("signing_keys_created", folder=str(folder), is_development=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it ends with the process that holds it, however that ends."""
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole and readable by its owner alone."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _load(folder: Path) -> SigningKeys:
    key_path = folder / SIGNING_KEY
    if stat.S_IMODE(key_path.stat().st_mode) & 0o077:
        log.warning("signing_key_readable_by_others", path=str(key_path))
    key_pem = key_path.read_bytes()
    chain = _certificates(folder / CHAIN)
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise UserError("signing_keys_unusable", folder=str(folder), reason="key") from error
    if key.public_key() != chain[0].public_key():
        raise UserError("signing_keys_unusable", folder=str(folder), reason="key_not_of_chain")
    if chain[0].not_valid_after_utc <= utc_now():
        raise UserError("signing_keys_unusable", folder=str(folder), reason="expired")
    return SigningKeys(
        chain_pem=(folder / CHAIN).read_text("ascii"),
        anchors=_anchors((folder / ROOT).read_text("ascii"), chain),
        algorithm=_algorithm(key, folder),
        is_development=(folder / ROOT_KEY).is_file(),
        private_key_pem=SecretStr(key_pem.decode("ascii")),
    )


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise UserError(
            "signing_keys_unusable", folder=str(path.parent), reason="certificate"
        ) from error


def _anchors(pem: str, chain: list[x509.Certificate]) -> Anchors:
    return Anchors(pem, frozenset({str(chain[0].serial_number)}))


def _algorithm(key: object, folder: Path) -> str:
    """Name the C2PA signature algorithm of a private key."""
    match key:
        case ec.EllipticCurvePrivateKey() if key.curve.name in _ELLIPTIC:
            return _ELLIPTIC[key.curve.name]
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
        case rsa.RSAPrivateKey() if key.key_size >= 2048:  # noqa: PLR2004 - C2PA's least.
            return "ps256"
    raise UserError("signing_keys_unusable", folder=str(folder), reason="algorithm")


def _development_chain() -> dict[str, bytes]:
    """Make a root and a signing certificate that say by their names what they are."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Easel development root (untrusted)")
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _certificate(_name("Easel development signer (untrusted)"), root_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
        # emailProtection is the one purpose that every C2PA reader accepts by default.
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, C2PA_CLAIM_SIGNING]),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    return {
        ROOT_KEY: _private_pem(root_key),
        SIGNING_KEY: _private_pem(key),
        ROOT: root.public_bytes(serialization.Encoding.PEM),
        CHAIN: leaf.public_bytes(serialization.Encoding.PEM),
    }


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Easel"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    # A day back: machines that read a label at once may have a clock that lags behind.
    start = utc_now() - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
