"""The mark's keys: made once, kept secret, rotated."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import UserError
from core.provenance.mark.keys import FILE, load_or_create_mark_keys, rotate_mark_keys


def test_the_first_start_makes_a_key_that_only_the_owner_reads(tmp_path):
    """The folder, too, is made."""
    made = load_or_create_mark_keys(tmp_path / "keys")

    path = tmp_path / "keys" / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made == load_or_create_mark_keys(tmp_path / "keys")
    assert made.newest.version == 1


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    """Each asks the folder's lock."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_or_create_mark_keys(tmp_path), range(8)))

    assert all(each == made[0] for each in made)


def test_a_rotation_adds_a_version_and_keeps_the_others(tmp_path):
    """Earlier pictures must be read."""
    before = load_or_create_mark_keys(tmp_path)

    after = rotate_mark_keys(tmp_path)

    assert [key.version for key in after.versions] == [1, 2]
    assert after.of(1) == before.newest
    assert after.newest.secret != before.newest.secret
    assert load_or_create_mark_keys(tmp_path) == after
    assert after.of(7) is None


def test_no_secret_shows_in_a_repr(tmp_path):
    """Keys end up in tracebacks."""
    keys = load_or_create_mark_keys(tmp_path)

    assert keys.newest.secret.get_secret_value().hex() not in repr(keys)
    assert repr(keys.newest.secret.get_secret_value())[2:-1] not in repr(keys)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("rubbish\n", id="no JSON"),
        pytest.param('{"version": 1, "secret": "00"}\n', id="a short secret"),
        pytest.param('{"secret": "' + "00" * 32 + '"}\n', id="no version"),
        pytest.param(('{"version": 1, "secret": "' + "00" * 32 + '"}\n') * 2, id="a version twice"),
        pytest.param("[1]\n", id="no object"),
        pytest.param("é\n", id="not ASCII"),
    ],
)
@pytest.mark.parametrize("use", [load_or_create_mark_keys, rotate_mark_keys])
def test_a_broken_file_is_refused_and_left_as_it_is(tmp_path, content, use):
    """A new key in its place would lose every earlier mark."""
    (tmp_path / FILE).write_text(content, "utf-8")

    with pytest.raises(UserError) as refusal:
        use(tmp_path)

    assert refusal.value.code == "mark_keys_unusable"
    assert (tmp_path / FILE).read_text("utf-8") == content
