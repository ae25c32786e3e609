"""Certificates as an operator's authority would issue them, good and bad."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")


@dataclass
class Authority:
    """One certificate authority; `issue` writes a keys folder."""

    name: str = "Some public root"
    issuer: "Authority | None" = None
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self):
        issuer = self.issuer or self
        builder = builder_of(self.name, issuer.name, self.key.public_key(), days=3650)
        self.certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(key_usage(key_cert_sign=True), critical=True)
            .add_extension(authority_key(issuer.key), critical=False)
            .sign(issuer.key, hashes.SHA256())
        )

    def issue(
        self,
        folder,
        *,
        key=None,
        purposes=(ExtendedKeyUsageOID.EMAIL_PROTECTION,),
        days=365,
        is_complete=True,
    ):
        """Write `root.pem`, `chain.pem` and, where the key is known, `signing.key`."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = builder_of("Our server", self.name, key.public_key(), days=days)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        ).add_extension(key_usage(digital_signature=True), critical=True)
        if is_complete:
            builder = builder.add_extension(authority_key(self.key), critical=False)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        leaf = builder.sign(self.key, hashes.SHA256())
        folder.mkdir(parents=True, mode=0o700)
        chain, root = [leaf], self
        while root.issuer is not None:
            chain, root = [*chain, root.certificate], root.issuer
        (folder / "chain.pem").write_bytes(b"".join(map(pem, chain)))
        (folder / "root.pem").write_bytes(pem(root.certificate))
        if hasattr(key, "private_bytes"):
            write_key(folder, key)


def write_key(folder, key):
    """Write a private key as `signing.key`, readable by its owner alone."""
    path = folder / "signing.key"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def builder_of(subject, issuer, public_key, *, days):
    start = datetime.now(UTC) - timedelta(days=400)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(datetime.now(UTC) + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(common_name):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def authority_key(key):
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def key_usage(*, digital_signature=False, key_cert_sign=False):
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def ed25519_key():
    """Make a key of the other usual kind."""
    return ed25519.Ed25519PrivateKey.generate()
