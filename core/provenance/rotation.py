"""Change what signs: a new development certificate, or an authority's; the old one stays known.

What is to sign from now on is tried first, as a worker tries it, in a folder of its own: what does
not fit is refused and changes nothing. Processes that run keep what they loaded; they sign and
read with the new certificate after their next start.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.errors import UserError
from core.provenance.development import C2PA_CLAIM_SIGNING, development_signer, private_pem
from core.provenance.key_folder import (
    CHAIN,
    REQUEST_KEY,
    RETIRED,
    ROOT,
    ROOT_KEY,
    SIGNING_KEY,
    finish,
    locked,
    swap,
    write,
)
from core.provenance.keys import (
    SigningKeys,
    certificates_in,
    load_or_create_keys,
    retired_chains,
)
from core.provenance.signer import SigningCommand, algorithm_of
from core.provenance.trial import try_chain

log = structlog.get_logger()

RequestKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

ALGORITHMS = ("es256", "es384", "ed25519", "ps256")
"""What a new key may be for; each is an algorithm that every C2PA reader knows."""

_GONE = b""


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """A certificate that signs or signed for this Easel."""

    name: str
    issuer: str
    serial_number: str
    algorithm: str
    begins_at: datetime
    ends_at: datetime
    is_retired: bool


def own_certificates(folder: Path) -> list[OwnCertificate]:
    """List the certificate that signs, then those that did.

    Raises:
        UserError: `signing_keys_unusable`.
    """
    signing = [certificates_in(folder / CHAIN)[0]] if (folder / CHAIN).is_file() else []
    retired = [chain[0] for chain in retired_chains(folder)]
    in_time = sorted(retired, key=lambda each: each.not_valid_before_utc, reverse=True)
    return [
        _described(each, is_retired=each not in signing)
        for each in dict.fromkeys([*signing, *in_time])
    ]


def rotate(folder: Path) -> SigningKeys:
    """Have the development root sign a new certificate for a new key.

    Raises:
        UserError: `keys_not_rotatable` (an authority gave the certificate), or those of loading.
    """
    if not (folder / CHAIN).is_file():
        load_or_create_keys(folder)  # One that ended can not be loaded, and is why one rotates.
    with _changing(folder):
        if not (folder / ROOT_KEY).is_file():
            raise UserError("keys_not_rotatable", folder=str(folder))
        root = certificates_in(folder / ROOT)[0]
        root_key = serialization.load_pem_private_key((folder / ROOT_KEY).read_bytes(), None)
        if not isinstance(root_key, ec.EllipticCurvePrivateKey):
            raise UserError("signing_keys_unusable", folder=str(folder), reason="key")
        fresh = development_signer(root, root_key)
        _tried(folder, {ROOT: (folder / ROOT).read_bytes(), **fresh})
        _retire(folder)
        swap(folder, fresh)
    log.info("signing_keys_rotated", folder=str(folder))
    return load_or_create_keys(folder)


def request(folder: Path, name: str, organisation: str, algorithm: str = "es256") -> bytes:
    """Make a new key, and write the request for its certificate that goes to an authority.

    The key waits in the folder for `import_chain`; a request that was not answered is forgotten.

    Raises:
        UserError: `keys_name_unusable`: X.509 takes 1 to 64 characters.
    """
    key = _new_key(algorithm)
    try:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
    except ValueError as error:
        raise UserError("keys_name_unusable") from error
    used = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    asked = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, C2PA_CLAIM_SIGNING]),
            critical=False,
        )
        .sign(key, used)
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        write(folder / REQUEST_KEY, private_pem(key))
    log.info("signing_key_requested", folder=str(folder), algorithm=algorithm)
    return asked.public_bytes(serialization.Encoding.PEM)


def import_chain(
    folder: Path,
    chain_pem: bytes,
    *,
    root_pem: bytes | None = None,
    key_pem: bytes | None = None,
    command: SigningCommand | None = None,
) -> SigningKeys:
    """Sign with an authority's certificate from now on.

    Args:
        folder: The keys folder; what signed there before stays known.
        chain_pem: The certificate first, then its intermediates, maybe the root at the end.
        root_pem: The root, where the chain does not hold it.
        key_pem: The private key; None: that of the last request.
        command: What signs instead of a key.

    Raises:
        UserError: `keys_import_refused` with a reason; nothing was changed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _changing(folder):
        files = _fitting(folder, chain_pem, root_pem)
        if command is None:
            files[SIGNING_KEY] = key_pem or _requested_key(folder)
        try:
            _tried(folder, files, command)
        except UserError as error:
            raise UserError("keys_import_refused", reason=error.facts.get("reason")) from error
        _retire(folder)
        # The development root has nothing to sign any more; its own pictures need no key of it.
        swap(folder, {ROOT_KEY: _GONE, REQUEST_KEY: _GONE, SIGNING_KEY: _GONE} | files)
    log.info("signing_keys_imported", folder=str(folder))
    return load_or_create_keys(folder, command)


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    with locked(folder):
        finish(folder)
        yield


def _fitting(folder: Path, chain_pem: bytes, root_pem: bytes | None) -> dict[str, bytes]:
    """Put the chain in the form of a keys folder, or say why it is none."""
    chain = _parsed(chain_pem)
    if len(chain) > 1 and chain[-1].subject == chain[-1].issuer:
        root = chain.pop()
    elif root_pem is not None:
        root = _parsed(root_pem)[0]
    else:
        raise UserError("keys_import_refused", reason="root_missing")
    if any(
        known.serial_number == f"{chain[0].serial_number:x}" for known in own_certificates(folder)
    ):
        raise UserError("keys_import_refused", reason="known_already")
    try:
        for each, issuer in zip(chain, [*chain[1:], root], strict=True):
            each.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise UserError("keys_import_refused", reason="chain_broken") from error
    return {CHAIN: _pem(chain), ROOT: _pem([root])}


def _parsed(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UserError("keys_import_refused", reason="certificate") from error


def _requested_key(folder: Path) -> bytes:
    try:
        return (folder / REQUEST_KEY).read_bytes()
    except OSError as error:
        raise UserError("keys_import_refused", reason="key_missing") from error


def _tried(folder: Path, files: dict[str, bytes], command: SigningCommand | None = None) -> None:
    """Load and use what is to come as a worker will, beside the folder's own files."""
    trial = Path(tempfile.mkdtemp(prefix=".trial-", dir=folder))
    try:
        for name, content in files.items():
            write(trial / name, content)
        try_chain(load_or_create_keys(trial, command))
    finally:
        shutil.rmtree(trial)


def _retire(folder: Path) -> None:
    """Keep the chain that signed until now, its root last; before anything is replaced."""
    if not (folder / CHAIN).is_file():
        return
    chain, roots = certificates_in(folder / CHAIN), certificates_in(folder / ROOT)
    root = next((each for each in roots if each.subject == chain[-1].issuer), roots[0])
    (folder / RETIRED).mkdir(mode=0o700, exist_ok=True)
    write(folder / RETIRED / f"{chain[0].serial_number:x}.pem", _pem([*chain, root]))


def _described(certificate: x509.Certificate, *, is_retired: bool) -> OwnCertificate:
    return OwnCertificate(
        name=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial_number=f"{certificate.serial_number:x}",
        algorithm=algorithm_of(certificate.public_key()) or "",
        begins_at=certificate.not_valid_before_utc,
        ends_at=certificate.not_valid_after_utc,
        is_retired=is_retired,
    )


def _new_key(algorithm: str) -> RequestKey:
    match algorithm:
        case "es384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "ps256":
            return rsa.generate_private_key(65537, 3072)
    return ec.generate_private_key(ec.SECP256R1())


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
