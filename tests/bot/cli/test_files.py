"""Pictures as files."""

from pathlib import Path

import pytest

from bot.cli.files import numbered, write_pictures, write_whole
from bot.cli.terminal import Terminal
from bot.replies import Reply, ReplyKind, ReplyPicture
from core.blobs import Blobs


def shown(number):
    return ReplyPicture(
        verify_id=f"{number:016x}",
        blob=f"published/j/{number}.png",
        file_name=f"easel-{number}.png",
        media_type="image/png",
        width=512,
        height=512,
        alt_text="A cat.",
        label="AI-generated",
    )


@pytest.fixture
def blobs(tmp_path):
    store = Blobs(str(tmp_path / "blobs"))
    for number in (1, 2):
        store.put(f"published/j/{number}.png", b"pixels %d" % number)
    return store


@pytest.fixture
def reply():
    return Reply(
        kind=ReplyKind.RESULT, title="Done", lines=("AI-generated",), pictures=(shown(1), shown(2))
    )


def test_several_pictures_are_numbered_beside_the_named_one(tmp_path, blobs, reply, capsys):
    """Path and label of each on stdout."""
    out = tmp_path / "a.png"

    paths = write_pictures(blobs, reply, out, Terminal())

    assert [path.name for path in paths] == ["a.png", "a-2.png"]
    assert out.read_bytes() == b"pixels 1"
    assert capsys.readouterr().out == f"{out}  AI-generated\n{tmp_path / 'a-2.png'}  AI-generated\n"


def test_without_a_name_a_picture_keeps_its_own(tmp_path, blobs, reply, monkeypatch):
    """In the working folder."""
    monkeypatch.chdir(tmp_path)

    paths = write_pictures(blobs, reply, None, Terminal(quiet=True))

    assert paths == [Path("easel-1.png"), Path("easel-2.png")]
    assert paths[1].read_bytes() == b"pixels 2"


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    """A full disk leaves the old picture."""
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    monkeypatch.undo()

    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]


def test_only_the_first_keeps_its_name():
    """The number goes before the suffix."""
    assert numbered(Path("x/a.b.png"), 1) == Path("x/a.b.png")
    assert numbered(Path("x/a.b.png"), 3) == Path("x/a.b-3.png")
