"""Sign with a command of the operator's own: the way to a key that never leaves its KMS or HSM.

The command is started for each signature, without a shell and without the settings of Easel. It
reads the bytes to sign (about 1 KB, not their hash) on stdin and writes the signature to stdout:
in the algorithm's raw form, as DER, or either of them in base64. What it writes is held to the
certificate, so a wrong key or a chatty program is found before a file is.
"""

import base64
import binascii
import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from core.errors import UserError
from core.settings import CoreSettings, environment_for_others

log = structlog.get_logger()

_SHA256_BYTES = 32
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
"""By curve, as ES256, ES384 and ES512 have them."""


class SigningFailed(Exception):
    """Say why a command did not sign.

    `command_missing` (can not be started), `command_failed` (an exit code that is not 0),
    `command_timeout` or `signature_wrong` (not the certificate's, or none at all).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SigningCommand:
    """A program and its arguments, and how long it may take."""

    arguments: tuple[str, ...]
    timeout_s: float = 5.0

    def sign(self, data: bytes, certificate: x509.Certificate) -> bytes:
        """Have the bytes signed; the signature comes in the form that COSE wants.

        Raises:
            SigningFailed: see there. What the command wrote is in no log: it may name a secret.
        """
        output = self._run(data)
        for signature in _forms(output, certificate.public_key()):
            if _is_signature(signature, data, certificate.public_key()):
                return signature
        raise SigningFailed("signature_wrong")

    def _run(self, data: bytes) -> bytes:
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own words, no shell.
                self.arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment_for_others(),
                start_new_session=True,
            )
        except OSError as error:
            raise SigningFailed("command_missing") from error
        with process:
            try:
                output, _ = process.communicate(data, self.timeout_s)
            except subprocess.TimeoutExpired as error:
                # With whatever it started: a child of it would hold the pipe open.
                os.killpg(process.pid, signal.SIGKILL)
                raise SigningFailed("command_timeout") from error
        if process.returncode:
            log.warning("signing_command_failed", exit_code=process.returncode)
            raise SigningFailed("command_failed")
        return output


def signing_command(settings: CoreSettings) -> SigningCommand | None:
    """Read the command that the settings name; None where a key file signs.

    Raises:
        UserError: `signing_keys_unusable`, its reason `command`: a quote mark is left open.
    """
    try:
        arguments = shlex.split(settings.signing_command)
    except ValueError as error:
        folder = str(settings.resolved_keys_dir)
        raise UserError("signing_keys_unusable", folder=folder, reason="command") from error
    return SigningCommand(tuple(arguments), settings.signing_timeout_s) if arguments else None


def algorithm_of(key: object) -> str | None:
    """Name the C2PA signature algorithm of a public key; None: C2PA takes no such key."""
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in _HASHES:
            return f"es{_HASHES[key.curve.name].digest_size * 8}"
        case ed25519.Ed25519PublicKey():
            return "ed25519"
        case rsa.RSAPublicKey() if key.key_size >= 2048:  # noqa: PLR2004 - C2PA's least.
            return "ps256"
    return None


def _forms(output: bytes, key: object) -> Iterator[bytes]:
    """Read the output in each way that it may be meant, as COSE wants a signature."""
    readings = [output]
    with contextlib.suppress(binascii.Error):
        readings.append(base64.b64decode(b"".join(output.split()), validate=True))
    for reading in readings:
        yield reading
        if isinstance(key, ec.EllipticCurvePublicKey):
            size = (key.curve.key_size + 7) // 8
            try:
                r, s = decode_dss_signature(reading)
                yield r.to_bytes(size) + s.to_bytes(size)
            except (ValueError, OverflowError):
                continue


def _is_signature(signature: bytes, data: bytes, key: object) -> bool:
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                half = (key.curve.key_size + 7) // 8
                if len(signature) != 2 * half:
                    return False
                r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
                used = ec.ECDSA(_HASHES[key.curve.name])
                key.verify(encode_dss_signature(r, s), data, used)
            case ed25519.Ed25519PublicKey():
                key.verify(signature, data)
            case rsa.RSAPublicKey():
                salted = padding.PSS(padding.MGF1(hashes.SHA256()), _SHA256_BYTES)
                key.verify(signature, data, salted, hashes.SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True
