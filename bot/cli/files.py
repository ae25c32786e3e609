"""Keep a reply's pictures as files: whole or not at all."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.terminal import Terminal
from bot.posting import require_rows
from bot.replies import Reply

if TYPE_CHECKING:
    from bot.bootstrap import Services


def write_pictures(
    services: "Services", reply: Reply, out: Path | None, terminal: Terminal
) -> list[Path]:
    """Write every picture and say where each is, with its label.

    Programs are told `drawn_sha256` too: the same seed draws the same pixels, to which each
    picture's own mark then adds.

    Raises:
        NotFound: `picture_unlabelled`; nothing is written.
    """
    with services.store.reading() as unit:
        records = require_rows(unit, reply.pictures)
    for line in reply.lines:
        terminal.say(line)
    paths = []
    for number, picture in enumerate(reply.pictures, start=1):
        path = numbered(out, number) if out is not None else Path(picture.file_name)
        write_whole(path, services.blobs.get(picture.blob))
        terminal.result(f"{path}  {picture.label}")
        facts = picture.model_dump(mode="json", exclude={"blob", "file_name"})
        terminal.emit(
            "picture",
            path=str(path.resolve()),
            job_id=reply.job_id,
            drawn_sha256=records[picture.verify_id].drawn_sha256,
            **facts,
        )
        paths.append(path)
    return paths


def numbered(path: Path, number: int) -> Path:
    """Name the n-th file of several: `a.png`, `a-2.png` and so on."""
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step: a reader sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
