"""Pictures as files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.cli.files import numbered, write_pictures, write_whole
from bot.cli.terminal import Terminal
from bot.replies import Reply, ReplyKind, ReplyPicture
from core.blobs import Blobs
from core.contracts.registry import MarkFacts, MarkState, ProvenanceRecord
from core.errors import NotFound
from core.storage import Store


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
def services(tmp_path):
    """A store that knows two labelled pictures, and their bytes."""
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    blobs = Blobs(str(tmp_path / "blobs"))
    with store.unit() as unit:
        for number in (1, 2):
            blobs.put(f"published/j/{number}.png", b"pixels %d" % number)
            unit.registry.add(record(number))
    yield SimpleNamespace(store=store, blobs=blobs)
    store.close()


def record(number):
    """What the registry remembers of a picture of no job."""
    return ProvenanceRecord(
        verify_id=f"{number:016x}",
        sha256="ab" * 32,
        drawn_sha256=f"{number}" * 64,
        media_type="image/png",
        width=512,
        height=512,
        size_bytes=8,
        model="easel-small",
        policy_name="easel-pg13",
        policy_version="1.0.0",
        mark=MarkFacts(state=MarkState.OFF),
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


@pytest.fixture
def reply():
    return Reply(
        kind=ReplyKind.RESULT, title="Done", lines=("AI-generated",), pictures=(shown(1), shown(2))
    )


def test_several_pictures_are_numbered_beside_the_named_one(tmp_path, services, reply, capsys):
    """Path and label of each on stdout."""
    out = tmp_path / "a.png"

    paths = write_pictures(services, reply, out, Terminal())

    assert [path.name for path in paths] == ["a.png", "a-2.png"]
    assert out.read_bytes() == b"pixels 1"
    assert capsys.readouterr().out == f"{out}  AI-generated\n{tmp_path / 'a-2.png'}  AI-generated\n"


def test_without_a_name_a_picture_keeps_its_own(tmp_path, services, reply, monkeypatch):
    """In the working folder."""
    monkeypatch.chdir(tmp_path)

    paths = write_pictures(services, reply, None, Terminal(quiet=True))

    assert paths == [Path("easel-1.png"), Path("easel-2.png")]
    assert paths[1].read_bytes() == b"pixels 2"


def test_programs_are_told_what_was_drawn_before_it_was_marked(tmp_path, services, reply, capsys):
    """The same drawing has the same hash, whatever mark was put into each picture."""
    write_pictures(services, reply, tmp_path / "a.png", Terminal(as_json=True))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["drawn_sha256"] for line in lines] == ["1" * 64, "2" * 64]


def test_a_picture_without_a_row_is_not_written(tmp_path, services, reply):
    """Nor any other of its reply: it is one answer."""
    unlabelled = reply.model_copy(update={"pictures": (shown(1), shown(3))})

    with pytest.raises(NotFound) as refusal:
        write_pictures(services, unlabelled, tmp_path / "a.png", Terminal())

    assert (refusal.value.code, refusal.value.facts) == (
        "picture_unlabelled",
        {"verify_id": f"{3:016x}"},
    )
    assert not (tmp_path / "a.png").exists()


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
