"""Know a picture again after it was saved anew, made smaller or cropped a little: the deny list.

The hash is PDQ as Facebook's ThreatExchange describes it (`pdq/` of facebook/ThreatExchange, "The
TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019): luma, smoothed twice
and brought to 64 by 64, its 16 by 16 lowest cosine coefficients but the constant ones, one bit
each: above their median or not. Two pictures are one where at most 31 of 256 bits differ. A
picture with little in it (quality below 50) has a hash that says nothing, and is never compared.

A mirrored or cropped picture has another hash: `hashes_for_list` gives an entry those as well.
Turned pictures, and those cropped on one side alone or by more than a twentieth, pass.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import UserError
from moderation.distance import MAX_DISTANCE, distance
from moderation.policy import CATEGORY_CODES

MIN_QUALITY = 50
"""Of 100: below it PDQ's own documentation calls a hash unreliable."""

_SIDE, _KEPT = 64, 16
_LONGEST = 512
"""Larger pictures are brought to this first, as PDQ's own programs do."""
_CUTS = (0.0, 0.02, 0.04)
"""Of each side. PDQ alone knows 55 % of drawings again that lost 2 % a side and 7 % at 3 %; with
these all of them and, at 5 %, 87 %: see docs/pictures.md."""
_MIRRORED = 0
"""Pillow's `Transpose.FLIP_LEFT_RIGHT`."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LINE = re.compile(r"(?P<digits>[0-9a-fA-F]{64})\s+(?P<category>[a-z_]+)(?:\s+(?P<note>.*))?")

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PictureHash:
    """What a picture looks like, in 256 bits."""

    digits: str
    """Sixty-four hexadecimal digits, as PDQ's programs write them."""
    quality: int
    """From 0 to 100: how much there is to tell it by."""

    @property
    def is_reliable(self) -> bool:
        """Tell whether the picture can be known again by it."""
        return self.quality >= MIN_QUALITY

    def distance(self, other: "PictureHash") -> int:
        """Count the bits that differ."""
        return distance(self.digits, other.digits)


@dataclass(frozen=True, slots=True)
class DeniedPicture:
    """One entry: what it looks like and which category it breaks."""

    digits: str
    category: str
    note: str = ""


def picture_hash(image: Any) -> PictureHash:  # Any: a PIL image, which nobody here imports.
    """Hash a picture."""
    rgb = image.convert("RGB")
    if max(rgb.size) > _LONGEST:
        rgb = rgb.resize([min(side, _LONGEST) for side in rgb.size])
    small = _shrunk(np.asarray(rgb, np.float32) @ _LUMA)
    waves = _WAVES @ small @ _WAVES.T
    ordered = np.sort(waves, axis=None)
    # The lower of the two in the middle, as PDQ's own search for the median finds.
    bits = (waves > ordered[ordered.size // 2 - 1]).ravel()
    number = int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")
    return PictureHash(f"{number:064x}", _quality(small))


def hashes_for_list(image: Any) -> list[PictureHash]:  # Any: a PIL image.
    """Hash a picture as it is, cropped a little on all sides, and both mirrored."""
    hashes = []
    for cut in _CUTS:
        (width, height), inset = image.size, [round(side * cut) for side in image.size]
        part = image.crop((inset[0], inset[1], width - inset[0], height - inset[1]))
        hashes += [picture_hash(part), picture_hash(part.transpose(_MIRRORED))]
    return [each for each in dict.fromkeys(hashes) if each.is_reliable]


def _waves() -> Plane:
    rows, columns = np.mgrid[1 : _KEPT + 1, 0:_SIDE]
    cosines = np.cos(math.pi / (2 * _SIDE) * rows * (2 * columns + 1))
    return np.asarray(math.sqrt(2 / _SIDE) * cosines, np.float32)


_WAVES = _waves()


def _shrunk(luma: Plane) -> Plane:
    """Smooth twice each way, so that every pixel counts, and pick 64 by 64."""
    for axis in (0, 1):
        window = -(-luma.shape[axis] // (2 * _SIDE))
        for _ in range(2):
            luma = _smoothed(luma, axis, window)
    rows, columns = (
        ((np.arange(_SIDE) + 0.5) * length / _SIDE).astype(int) for length in luma.shape
    )
    return np.asarray(luma[np.ix_(rows, columns)], np.float32)


def _smoothed(luma: Plane, axis: int, window: int) -> Plane:
    """Average over a window, which at the edges holds what there is."""
    length = luma.shape[axis]
    ahead = (window + 2) // 2
    last = np.minimum(np.arange(length) + ahead, length)
    first = np.maximum(np.arange(length) + ahead - window, 0)
    sums = np.cumsum(luma, axis=axis, dtype=np.float64)
    sums = np.concatenate([np.zeros_like(sums.take([0], axis)), sums], axis)
    shape = (-1, 1) if axis == 0 else (1, -1)
    inside = (last - first).reshape(shape)
    smooth: Plane = ((sums.take(last, axis) - sums.take(first, axis)) / inside).astype(np.float32)
    return smooth


def _quality(small: Plane) -> int:
    """Add up the steps between neighbours; 90 of them in full make the best quality."""
    steps = sum(
        float(np.abs(np.trunc(np.diff(small, axis=axis) * 100 / 255)).sum()) for axis in (0, 1)
    )
    return min(100, int(steps / 90))


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
