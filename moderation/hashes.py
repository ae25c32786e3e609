"""Know a picture again after it was saved anew, made smaller or cropped a little: the deny list.

The hash is PDQ (`core.provenance.pdq`). A mirrored or cropped picture has another one:
`hashes_for_list` gives an entry those as well. Turned pictures, and those cropped on one side alone
or by more than a twentieth, pass.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import UserError
from core.provenance.distance import MAX_DISTANCE
from core.provenance.pdq import MIN_QUALITY, PictureHash, picture_hash
from moderation.policy import CATEGORY_CODES

__all__ = [
    "MAX_DISTANCE",
    "MIN_QUALITY",
    "DeniedPicture",
    "DenyList",
    "PictureHash",
    "add_to_deny_file",
    "hashes_for_list",
    "picture_hash",
    "read_deny_file",
]

_CUTS = (0.0, 0.02, 0.04)
"""Of each side. PDQ alone knows 55 % of drawings again that lost 2 % a side and 7 % at 3 %; with
these all of them and, at 5 %, 87 %: see docs/pictures.md."""
_MIRRORED = 0
"""Pillow's `Transpose.FLIP_LEFT_RIGHT`."""
_LINE = re.compile(r"(?P<digits>[0-9a-fA-F]{64})\s+(?P<category>[a-z_]+)(?:\s+(?P<note>.*))?")


@dataclass(frozen=True, slots=True)
class DeniedPicture:
    """One entry: what it looks like and which category it breaks."""

    digits: str
    category: str
    note: str = ""


def hashes_for_list(image: Any) -> list[PictureHash]:  # Any: a PIL image.
    """Hash a picture as it is, cropped a little on all sides, and both mirrored."""
    hashes = []
    for cut in _CUTS:
        (width, height), inset = image.size, [round(side * cut) for side in image.size]
        part = image.crop((inset[0], inset[1], width - inset[0], height - inset[1]))
        hashes += [picture_hash(part), picture_hash(part.transpose(_MIRRORED))]
    return [each for each in dict.fromkeys(hashes) if each.is_reliable]


def read_deny_file(path: Path) -> list[DeniedPicture]:
    """Read a list: a hash, a category and maybe a note a line; `#` begins a comment.

    Raises:
        UserError: `file_unreadable`, with the first line that has a fault.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("file_unreadable", value=str(path), reason=type(error).__name__) from error
    entries = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or found["category"] not in CATEGORY_CODES:
            fault = "not a hash and a category" if found is None else "unknown category"
            reason = f"line {number}: {fault}"
            raise UserError("file_unreadable", value=str(path), reason=reason)
        digits, note = found["digits"].lower(), found["note"] or ""
        entries.append(DeniedPicture(digits, found["category"], note))
    return entries


def add_to_deny_file(path: Path, entries: Sequence[DeniedPicture]) -> None:
    """Append entries to a list, made where there is none; workers see all of them or none.

    Raises:
        UserError: `file_unreadable`: the list or an entry has a fault; nothing was changed.
    """
    if path.exists():
        read_deny_file(path)
    before = path.read_text("utf-8").rstrip("\n") + "\n" if path.exists() else ""
    lines = (f"{each.digits} {each.category} {' '.join(each.note.split())}" for each in entries)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(before + "".join(f"{line.strip()}\n" for line in lines), "utf-8")
    try:
        read_deny_file(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class DenyList:
    """Pictures that are refused wherever they turn up; safe to share by threads.

    A list that moderators add to is read again when its file changed. One that cannot be read any
    more makes every look-up fail, so that pictures are held.
    """

    def __init__(self, *paths: Path) -> None:
        """Read the lists.

        Raises:
            UserError: `file_unreadable`; no picture is compared with half a list.
        """
        self._paths = paths
        self._read = self._look()

    def matches(self, hashed: PictureHash) -> list[DeniedPicture]:
        """Find the entries that a picture is.

        Raises:
            UserError: `file_unreadable`: a list changed and has a fault.
        """
        if self._stamps() != self._read[0]:
            self._read = self._look()
        _, entries, rows = self._read
        if not hashed.is_reliable:
            return []
        distances = np.bitwise_count(rows ^ _bits_of((hashed,))).sum(axis=1)
        return [entries[at] for at in np.flatnonzero(distances <= MAX_DISTANCE)]

    def _stamps(self) -> list[tuple[int, int]]:
        try:
            told = [path.stat() for path in self._paths]
        except OSError as error:
            reason = type(error).__name__
            raise UserError("file_unreadable", value="the deny list", reason=reason) from error
        return [(each.st_mtime_ns, each.st_size) for each in told]

    def _look(self) -> tuple[list[tuple[int, int]], list[DeniedPicture], npt.NDArray[np.uint8]]:
        stamps = self._stamps()  # Before the files: what changes meanwhile is read again.
        entries = [entry for path in self._paths for entry in read_deny_file(path)]
        return stamps, entries, _bits_of(entries)


def _bits_of(entries: Sequence[DeniedPicture | PictureHash]) -> npt.NDArray[np.uint8]:
    raw = b"".join(bytes.fromhex(each.digits) for each in entries)
    return np.frombuffer(raw, np.uint8).reshape(-1, 32)
