"""`easel keys`: what signs and marks is looked at and replaced, and each step says what is left."""

import json
import logging

import pytest
import structlog

from core.provenance.keys import load_anchors, load_or_create_keys
from core.provenance.mark.keys import load_or_create_mark_keys
from tests.core.provenance.authority import Authority
from tests.core.provenance.clock import Clock, serving


@pytest.fixture(autouse=True)
def own_log():
    """Each command sets up the log of its process, which is that of all tests."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def keys(home):
    """A home with a development chain and a key of the mark, as after a first start."""
    load_or_create_keys(home / "keys")
    load_or_create_mark_keys(home / "keys")
    return home / "keys"


def _lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def _faults(result):
    return {line["part"]: line["reason"] for line in _lines(result) if not line["is_well"]}


def test_list_names_what_signs_and_what_did(easel, keys):
    easel("keys", "rotate")

    words, facts = easel("keys", "list"), _lines(easel("keys", "list", "--json"))

    assert words.exit_code == 0
    signs, retired, marks = words.stdout.splitlines()
    assert signs.startswith("signs    es256    until 20")
    assert "Easel development signer (untrusted)" in signs
    assert retired.startswith("retired ")
    assert marks.startswith("mark     1 version")
    assert [line.get("is_retired") for line in facts] == [False, True, None]
    assert facts[-1] == {"event": "mark_keys", "versions": 1}


def test_nothing_is_made_by_looking(easel, home):
    listed, checked = easel("keys", "list"), easel("keys", "check", "--json")

    assert (listed.exit_code, checked.exit_code) == (0, 1)
    assert _faults(checked) == {"chain": "none"}
    assert not (home / "keys").exists()


def test_check_of_a_healthy_folder_exits_with_0(easel, keys):
    result = easel("keys", "check")

    assert result.exit_code == 0
    assert [line[0] for line in result.stdout.splitlines()] == ["✓"] * 4


def test_check_warns_before_the_certificate_ends(easel, home):
    """A month before by itself, or as long before as one asks."""
    Authority().issue(home / "keys", days=40)

    assert easel("keys", "check").exit_code == 0
    late = easel("keys", "check", "--days", "60", "--json")

    assert (late.exit_code, _faults(late)) == (1, {"end": "soon"})


def test_check_of_a_certificate_that_ended_says_so(easel, home):
    Authority().issue(home / "keys", days=-1)

    assert _faults(easel("keys", "check", "--json")) == {"chain": "expired", "end": "soon"}


def test_check_finds_a_key_that_others_can_read(easel, keys):
    (keys / "mark.keys").chmod(0o644)

    result = easel("keys", "check")

    assert result.exit_code == 1
    assert "✗ Others on this machine can read mark.keys: chmod 600" in result.stdout


def test_check_finds_a_chain_that_does_not_sign(easel, home):
    Authority().issue(home / "keys", purposes=())

    assert _faults(easel("keys", "check", "--json")) == {"chain": "refused"}


def test_check_finds_spoilt_keys_of_the_mark(easel, keys):
    (keys / "mark.keys").write_text("spoilt")

    assert _faults(easel("keys", "check", "--json")) == {"mark": "mark_keys_unusable"}


def test_check_tries_the_command_that_signs(easel, home, monkeypatch):
    Authority().issue(home / "keys")
    monkeypatch.setenv("EASEL_SIGNING_COMMAND", "false")

    assert _faults(easel("keys", "check", "--json")) == {"chain": "command_failed"}


def test_check_asks_the_authority(easel, keys, tmp_path, monkeypatch):
    """By itself and through the library; and says why there is no time stamp."""
    clock = Clock(tmp_path / "clock")
    monkeypatch.setenv("EASEL_TSA_ROOTS", str(clock.folder / "root.pem"))
    with serving(clock) as url:
        monkeypatch.setenv("EASEL_TSA_URL", url)
        well = easel("keys", "check", "--json")
        clock.behave = lambda _question: 500
        away = easel("keys", "check", "--json")
    monkeypatch.delenv("EASEL_TSA_ROOTS")
    rootless = easel("keys", "check", "--json")

    assert well.exit_code == 0
    assert {line["part"] for line in _lines(well)} == {"chain", "end", "files", "clock", "mark"}
    assert len(clock.asked) == 3
    assert _faults(away) == {"clock": "status"}
    assert _faults(rootless) == {"clock": "roots_missing"}


def test_certificate_is_asked_for_and_taken_in(easel, keys, home):
    """Development, request, import: the old pictures' certificate stays known."""
    asked = easel("keys", "request", "Our server", "--organisation", "Our club", "--json")
    authority = Authority()
    request = (home / "easel.csr").read_bytes()
    authority.issue(home / "theirs", key=_Asked(request))
    (home / "answer.pem").write_bytes((home / "theirs" / "chain.pem").read_bytes())

    taken = easel("keys", "import", "answer.pem", "--root", home / "theirs" / "root.pem")

    assert _lines(asked)[0]["path"] == str(home / "easel.csr")
    assert taken.exit_code == 0
    assert taken.stdout.startswith("signs    es256")
    assert "Restart every process" in taken.stdout
    assert not load_or_create_keys(keys).is_development
    assert len(load_anchors(keys).serial_numbers) == 2
    assert easel("keys", "check").exit_code == 0


class _Asked:
    """What an authority knows of a key."""

    def __init__(self, request):
        from cryptography import x509

        self._request = x509.load_pem_x509_csr(request)

    def public_key(self):
        return self._request.public_key()


def test_no_key_is_made_where_a_command_signs(easel, keys, home, monkeypatch):
    """Its certificate would be for a key that signs nothing."""
    monkeypatch.setenv("EASEL_SIGNING_COMMAND", "sign")

    result = easel("keys", "request", "Our server")

    assert result.exit_code == 2
    assert not (keys / "request.key").exists()
    assert not (home / "easel.csr").exists()


def test_import_that_does_not_fit_exits_with_2_and_changes_nothing(easel, keys, home):
    Authority().issue(home / "theirs")
    before = {path.name: path.read_bytes() for path in keys.glob("*.*") if path.is_file()}

    refused = easel("keys", "import", home / "theirs" / "chain.pem", "--json")
    missing = easel("keys", "import", "nowhere.pem")

    after = {path.name: path.read_bytes() for path in keys.glob("*.*") if path.is_file()}
    assert (refused.exit_code, missing.exit_code) == (2, 2)
    assert "root_missing" in refused.stdout
    assert after == before


def test_rotation_of_an_authoritys_certificate_says_what_to_do(easel, home):
    Authority().issue(home / "keys")

    result = easel("keys", "rotate")

    assert result.exit_code == 2
    assert "easel keys request" in result.stderr


def test_rotation_of_the_mark_adds_a_version(easel, keys):
    result = easel("keys", "rotate-mark", "--json")

    assert _lines(result) == [{"event": "mark_key", "version": 2}]
    assert len(load_or_create_mark_keys(keys).versions) == 2


def test_no_secret_is_ever_printed(easel, keys, home):
    printed = ""
    for arguments in (["list"], ["check"], ["request", "Our server"], ["rotate"], ["rotate-mark"]):
        result = easel("keys", *arguments)
        printed += result.stdout + result.stderr

    secrets = [
        line
        for name in ("signing.key", "root.key", "request.key")
        for line in (keys / name).read_text().splitlines()[1:-1]
    ]
    secrets += [
        json.loads(line)["secret"] for line in (keys / "mark.keys").read_text().split("\n") if line
    ]
    assert not any(secret in printed for secret in secrets)
