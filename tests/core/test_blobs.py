"""Blobs are whole or absent, stay inside their store, and say plainly when it is away."""

import secrets
import sys
import types
from datetime import UTC, datetime, timedelta

import pytest

from core.blobs import Blobs
from core.errors import NotFound, Unavailable

KEY = "published/job1/0123456789abcdef.png"
DATA = b"\x89PNG\r\n" + bytes(range(256)) * 40


@pytest.fixture(
    params=[pytest.param("folder", id="folder"), pytest.param("memory", id="object-store")]
)
def blobs(request, tmp_path):
    """Both kinds of store keep the same contract."""
    if request.param == "folder":
        return Blobs(str(tmp_path / "blobs"))
    return Blobs(f"memory://bucket-{secrets.token_hex(4)}/easel")


def test_what_was_put_is_got(blobs):
    """Every byte, and from another object over the same store too."""
    blobs.put(KEY, DATA)

    assert blobs.get(KEY) == DATA
    assert Blobs(blobs._url).get(KEY) == DATA


def test_a_second_put_takes_the_firsts_place(blobs):
    """A task that runs twice stores its picture twice."""
    blobs.put(KEY, b"first, and longer")

    blobs.put(KEY, b"second")

    assert blobs.get(KEY) == b"second"


def test_a_missing_blob_is_not_found(blobs):
    """The error is a person's to read: they may hold an old link."""
    with pytest.raises(NotFound, match="blob_not_found"):
        blobs.get(KEY)


def test_existence_follows_put_and_delete(blobs):
    """Deleting twice is deleting once."""
    assert not blobs.exists(KEY)
    blobs.put(KEY, DATA)
    assert blobs.exists(KEY)

    blobs.delete(KEY)
    blobs.delete(KEY)

    assert not blobs.exists(KEY)


def test_a_moved_blob_is_at_its_new_key_alone(blobs):
    """What a moderator approves moves from the held area to the published one."""
    blobs.put("held/job1/a.png", DATA)

    blobs.move("held/job1/a.png", KEY)

    assert blobs.get(KEY) == DATA
    assert not blobs.exists("held/job1/a.png")


def test_moving_again_after_a_crash_changes_nothing(blobs):
    """The step after the move may not have been recorded; it is then done again."""
    blobs.put("held/job1/a.png", DATA)
    blobs.move("held/job1/a.png", KEY)

    blobs.move("held/job1/a.png", KEY)

    assert blobs.get(KEY) == DATA


def test_moving_what_never_was_is_not_found(blobs):
    """Neither key holds anything: that is no repeated move."""
    with pytest.raises(NotFound, match="blob_not_found"):
        blobs.move("held/job1/a.png", KEY)


def test_a_folder_is_looked_along(blobs):
    """What lies right under it, with the time at which it came; not what lies deeper."""
    before = datetime.now(UTC)
    for key in ("snapshots/job1", "snapshots/job2", "snapshots/deeper/job3", KEY):
        blobs.put(key, DATA)

    found = blobs.listed("snapshots")

    assert sorted(each.key for each in found) == ["snapshots/job1", "snapshots/job2"]
    # A file system's clock may be a tick behind.
    slack = timedelta(seconds=1)
    assert all(before - slack <= each.put_at <= datetime.now(UTC) + slack for each in found)


def test_a_folder_that_is_not_there_holds_nothing(blobs):
    blobs.put(KEY, DATA)

    assert blobs.listed("snapshots") == []


def test_what_is_no_key_is_nobody_s_to_name(tmp_path):
    """A file that is still being written, and one that an operator put there."""
    blobs = Blobs(str(tmp_path))
    blobs.put("snapshots/job1", DATA)
    for name in (".job2.0a1b2c3d", "read me.txt"):
        (tmp_path / "snapshots" / name).write_bytes(b"other")

    assert [each.key for each in blobs.listed("snapshots")] == ["snapshots/job1"]


def test_a_store_that_is_away_is_not_taken_for_an_empty_one(tmp_path):
    (tmp_path / "blobs").write_text("not a folder")

    with pytest.raises(Unavailable, match="blobs_away"):
        Blobs(str(tmp_path / "blobs")).listed("snapshots")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("/etc/passwd", id="absolute"),
        pytest.param("../keys/root.pem", id="parent-first"),
        pytest.param("published/../../keys/root.pem", id="parent-inside"),
        pytest.param("published/./a.png", id="dot"),
        pytest.param("published//a.png", id="empty-segment"),
        pytest.param("published/", id="folder"),
        pytest.param("published\\a.png", id="backslash"),
        pytest.param("published/a.png\x00", id="nul"),
        pytest.param("published/a.png\n", id="newline"),
        pytest.param("published/.hidden", id="hidden"),
        pytest.param("s3://elsewhere/a.png", id="url"),
        pytest.param("published/%2e%2e/a", id="escaped"),
    ],
)
def test_a_key_cannot_lead_out_of_the_store(blobs, key):
    """Refused as a bug, before anything is touched, whatever the operation."""
    for operation in (blobs.get, blobs.delete, blobs.exists):
        with pytest.raises(ValueError, match="not a blob key"):
            operation(key)
    with pytest.raises(ValueError, match="not a blob key"):
        blobs.put(key, DATA)
    with pytest.raises(ValueError, match="not a blob key"):
        blobs.move(KEY, key)


def test_a_write_that_fails_leaves_the_old_blob_whole(monkeypatch, tmp_path):
    """A full disk at the sync: the earlier bytes stay, and no half file lies beside them."""
    blobs = Blobs(str(tmp_path))
    blobs.put(KEY, DATA)

    def disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.blobs.os.fsync", disk_full)
    with pytest.raises(Unavailable, match="blobs_away"):
        blobs.put(KEY, b"half")

    assert blobs.get(KEY) == DATA
    assert [path.name for path in tmp_path.rglob("*.png*")] == [KEY.rsplit("/", 1)[1]]


def test_a_store_that_is_away_is_unavailable(tmp_path):
    """Here: a file where the folder should be, as a lost mount may leave it."""
    (tmp_path / "blobs").write_text("not a folder")
    blobs = Blobs(str(tmp_path / "blobs"))

    with pytest.raises(Unavailable, match="blobs_away"):
        blobs.put(KEY, DATA)


def test_a_folder_may_be_named_by_a_file_url(tmp_path):
    """`EASEL_BLOB_URL` takes both forms of a folder."""
    Blobs(f"file://{tmp_path}/blobs").put(KEY, DATA)

    assert (tmp_path / "blobs" / KEY).read_bytes() == DATA


def test_an_s3_endpoint_that_is_away_is_unavailable(monkeypatch):
    """botocore's errors are no OSErrors; s3fs is an extra, so its tree is stood in for."""

    class BotoCoreError(Exception):
        """As botocore.exceptions has it."""

    def unreachable(*_args, **_options):
        raise BotoCoreError

    botocore = types.SimpleNamespace(BotoCoreError=BotoCoreError)
    monkeypatch.setitem(sys.modules, "botocore.exceptions", botocore)
    monkeypatch.setattr("core.blobs.fsspec.core.url_to_fs", unreachable)

    with pytest.raises(Unavailable, match="blobs_away"):
        Blobs("s3://bucket/easel").get(KEY)
