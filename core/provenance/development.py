"""Make certificates of an Easel's own: nobody else trusts them, and their names say so."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.contracts.base import utc_now
from core.provenance.key_folder import CHAIN, ROOT, ROOT_KEY, SIGNING_KEY

C2PA_CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")

VALIDITY = timedelta(days=20 * 365)
"""Without a time stamp every file turns invalid when its signer's certificate ends, so a
development chain outlives the pictures that it signed."""


def development_chain() -> dict[str, bytes]:
    """Make a root and a signing certificate that say by their names what they are."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Easel development root (untrusted)")
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return {
        ROOT_KEY: private_pem(root_key),
        ROOT: root.public_bytes(serialization.Encoding.PEM),
        **development_signer(root, root_key),
    }


def development_signer(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey
) -> dict[str, bytes]:
    """Make a new signing key, with a certificate that a development root gives it."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _certificate(
            _name("Easel development signer (untrusted)"),
            root.subject,
            key.public_key(),
            last=root.not_valid_after_utc,
        )
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
        SIGNING_KEY: private_pem(key),
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
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    last: datetime | None = None,
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
        .not_valid_after(min(start + VALIDITY, last or start + VALIDITY))
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


def private_pem(key: PrivateKeyTypes) -> bytes:
    """Write a private key as a keys folder holds it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
