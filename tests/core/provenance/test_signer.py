"""A command signs in place of a key file: in any form, in time, and with the right key or not."""

import base64
import logging
import os
import sys
import textwrap
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from structlog.testing import capture_logs

from core.contracts.registry import TimeState
from core.errors import UserError
from core.provenance import native
from core.provenance.authority_time import TimeAuthority
from core.provenance.keys import load_or_create_keys
from core.provenance.manifest import manifest_of
from core.provenance.read import read
from core.provenance.signer import SigningCommand, SigningFailed, signing_command
from core.provenance.trial import try_chain
from core.settings import CoreSettings
from tests.core.provenance.authority import Authority
from tests.core.provenance.clock import Clock, openssl, serving
from tests.core.provenance.png import one_pixel

BYTES = b"what is to be signed"


def _moved_key(folder):
    """Take the key out of the folder, as if it lay in an HSM; its new path."""
    return (folder / "signing.key").rename(folder.parent / "hsm.key")


def _openssl(key, *more) -> SigningCommand:
    """A program that knows nothing of Easel: DER for curves, PSS for RSA."""
    return SigningCommand((openssl(), "dgst", "-sha256", *more, "-sign", str(key)))


def _python(tmp_path, source) -> SigningCommand:
    script = tmp_path / "sign.py"
    script.write_text(textwrap.dedent(source))
    return SigningCommand((sys.executable, str(script)), timeout_s=10.0)


def _certificate(folder):
    return x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())[0]


def _sign(keys, facts, authority=None):
    return native.sign(one_pixel(), "image/png", manifest_of(facts), keys, authority)


@pytest.mark.parametrize(
    ("key", "more"),
    [
        pytest.param(ec.generate_private_key(ec.SECP256R1()), (), id="es256"),
        pytest.param(
            rsa.generate_private_key(65537, 2048),
            ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"),
            id="ps256",
        ),
    ],
)
def test_command_signs_and_its_pictures_are_ours(tmp_path, facts, key, more):
    """The whole way: no key in the folder, a program that reads stdin, and a label that holds."""
    Authority().issue(tmp_path / "keys", key=key)
    command = _openssl(_moved_key(tmp_path / "keys"), *more)

    keys = load_or_create_keys(tmp_path / "keys", command)
    try_chain(keys)
    signed = _sign(keys, facts)

    assert keys.private_key_pem is None
    assert not (tmp_path / "keys" / "signing.key").exists()
    assert read(signed.data, anchors=keys).is_ours


def test_called_signer_adds_more_than_a_key_file(tmp_path, facts):
    """The library keeps 10 KB free for whoever it calls, and there is no way to have less."""
    Authority().issue(tmp_path / "keys")
    by_file = _sign(load_or_create_keys(tmp_path / "keys"), facts)
    command = _openssl(_moved_key(tmp_path / "keys"))
    by_command = _sign(load_or_create_keys(tmp_path / "keys", command), facts)

    assert len(by_file.data) - len(one_pixel()) <= 6_144
    assert 10_000 < len(by_command.data) - len(one_pixel()) <= 14_000


def test_command_and_clock_go_together(tmp_path, facts):
    """The 10 KB hold the time stamp; a slow command is not counted against the authority."""
    Authority().issue(tmp_path / "keys")
    command = _openssl(_moved_key(tmp_path / "keys"))
    clock = Clock(tmp_path / "clock")
    with serving(clock) as url:
        authority = TimeAuthority(url, clock.root_pem)
        signed = _sign(load_or_create_keys(tmp_path / "keys", command), facts, authority)

    assert signed.time_state is TimeState.STAMPED
    assert len(signed.data) - len(one_pixel()) <= 16_384


_KEYS = {
    "es256": (ec.generate_private_key(ec.SECP256R1()), hashes.SHA256(), 64),
    "es384": (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384(), 96),
    "es512": (ec.generate_private_key(ec.SECP521R1()), hashes.SHA512(), 132),
}


def _raw(der, size):
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    return r.to_bytes(size // 2) + s.to_bytes(size // 2)


@pytest.mark.parametrize("form", ["der", "raw", "base64-of-der", "base64-of-raw-in-lines"])
@pytest.mark.parametrize("algorithm", sorted(_KEYS))
def test_each_form_of_a_signature_becomes_the_raw_one(tmp_path, algorithm, form):
    """What a KMS answers differs; COSE wants r and s, each as long as the curve."""
    key, used, size = _KEYS[algorithm]
    Authority().issue(tmp_path / "keys", key=key)
    der = key.sign(BYTES, ec.ECDSA(used))
    written = {
        "der": der,
        "raw": _raw(der, size),
        "base64-of-der": base64.b64encode(der) + b"\n",
        "base64-of-raw-in-lines": base64.encodebytes(_raw(der, size)),
    }[form]
    command = _python(tmp_path, f"import sys; sys.stdout.buffer.write({written!r})")

    signature = command.sign(BYTES, _certificate(tmp_path / "keys"))

    assert signature == _raw(der, size)


def test_edwards_and_rsa_signatures_are_taken_as_they_are(tmp_path):
    edwards, big = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signatures = {edwards: edwards.sign(BYTES), big: big.sign(BYTES, pss, hashes.SHA256())}
    for number, (key, signature) in enumerate(signatures.items()):
        Authority().issue(tmp_path / str(number), key=key)
        command = _python(tmp_path, f"import sys; sys.stdout.buffer.write({signature!r})")

        assert command.sign(BYTES, _certificate(tmp_path / str(number))) == signature


_FAILURES = [
    pytest.param("import sys; sys.exit(3)", "command_failed", id="exit-code"),
    pytest.param("", "signature_wrong", id="nothing"),
    pytest.param("print('please log in')", "signature_wrong", id="words"),
    pytest.param("import sys; sys.stdout.buffer.write(bytes(64))", "signature_wrong", id="zeros"),
    pytest.param("print('x' * 1_000_000)", "signature_wrong", id="a-flood"),
]


@pytest.mark.parametrize(("source", "reason"), _FAILURES)
def test_command_that_does_not_sign_is_told_apart(tmp_path, source, reason):
    Authority().issue(tmp_path / "keys")

    with pytest.raises(SigningFailed, match=reason):
        _python(tmp_path, source).sign(BYTES, _certificate(tmp_path / "keys"))


def test_command_with_another_key_is_found_out(tmp_path):
    """The KMS's alias points at the wrong key: nothing is signed with it."""
    Authority().issue(tmp_path / "keys")
    Authority().issue(tmp_path / "other")

    with pytest.raises(SigningFailed, match="signature_wrong"):
        _openssl(_moved_key(tmp_path / "other")).sign(BYTES, _certificate(tmp_path / "keys"))


def test_slow_command_ends_with_all_that_it_started(tmp_path):
    """A child of it that holds the pipe open must not hold up the worker."""
    Authority().issue(tmp_path / "keys")
    pid_file = tmp_path / "pid"
    command = _python(
        tmp_path,
        f"""
        import pathlib, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))
        child.wait()
        """,
    )
    slow = SigningCommand(command.arguments, timeout_s=1.5)

    start = time.perf_counter()
    with pytest.raises(SigningFailed, match="command_timeout"):
        slow.sign(BYTES, _certificate(tmp_path / "keys"))
    waited_s = time.perf_counter() - start

    child = int(pid_file.read_text())
    while not _is_gone(child) and time.perf_counter() - start < 10:
        time.sleep(0.01)  # A killed process ends when the system comes to it.
    assert waited_s < 10
    assert _is_gone(child)


def _is_gone(pid) -> bool:
    """Tell whether a process has ended; one that nobody waited for yet has, too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in {"Z", "X"}


def test_shell_signs_are_plain_words(tmp_path):
    """No shell: what would be a second command is an argument of the first."""
    witness = tmp_path / "witness"
    settings = CoreSettings(signing_command=f"echo 'a b' ; touch {witness}")
    Authority().issue(tmp_path / "keys")

    command = signing_command(settings)
    with pytest.raises(SigningFailed, match="signature_wrong"):
        command.sign(BYTES, _certificate(tmp_path / "keys"))

    assert command.arguments == ("echo", "a b", ";", "touch", str(witness))
    assert not witness.exists()


def test_command_is_told_nothing_of_our_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("EASEL_SECRET_KEY", "hidden")
    monkeypatch.setenv("KMS_REGION", "here")
    Authority().issue(tmp_path / "keys")
    seen = tmp_path / "seen"
    command = _python(
        tmp_path, f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(str(os.environ))"
    )

    with pytest.raises(SigningFailed):
        command.sign(BYTES, _certificate(tmp_path / "keys"))

    assert "hidden" not in seen.read_text()
    assert "KMS_REGION" in seen.read_text()


def test_what_a_command_says_reaches_no_log(tmp_path, facts, caplog):
    """Neither ours nor the library's: a KMS's error may quote a token."""
    Authority().issue(tmp_path / "keys")
    command = _python(
        tmp_path,
        "import sys; print('t0ken'); print('t0ken', file=sys.stderr); sys.exit(1)",
    )
    keys = load_or_create_keys(tmp_path / "keys", command)

    with (
        caplog.at_level(logging.DEBUG),
        capture_logs() as logs,
        pytest.raises(native.SigningRefused) as refusal,
    ):
        _sign(keys, facts)

    assert refusal.value.reason == "command_failed"
    assert [entry["event"] for entry in logs] == ["signing_command_failed"]
    assert "t0ken" not in f"{logs}{caplog.text}"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(("/nowhere/sign",), "command_missing", id="no-such-program"),
        pytest.param((os.devnull,), "command_missing", id="no-program"),
        pytest.param(("false",), "command_failed", id="fails"),
    ],
)
def test_command_that_can_not_sign_is_refused_at_the_start(tmp_path, arguments, reason):
    Authority().issue(tmp_path / "keys")

    with pytest.raises(UserError) as refusal:
        try_chain(load_or_create_keys(tmp_path / "keys", SigningCommand(arguments)))

    assert (refusal.value.code, refusal.value.facts["reason"]) == ("signing_keys_unusable", reason)


def test_command_without_a_chain_makes_none(tmp_path):
    """A development chain is no stand-in for a certificate whose key lies elsewhere."""
    (tmp_path / "keys").mkdir()

    with pytest.raises(UserError) as refusal:
        load_or_create_keys(tmp_path / "keys", SigningCommand(("true",)))

    assert refusal.value.code == "signing_keys_incomplete"
    assert refusal.value.facts["missing"] == ["root.pem", "chain.pem"]
    assert list((tmp_path / "keys").iterdir()) == []


def test_setting_with_an_open_quote_is_refused(tmp_path):
    with pytest.raises(UserError) as refusal:
        signing_command(CoreSettings(signing_command="sign 'oops", home=tmp_path))

    assert refusal.value.facts["reason"] == "command"


def test_no_setting_means_a_key_file():
    assert signing_command(CoreSettings(signing_command="")) is None
