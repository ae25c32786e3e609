"""A signing chain is made once, kept private, and an operator's own is never written over."""

import multiprocessing
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from core.contracts.provenance import Found, ProvenanceState
from core.errors import UserError
from core.provenance.keys import load_anchors, load_or_create_keys, load_signing_keys
from core.provenance.read import read
from core.provenance.signer import SigningCommand
from core.provenance.stamp import Stamper
from core.settings import CoreSettings
from tests.core.provenance.authority import CLAIM_SIGNING, Authority, write_key

FILES = {"root.pem", "chain.pem", "signing.key", "root.key"}


def _mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _contents(folder) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(FILES)}


def test_first_start_makes_a_private_folder_of_private_files(tmp_path):
    folder = tmp_path / "home" / "keys"

    load_or_create_keys(folder)

    assert _mode(folder) == 0o700
    assert {path.name for path in folder.iterdir()} == FILES | {".lock"}
    assert {_mode(path) for path in folder.iterdir()} == {0o600}


def test_second_start_loads_the_same_chain(tmp_path):
    first = load_or_create_keys(tmp_path / "keys")

    assert load_or_create_keys(tmp_path / "keys") == first
    assert first.is_development


def test_development_certificates_say_what_they_are(tmp_path):
    """The names warn, and the extensions are what every C2PA reader accepts by default."""
    keys = load_or_create_keys(tmp_path / "keys")

    root = x509.load_pem_x509_certificate(keys.anchors.pem.encode())
    leaf = x509.load_pem_x509_certificate(keys.chain_pem.encode())
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value

    assert root.subject.rfc4514_string() == "CN=Easel development root (untrusted),O=Easel"
    assert leaf.subject.rfc4514_string() == "CN=Easel development signer (untrusted),O=Easel"
    assert leaf.issuer == root.subject
    assert set(purposes) == {ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING}
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    leaf.verify_directly_issued_by(root)


def test_development_certificates_outlive_their_pictures(tmp_path):
    """Without a time stamp a file turns invalid when its signer ends: that must be far away."""
    keys = load_or_create_keys(tmp_path / "keys")

    leaf = x509.load_pem_x509_certificate(keys.chain_pem.encode())
    validity = leaf.not_valid_after_utc - leaf.not_valid_before_utc

    assert validity.days >= 10 * 365


def test_private_key_reaches_neither_a_log_nor_a_repr(tmp_path):
    with capture_logs() as logs:
        keys = load_or_create_keys(tmp_path / "keys")

    secret = keys.private_key_pem.get_secret_value().splitlines()[1]
    assert [entry["event"] for entry in logs] == ["signing_keys_created"]
    assert secret not in f"{logs}{keys!r}{keys}"


def _load_at_once(folder, barrier, answers):
    barrier.wait()
    answers.put(load_or_create_keys(folder).chain_pem)


def test_processes_that_start_at_once_agree_on_one_chain(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(4), context.Queue()
    starters = [
        context.Process(target=_load_at_once, args=(tmp_path / "keys", barrier, answers))
        for _ in range(4)
    ]
    for starter in starters:
        starter.start()

    chains = {answers.get(timeout=60) for _ in starters}
    for starter in starters:
        starter.join()
        starter.close()
    answers.close()
    answers.join_thread()

    assert chains == {(tmp_path / "keys" / "chain.pem").read_text()}


def test_start_cut_short_is_made_anew(tmp_path):
    """A process killed between two files leaves its mark, and the next start mends it."""
    folder = tmp_path / "keys"
    load_or_create_keys(folder)
    (folder / "chain.pem").unlink()
    (folder / ".unfinished").touch()

    keys = load_or_create_keys(folder)

    assert Stamper(keys)
    assert not (folder / ".unfinished").exists()


@pytest.mark.parametrize("absent", ["root.pem", "chain.pem", "signing.key"])
def test_operators_incomplete_chain_is_refused_and_left_alone(tmp_path, absent):
    folder = tmp_path / "keys"
    Authority().issue(folder)
    (folder / absent).unlink()
    before = {path.name: path.read_bytes() for path in folder.glob("*.*") if path.name != ".lock"}

    with pytest.raises(UserError) as refusal:
        load_or_create_keys(folder)

    assert refusal.value.code == "signing_keys_incomplete"
    assert refusal.value.facts["missing"] == [absent]
    after = {path.name: path.read_bytes() for path in folder.glob("*.*") if path.name != ".lock"}
    assert after == before


def _key_of_another_chain(folder):
    write_key(folder, ec.generate_private_key(ec.SECP256R1()))


def _key_is_text(folder):
    (folder / "signing.key").write_text("not a key")


def _chain_is_text(folder):
    (folder / "chain.pem").write_text("not a certificate")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(_key_of_another_chain, "key_not_of_chain", id="key-of-another-chain"),
        pytest.param(_key_is_text, "key", id="key-is-text"),
        pytest.param(_chain_is_text, "certificate", id="chain-is-text"),
    ],
)
def test_spoilt_chain_is_refused_with_its_reason(tmp_path, spoil, reason):
    Authority().issue(tmp_path / "keys")
    spoil(tmp_path / "keys")

    with pytest.raises(UserError) as refusal:
        load_or_create_keys(tmp_path / "keys")

    assert (refusal.value.code, refusal.value.facts["reason"]) == ("signing_keys_unusable", reason)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({"days": -1}, "expired", id="expired"),
        pytest.param({"key": ed448.Ed448PrivateKey.generate()}, "algorithm", id="ed448"),
        pytest.param(
            {"key": ec.generate_private_key(ec.SECP256K1())}, "algorithm", id="curve-of-bitcoin"
        ),
        pytest.param({"purposes": ()}, "refused", id="no-purpose"),
        pytest.param({"purposes": (ExtendedKeyUsageOID.CODE_SIGNING,)}, "refused", id="code"),
        pytest.param({"is_complete": False}, "refused", id="no-authority-key-identifier"),
    ],
)
def test_certificate_that_cannot_sign_is_refused_at_the_start(tmp_path, options, reason):
    """What C2PA would refuse at the first picture is refused when the worker starts."""
    Authority().issue(tmp_path / "keys", **options)

    with pytest.raises(UserError) as refusal:
        Stamper(load_or_create_keys(tmp_path / "keys"))

    assert (refusal.value.code, refusal.value.facts["reason"]) == ("signing_keys_unusable", reason)


def test_chain_under_another_root_is_refused_at_the_start(tmp_path):
    Authority().issue(tmp_path / "keys")
    Authority().issue(tmp_path / "others")
    (tmp_path / "others" / "root.pem").replace(tmp_path / "keys" / "root.pem")

    with pytest.raises(UserError) as refusal:
        Stamper(load_or_create_keys(tmp_path / "keys"))

    assert refusal.value.facts["reason"] == "not_under_root"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"purposes": (CLAIM_SIGNING,)}, id="claim-signing-alone"),
        pytest.param({"key": ec.generate_private_key(ec.SECP384R1())}, id="p-384"),
        pytest.param({"key": ed25519.Ed25519PrivateKey.generate()}, id="ed25519"),
        pytest.param({"key": rsa.generate_private_key(65537, 2048)}, id="rsa"),
    ],
)
def test_operators_own_chain_signs_and_reads_back(tmp_path, picture, facts, options):
    """A chain with an intermediate, and a purpose that the library's default refuses."""
    Authority("Issuing authority", issuer=Authority()).issue(tmp_path / "keys", **options)

    keys = load_or_create_keys(tmp_path / "keys")
    report = read(Stamper(keys).stamp(picture, facts).data, anchors=keys)

    assert not keys.is_development
    assert (report.state, report.is_ours) == (ProvenanceState.VALID, True)


def test_neighbour_under_the_same_public_root_is_not_us(tmp_path, picture, facts):
    """Under a public root strangers sign too: only our own certificate makes a picture ours."""
    authority = Authority()
    authority.issue(tmp_path / "ours")
    authority.issue(tmp_path / "theirs")
    theirs = Stamper(load_or_create_keys(tmp_path / "theirs")).stamp(picture, facts).data

    report = read(theirs, anchors=load_or_create_keys(tmp_path / "ours"))

    assert (report.state, report.found) == (ProvenanceState.VALID, Found.OTHER_SIGNER)
    assert not report.is_ours
    assert report.is_signer_trusted
    assert report.verify_id is None


def test_key_that_others_can_read_is_reported(tmp_path):
    load_or_create_keys(tmp_path / "keys")
    (tmp_path / "keys" / "signing.key").chmod(0o640)

    with capture_logs() as logs:
        load_or_create_keys(tmp_path / "keys")

    assert [entry["event"] for entry in logs] == ["signing_key_readable_by_others"]


@pytest.mark.parametrize(
    ("days", "events"),
    [(29, ["signing_certificate_ends_soon"]), (31, [])],
)
def test_certificate_that_ends_soon_is_told_at_the_start(tmp_path, days, events):
    """In the log of each process that signs, and as a metric to be woken by."""
    Authority().issue(tmp_path / "keys", days=days)
    settings = CoreSettings(keys_dir=tmp_path / "keys")

    with capture_logs() as logs:
        keys = load_signing_keys(settings)

    end = REGISTRY.get_sample_value("core_signing_certificate_end_seconds")
    assert [entry["event"] for entry in logs] == events
    assert end == keys.ends_at.timestamp()


def test_settings_say_what_signs_and_whose_time_is_believed(tmp_path):
    Authority().issue(tmp_path / "keys")
    settings = CoreSettings(
        keys_dir=tmp_path / "keys",
        signing_command="sign --key 'our key'",
        signing_timeout_s=3,
        tsa_roots=tmp_path / "keys" / "root.pem",
    )

    keys = load_signing_keys(settings)

    assert keys.command == SigningCommand(("sign", "--key", "our key"), 3)
    assert keys.anchors.time_roots_pem == (tmp_path / "keys" / "root.pem").read_text()


def test_reading_needs_no_private_key(tmp_path, stamped, keys):
    """A host that only verifies is given the two public files."""
    (tmp_path / "root.pem").write_text(keys.anchors.pem)
    (tmp_path / "chain.pem").write_text(keys.chain_pem)

    assert read(stamped.data, anchors=load_anchors(tmp_path)).is_ours
    assert load_anchors(tmp_path / "nowhere") is None
