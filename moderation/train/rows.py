"""Hold one labelled text: what is sure about it, what is doubtful, and what it counts for."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from moderation.normalize import read

_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One text with soft labels; what is neither in `positive` nor `doubtful` is negative."""

    text: str
    unsafe: float
    source: str
    positive: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    weight: float = 1.0
    group: str = ""
    """Rows of one group stay together: a pair of twins, the rows of one template."""
    label: int | None = None
    """What the source says, for measuring: 1, 0, or None where it says nothing."""
    kind: str = ""
    """The source's own category."""
    folds: tuple[str, ...] = field(default=())
    """In which folds the row is held out."""


def share(text: str, parts: int, salt: str = "") -> int:
    """Assign a text to one of some parts, the same in every run."""
    return int.from_bytes(hashlib.sha256((salt + text).encode()).digest()[:6]) % parts


def normalised(text: str) -> str:
    """Read a text as the classifier will be given it."""
    return read(text).plain.text


def without_repeats(rows: Iterable[Row]) -> list[Row]:
    """Keep the first of each text, whatever its case and punctuation."""
    kept: dict[str, Row] = {}
    for row in rows:
        kept.setdefault(_LETTERS.sub(" ", row.text.lower()).strip(), row)
    kept.pop("", None)
    return list(kept.values())


def held_out(rows: Iterable[Row], fold: str) -> list[Row]:
    """List what a fold may not learn from."""
    return [row for row in rows if fold in row.folds]


def learnable(rows: Iterable[Row], fold: str | None) -> list[Row]:
    """List what a fold, or the final model, learns from."""
    return [row for row in rows if row.weight > 0 and (fold is None or fold not in row.folds)]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON lines, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    partial.replace(path)


def read_rows(path: Path) -> list[Row]:
    """Read rows that `write_rows` wrote."""
    rows = []
    for line in path.read_text("utf-8").splitlines():
        fields = json.loads(line)
        lists = {name: tuple(fields[name]) for name in ("positive", "doubtful", "folds")}
        rows.append(Row(**fields | lists))
    return rows


def reweighted(rows: Iterable[Row], factor: float) -> list[Row]:
    """Scale what rows count for."""
    return [replace(row, weight=row.weight * factor) for row in rows]
