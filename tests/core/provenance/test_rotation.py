"""A new certificate signs, old pictures stay ours, and what does not fit changes nothing."""

import multiprocessing

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from core.contracts.provenance import Found
from core.errors import UserError
from core.provenance import key_folder, native
from core.provenance.keys import load_anchors, load_or_create_keys
from core.provenance.manifest import manifest_of
from core.provenance.read import read
from core.provenance.rotation import ALGORITHMS, import_chain, own_certificates, request, rotate
from core.provenance.signer import SigningCommand
from tests.core.provenance.authority import Authority
from tests.core.provenance.clock import openssl
from tests.core.provenance.png import one_pixel


def _signed(keys, facts) -> bytes:
    return native.sign(one_pixel(), "image/png", manifest_of(facts), keys).data


def _contents(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def folder(tmp_path):
    """A folder with a development chain."""
    load_or_create_keys(tmp_path / "keys")
    return tmp_path / "keys"


def _issued(authority, folder, public_key=None, **options):
    """What an authority sends back: the chain with its root at the end."""
    authority.issue(folder, **options)
    return (folder / "chain.pem").read_bytes() + (folder / "root.pem").read_bytes()


def test_pictures_of_each_earlier_certificate_stay_ours(folder, facts):
    """Two rotations: three certificates under one root, all of them this Easel's own."""
    pictures = [_signed(load_or_create_keys(folder), facts)]
    pictures += [_signed(rotate(folder), facts) for _ in range(2)]

    anchors = load_anchors(folder)

    assert [read(each, anchors=anchors).is_ours for each in pictures] == [True] * 3
    assert len(anchors.serial_numbers) == 3
    assert anchors.pem.count("BEGIN CERTIFICATE") == 1


def test_rotation_makes_a_new_key_and_keeps_no_old_one(folder):
    before = _contents(folder)

    keys = rotate(folder)

    after = _contents(folder)
    assert keys.is_development
    assert after["root.pem"] == before["root.pem"]
    assert after["signing.key"] != before["signing.key"]
    assert not any(before["signing.key"] in content for content in after.values())
    assert {name for name in after if name not in before} == {
        f"retired/{own_certificates(folder)[1].serial_number}.pem"
    }
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*")} == {0}


def test_without_the_retired_certificate_its_pictures_are_a_strangers(folder, facts):
    """What makes them ours is that folder: the test of the other two could otherwise not fail."""
    picture = _signed(load_or_create_keys(folder), facts)
    rotate(folder)
    for path in (folder / "retired").iterdir():
        path.unlink()

    assert read(picture, anchors=load_anchors(folder)).found is Found.OTHER_SIGNER


def test_certificate_that_ended_is_rotated_out(folder, monkeypatch):
    """It can not be loaded any more, which is why one rotates."""
    from core.provenance import keys

    late = own_certificates(folder)[0].ends_at
    monkeypatch.setattr(keys, "utc_now", lambda: late)
    with pytest.raises(UserError):
        load_or_create_keys(folder)
    monkeypatch.undo()

    assert rotate(folder).ends_at > late.replace(year=late.year - 1)


def test_first_rotation_of_an_empty_folder_makes_a_chain(tmp_path):
    rotate(tmp_path / "keys")

    assert [each.is_retired for each in own_certificates(tmp_path / "keys")] == [False, True]


def test_authoritys_certificate_can_not_be_rotated_here(tmp_path):
    Authority().issue(tmp_path / "keys")
    before = _contents(tmp_path / "keys")

    with pytest.raises(UserError) as refusal:
        rotate(tmp_path / "keys")

    assert refusal.value.code == "keys_not_rotatable"
    assert _contents(tmp_path / "keys") == before


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_request_goes_out_and_its_certificate_comes_in(folder, tmp_path, facts, algorithm):
    """The whole way to an own chain: the key never leaves the folder."""
    old_picture = _signed(load_or_create_keys(folder), facts)

    asked = x509.load_pem_x509_csr(request(folder, "Our server", "Our club", algorithm))
    answer = _issued(Authority(), tmp_path / "theirs", key=_Asked(asked))
    keys = import_chain(folder, answer)

    assert asked.subject.rfc4514_string() == "CN=Our server,O=Our club"
    assert keys.algorithm == algorithm
    assert not keys.is_development
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == [
        "chain.pem",
        "retired",
        "root.pem",
        "signing.key",
    ]
    assert read(_signed(keys, facts), anchors=load_anchors(folder)).is_ours
    assert read(old_picture, anchors=load_anchors(folder)).is_ours


class _Asked:
    """Stand in for a private key where only its public half is known, as an authority has it."""

    def __init__(self, asked):
        self._asked = asked

    def public_key(self):
        return self._asked.public_key()


def test_pictures_under_an_earlier_root_stay_ours(tmp_path, facts):
    """From one authority to another: both roots are anchors, strangers under them stay strangers."""
    folder, first, second = tmp_path / "keys", Authority("First"), Authority("Second")
    import_chain(folder, _issued(first, tmp_path / "a"), key_pem=_key(tmp_path / "a"))
    old_picture = _signed(load_or_create_keys(folder), facts)
    first.issue(tmp_path / "stranger")
    strangers = _signed(load_or_create_keys(tmp_path / "stranger"), facts)

    import_chain(folder, _issued(second, tmp_path / "b"), key_pem=_key(tmp_path / "b"))

    anchors = load_anchors(folder)
    assert read(old_picture, anchors=anchors).is_ours
    assert read(strangers, anchors=anchors).found is Found.OTHER_SIGNER
    assert [each.is_retired for each in own_certificates(folder)] == [False, True]


def _key(folder) -> bytes:
    return (folder / "signing.key").read_bytes()


def test_intermediates_come_along(tmp_path, facts):
    issuing = Authority("Issuing authority", issuer=Authority())
    answer = _issued(issuing, tmp_path / "a")

    keys = import_chain(tmp_path / "keys", answer, key_pem=_key(tmp_path / "a"))

    assert keys.chain_pem.count("BEGIN CERTIFICATE") == 2
    assert read(_signed(keys, facts), anchors=load_anchors(tmp_path / "keys")).is_ours


def test_root_may_come_in_a_file_of_its_own(tmp_path):
    Authority().issue(tmp_path / "a")

    keys = import_chain(
        tmp_path / "keys",
        (tmp_path / "a" / "chain.pem").read_bytes(),
        root_pem=(tmp_path / "a" / "root.pem").read_bytes(),
        key_pem=_key(tmp_path / "a"),
    )

    assert not keys.is_development


def test_command_takes_the_place_of_a_key(folder, tmp_path):
    answer = _issued(Authority(), tmp_path / "a")
    elsewhere = (tmp_path / "a" / "signing.key").rename(tmp_path / "hsm.key")
    command = SigningCommand((openssl(), "dgst", "-sha256", "-sign", str(elsewhere)))

    keys = import_chain(folder, answer, command=command)

    assert keys.command == command
    assert not (folder / "signing.key").exists()


def _of_another_key(tmp_path):
    answer = _issued(Authority(), tmp_path / "a")
    Authority().issue(tmp_path / "b")
    return {"chain_pem": answer, "key_pem": _key(tmp_path / "b")}


def _issued_with(**options):
    def make(tmp_path):
        answer = _issued(Authority(), tmp_path / "a", **options)
        return {"chain_pem": answer, "key_pem": _key(tmp_path / "a")}

    return make


def _without_a_root(tmp_path):
    _issued(Authority(), tmp_path / "a")
    chain = (tmp_path / "a" / "chain.pem").read_bytes()
    return {"chain_pem": chain, "key_pem": _key(tmp_path / "a")}


def _under_another_root(tmp_path):
    root = Authority().certificate.public_bytes(serialization.Encoding.PEM)
    return _without_a_root(tmp_path) | {"root_pem": root}


def _upside_down(tmp_path):
    issuing = Authority("Issuing authority", issuer=Authority())
    issuing.issue(tmp_path / "a")
    certificates = x509.load_pem_x509_certificates((tmp_path / "a" / "chain.pem").read_bytes())
    pem = [each.public_bytes(serialization.Encoding.PEM) for each in reversed(certificates)]
    root = (tmp_path / "a" / "root.pem").read_bytes()
    return {"chain_pem": b"".join(pem), "root_pem": root, "key_pem": _key(tmp_path / "a")}


def _nobodys_key(tmp_path):
    return {"chain_pem": _issued(Authority(), tmp_path / "a")}


def _words(_tmp_path):
    return {"chain_pem": b"not a certificate"}


def _no_key(tmp_path):
    return {"chain_pem": _issued(Authority(), tmp_path / "a"), "key_pem": b"not a key"}


def _known(tmp_path):
    root = (tmp_path / "keys" / "root.pem").read_bytes()
    return {
        "chain_pem": (tmp_path / "keys" / "chain.pem").read_bytes() + root,
        "key_pem": _key(tmp_path / "keys"),
    }


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(_of_another_key, "key_not_of_chain", id="another-key"),
        pytest.param(_nobodys_key, "key_missing", id="no-key"),
        pytest.param(_no_key, "key", id="key-is-text"),
        pytest.param(_words, "certificate", id="chain-is-text"),
        pytest.param(_without_a_root, "root_missing", id="no-root"),
        pytest.param(_under_another_root, "chain_broken", id="another-root"),
        pytest.param(_upside_down, "chain_broken", id="upside-down"),
        pytest.param(_known, "known_already", id="signs-already"),
        pytest.param(_issued_with(days=-1), "expired", id="expired"),
        pytest.param(_issued_with(purposes=()), "refused", id="no-purpose"),
        pytest.param(_issued_with(is_complete=False), "refused", id="no-authority-key-identifier"),
        pytest.param(
            _issued_with(key=ec.generate_private_key(ec.SECP256K1())), "algorithm", id="bitcoin"
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(folder, tmp_path, make, reason):
    given = make(tmp_path)
    before = _contents(folder)

    with pytest.raises(UserError) as refusal:
        import_chain(folder, **given)

    assert (refusal.value.code, refusal.value.facts["reason"]) == ("keys_import_refused", reason)
    assert _contents(folder) == before


def test_retired_certificate_can_not_come_back(folder):
    """Rolled back by mistake, an old chain would sign again."""
    old = (folder / "chain.pem").read_bytes() + (folder / "root.pem").read_bytes()
    key = _key(folder)
    rotate(folder)

    with pytest.raises(UserError) as refusal:
        import_chain(folder, old, key_pem=key)

    assert refusal.value.facts["reason"] == "known_already"


@pytest.mark.parametrize("done", range(3))
def test_rotation_cut_short_is_finished_by_whoever_comes_next(folder, facts, monkeypatch, done):
    """Killed between two files: the next start has the whole new chain, and reads the old one."""
    picture = _signed(load_or_create_keys(folder), facts)
    replaced = []

    class Killed(BaseException):
        """Stands in for SIGKILL."""

    original = key_folder.Path.replace

    def replace(path, target):
        if path.parent.name == ".next":
            if len(replaced) == done:
                raise Killed
            replaced.append(path.name)
        return original(path, target)

    monkeypatch.setattr(key_folder.Path, "replace", replace)
    if done < 2:
        with pytest.raises(Killed):
            rotate(folder)
    else:
        rotate(folder)
    monkeypatch.undo()

    keys = load_or_create_keys(folder)

    assert replaced == ["chain.pem", "signing.key"][:done]
    assert not key_folder.is_unfinished(folder)
    assert read(_signed(keys, facts), anchors=load_anchors(folder)).is_ours
    assert read(picture, anchors=load_anchors(folder)).is_ours


def _load_again_and_again(folder, barrier, outcomes):
    barrier.wait()
    try:
        for _ in range(150):
            load_or_create_keys(folder)
        outcomes.put("fine")
    except UserError as error:
        outcomes.put(repr(error))


def test_workers_that_start_during_rotations_find_a_whole_chain(folder):
    context = multiprocessing.get_context("spawn")
    barrier, outcomes = context.Barrier(2), context.Queue()
    starter = context.Process(target=_load_again_and_again, args=(folder, barrier, outcomes))
    starter.start()
    barrier.wait()
    while outcomes.empty():
        rotate(folder)

    outcome = outcomes.get(timeout=60)
    starter.join()
    starter.close()
    outcomes.close()
    outcomes.join_thread()

    assert outcome == "fine"


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_name_that_x509_does_not_take_is_refused(folder, name):
    before = _contents(folder)

    with pytest.raises(UserError) as refusal:
        request(folder, name, "Our club")

    assert refusal.value.code == "keys_name_unusable"
    assert _contents(folder) == before


def test_private_keys_reach_no_log(folder, tmp_path):
    with capture_logs() as logs:
        request(folder, "Our server", "Our club")
        rotate(folder)

    secrets = [
        line
        for name in ("signing.key", "request.key")
        for line in (folder / name).read_text().splitlines()[1:-1]
    ]
    assert [entry["event"] for entry in logs] == [
        "signing_key_requested",
        "signing_keys_rotated",
    ]
    assert not any(secret in f"{logs}" for secret in secrets)


def test_certificates_are_listed_with_what_they_are_for(folder):
    rotate(folder)

    signing, retired = own_certificates(folder)

    assert (signing.is_retired, retired.is_retired) == (False, True)
    assert signing.name == "CN=Easel development signer (untrusted),O=Easel"
    assert signing.issuer == "CN=Easel development root (untrusted),O=Easel"
    assert signing.algorithm == "es256"
    assert own_certificates(folder.parent / "nowhere") == []
