"""`easel verify`: what a file's label is, in words, JSON and exit codes."""

import json

import pytest
from PIL import Image

from core.contracts.base import utc_now
from core.contracts.ids import new_verify_id
from core.contracts.provenance import StampFacts
from core.provenance.keys import load_or_create_keys
from core.provenance.stamp import Stamper


@pytest.fixture
def stamped(home):
    """A picture labelled with this home's own keys."""
    facts = StampFacts(
        verify_id=new_verify_id(),
        model="easel-small",
        policy_name="easel-pg13",
        policy_version="1.0.0",
        created_at=utc_now(),
    )
    path = home / "a.png"
    keys = load_or_create_keys(home / "keys")
    path.write_bytes(Stamper(keys).stamp(Image.new("RGB", (64, 64), "red"), facts).data)
    return path


@pytest.fixture
def changed(stamped):
    """The same with one byte of its pixels changed."""
    content = bytearray(stamped.read_bytes())
    content[content.index(b"IDAT") + 10] ^= 1
    path = stamped.with_name("b.png")
    path.write_bytes(content)
    return path


def test_a_valid_label_exits_with_0_and_says_so(easel, stamped):
    """In two sentences."""
    result = easel("verify", stamped)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{stamped}: ")


def test_a_changed_picture_exits_with_1(easel, changed):
    """One pixel is enough."""
    assert easel("verify", changed).exit_code == 1


def test_one_bad_file_among_good_ones_decides(easel, stamped, changed):
    """Each is told; the exit code is the worst."""
    result = easel("verify", stamped, changed, "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [line["is_valid"] for line in lines] == [True, False]
    assert [line["report"]["state"] for line in lines] == ["valid", "invalid"]


def test_what_is_no_picture_is_not_valid(easel, home):
    """And no reason to crash."""
    path = home / "notes.txt"
    path.write_text("hello")

    result = easel("verify", path, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["report"]["state"] == "unreadable"


def test_another_easels_label_is_not_ours_to_vouch_for(easel, stamped, monkeypatch, tmp_path):
    """Where there are no keys, nobody is trusted; none are made by looking."""
    monkeypatch.setenv("EASEL_HOME", str(tmp_path / "elsewhere"))

    result = easel("verify", stamped, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["report"]["state"] == "valid_untrusted"
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_file_is_a_usage_error(easel, home):
    """With its name."""
    result = easel("verify", home / "missing.png")

    assert result.exit_code == 2
    assert "missing.png" in result.stderr
