"""`easel verify`: was this made here, in words, JSON and exit codes; with a registry and without."""

import json

import pytest
from PIL import Image

from bench.provenance_corpus import DRAWN
from core.contracts.base import utc_now
from core.contracts.ids import new_verify_id
from core.contracts.provenance import StampFacts
from core.provenance.keys import load_or_create_keys
from core.provenance.stamp import Stamper
from tests.core.provenance.gallery import Gallery, opened, saved


@pytest.fixture
def facts():
    return StampFacts(
        verify_id=new_verify_id(),
        model="easel-small",
        policy_name="easel-pg13",
        policy_version="1.0.0",
        created_at=utc_now(),
    )


@pytest.fixture
def stamped(home, facts):
    """A picture labelled with this home's own keys, on a host that has keys and no registry."""
    path = home / "a.png"
    keys = load_or_create_keys(home / "keys")
    path.write_bytes(Stamper(keys).stamp(Image.new("RGB", (64, 64), "red"), facts).data)
    return path


@pytest.fixture
def registered(home):
    """A picture that went down the whole road: marked, labelled, on record and shown."""
    gallery = Gallery(home)
    made, _ = gallery.post(DRAWN["hills"]())
    gallery.store.close()
    path = home / "a.png"
    path.write_bytes(made.data)
    return path


def changed(path):
    """The same with one byte of its pixels changed."""
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 10] ^= 1
    other = path.with_name("b.png")
    other.write_bytes(content)
    return other


def told(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_file_as_it_was_posted_exits_with_0_and_says_so_in_two_sentences(easel, registered):
    result = easel("verify", registered)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{registered}: This is the very file that was posted here")
    assert "That does not mean" in result.stdout
    assert "registry" not in result.stderr


def test_a_picture_that_was_changed_is_known_and_exits_with_1(easel, registered):
    """Cropped and saved as a JPEG, which leaves nothing but its mark."""
    image = opened(registered.read_bytes())
    width, height = image.size
    path = registered.with_name("b.jpg")
    path.write_bytes(saved(image.crop((0, 0, int(width * 0.8), height)), quality=80))

    result = easel("verify", path, "--json")

    (line,) = told(result)
    assert result.exit_code == 1
    assert (line["is_made_here"], line["is_unchanged"]) == (True, False)
    assert line["examination"]["rung"] == "mark"
    assert {"cropped", "re_encoded", "metadata_lost"} <= set(line["examination"]["changes"])
    assert "cropped" in line["found"]
    assert line["not_looked_at"] == []


def test_one_bad_file_among_good_ones_decides(easel, registered, home):
    """Each is told; the exit code is the worst."""
    other = home / "notes.txt"
    other.write_text("hello")

    result = easel("verify", registered, other, "--json")

    assert result.exit_code == 1
    assert [line["is_unchanged"] for line in told(result)] == [True, False]
    assert [line["examination"]["rung"] for line in told(result)] == ["exact", "unreadable"]


def test_no_member_no_request_and_no_prompt_is_told(easel, registered):
    """Whoever may run it on this machine can look into the database, and need not by accident."""
    assert not {"job_id", "member_id", "prompt"} & set(
        _keys_of(told(easel("verify", registered, "--json")))
    )


def _keys_of(value):
    if isinstance(value, dict):
        return [*value, *(key for each in value.values() for key in _keys_of(each))]
    return [key for each in value for key in _keys_of(each)] if isinstance(value, list) else []


def test_without_a_registry_labels_are_read_and_the_rest_is_named(easel, stamped, home):
    """A host that has keys alone; and none of a registry is made by asking."""
    words, facts = easel("verify", stamped), easel("verify", stamped, "--json")

    (line,) = told(facts)
    assert (words.exit_code, facts.exit_code) == (0, 0)
    assert "There is no registry on this host" in words.stderr
    assert line["not_looked_at"] == ["exact", "mark", "looks"]
    assert (line["examination"]["rung"], line["is_unchanged"]) == ("our_manifest", True)
    assert not (home / "easel.db").exists()


def test_without_a_registry_a_changed_picture_is_neither_ours_nor_not(easel, stamped):
    """One byte is enough; only the registry could say whether the picture is still the same."""
    result = easel("verify", changed(stamped), "--json")

    (line,) = told(result)
    assert result.exit_code == 1
    assert (line["examination"]["rung"], line["is_made_here"]) == ("unconfirmed", False)
    assert line["examination"]["claimed_id"]


def test_another_easels_label_is_not_ours_to_vouch_for(easel, stamped, monkeypatch, tmp_path):
    """Where there are no keys, nobody is trusted; none are made by looking."""
    monkeypatch.setenv("EASEL_HOME", str(tmp_path / "elsewhere"))

    result = easel("verify", stamped, "--json")

    (line,) = told(result)
    assert result.exit_code == 1
    assert line["examination"]["rung"] == "other_signer"
    assert line["examination"]["report"]["state"] == "valid_untrusted"
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_file_is_a_usage_error(easel, home):
    """With its name."""
    result = easel("verify", home / "missing.png")

    assert result.exit_code == 2
    assert "missing.png" in result.stderr
