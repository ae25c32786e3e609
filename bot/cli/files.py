"""Keep a reply's pictures as files: whole or not at all."""

import os
from pathlib import Path

from bot.cli.terminal import Terminal
from bot.replies import Reply
from core.blobs import Blobs


def write_pictures(blobs: Blobs, reply: Reply, out: Path | None, terminal: Terminal) -> list[Path]:
    """Write every picture and say where each is, with its label."""
    for line in reply.lines:
        terminal.say(line)
    paths = []
    for number, picture in enumerate(reply.pictures, start=1):
        path = numbered(out, number) if out is not None else Path(picture.file_name)
        write_whole(path, blobs.get(picture.blob))
        terminal.result(f"{path}  {picture.label}")
        facts = picture.model_dump(mode="json", exclude={"blob", "file_name"})
        terminal.emit("picture", path=str(path.resolve()), job_id=reply.job_id, **facts)
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
