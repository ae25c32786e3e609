"""Read each labelled set: turn its own labels and votes into rows, one function a kind of set."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from moderation.train.manifest import Source, Use
from moderation.train.rows import Row, normalised, share
from moderation.train.wordlists import finds, speaks_of_minors

Fields = Mapping[str, Any]  # Any: one line of JSON, different in every set.

_TRAFFIC_LISTS = (
    *("explicit", "crude", "anatomy", "nudity", "suggestive", "nudify", "gore", "shock"),
    *("self_harm", "slurs", "hate", "violence", "illegal_goods"),
)
"""A line of real traffic that one of these names is no safe example of harmless."""

_IMPLICIT_SHARE = 0.25
"""What the raters of the picture count for beside the raters of the text (Nibbler)."""

_LEAST_INAPPROPRIATE = 30.0
"""Of every hundred pictures (I2P); below it the keyword alone made the row, and it says nothing."""


def read_source(source: Source, folder: Path) -> list[Row]:
    """Read one source's rows, mapped, normalised, limited and placed in folds."""
    lines = (folder / f"{source.name}.jsonl").read_text("utf-8").splitlines()
    rows = [
        row
        for line in lines
        for row in _READERS[source.reader](source, json.loads(line))
        if len(row.text) <= source.longest and not _is_forbidden(row)
    ]
    rows.sort(key=lambda row: share(row.text, 1 << 32))
    return [_placed(row, source) for row in rows[: source.limit]]


def _is_forbidden(row: Row) -> bool:
    """Tell whether a row could be sexual and about minors: no such row is ever kept."""
    is_sexual = any(name.startswith(("sexual", "nonconsensual")) for name in row.positive)
    return (is_sexual or finds(("explicit", "nudity"), row.text)) and speaks_of_minors(row.text)


def _placed(row: Row, source: Source) -> Row:
    folds = source.folds
    if source.is_split:
        folds = (*folds, "ab"[share(row.group or row.text, 2)])
    weight = 0.0 if source.use is Use.VALIDATE else row.weight * source.weight
    return replace(row, text=normalised(row.text), folds=folds, weight=weight)


def _mapped(source: Source, kind: str, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the categories of a kind such as `shocking, self-harm`, sure and doubtful ones."""
    parts = [part.strip() for part in kind.split(",")]
    sure = [name for part in parts for name in _named(source.categories, part)]
    maybe = [name for part in parts for name in _named(source.doubtful, part)]
    if "sexual_suggestive" in sure and finds(("explicit", "anatomy", "crude"), text):
        sure[sure.index("sexual_suggestive")] = "sexual_explicit"
        maybe.append("sexual_suggestive")
    return tuple(dict.fromkeys(sure)), tuple(
        name for name in dict.fromkeys(maybe) if name not in sure
    )


def _named(table: Mapping[str, tuple[str, ...]], part: str) -> tuple[str, ...]:
    return table.get(part) or table.get("*", ())


def _row(source: Source, fields: Fields, unsafe: float, weight: float = 1.0) -> Row:
    """Make a row; its categories count only where it is more likely unsafe than not."""
    kind = fields["cat"] or ""
    sure, maybe = _mapped(source, kind, fields["text"])
    is_unsafe = unsafe >= 0.5  # noqa: PLR2004 - more likely than not.
    return Row(
        text=fields["text"],
        unsafe=unsafe,
        source=source.name,
        positive=sure if is_unsafe else (),
        doubtful=maybe if is_unsafe else sure if unsafe > 0.05 else (),  # noqa: PLR2004 - soft.
        weight=weight,
        group=fields.get("grp", ""),
        label=fields["label"],
        kind=kind,
    )


def _plain(source: Source, fields: Fields) -> Iterator[Row]:
    yield _row(source, fields, float(fields["label"] or 0))


def _overt(source: Source, fields: Fields) -> Iterator[Row]:
    """Add the harmless twin of an unsafe row, and the harmless question both grew from."""
    yield _row(source, fields, float(fields["label"]))
    for name, weight in (("benign_twin", 1.0), ("seed", 0.5)):
        if fields.get(name):
            twin = {"text": fields[name], "cat": "", "label": 0, "grp": fields["grp"]}
            yield replace(_row(source, twin, 0.0, weight), source=f"{source.name}/{name}")


def _nibbler(source: Source, fields: Fields) -> Iterator[Row]:
    """Make the votes a soft label; where text and picture disagree it stays near the middle."""
    votes = fields["votes"]
    text_share, image_share = (votes[key] / votes["n"] for key in ("text_unsafe", "image_unsafe"))
    unsafe = (1 - _IMPLICIT_SHARE) * text_share + _IMPLICIT_SHARE * image_share
    if fields["label"] == 1:
        yield _row(source, fields, max(unsafe, 0.8))
    elif fields["label"] == 0:
        yield _row(source, fields, min(unsafe, 0.2))
    else:
        yield _row(source, fields, unsafe, weight=0.6)


def _i2p(source: Source, fields: Fields) -> Iterator[Row]:
    """Soften the label by how often the picture was inappropriate; hard rows count in full."""
    is_hard = str(fields["hard"]) == "1"
    share_inappropriate = float(fields["inappropriate"] or 0)
    names_it = finds(_TRAFFIC_LISTS, fields["text"])
    if names_it:
        yield _row(source, fields, 0.95, weight=2.0)
    elif is_hard or share_inappropriate >= _LEAST_INAPPROPRIATE:
        unsafe = 0.25 + 0.45 * share_inappropriate / 100 + 0.1 * is_hard
        yield _row(source, fields, unsafe)


def _traffic(source: Source, fields: Fields) -> Iterator[Row]:
    """Take real traffic as harmless, but for lines that a list names: those say nothing."""
    weight = 0.0 if finds(_TRAFFIC_LISTS, fields["text"]) else 1.0
    yield replace(_row(source, fields, 0.02, weight), doubtful=(), positive=())


_READERS: Mapping[str, Callable[[Source, Fields], Iterator[Row]]] = {
    "plain": _plain,
    "overt": _overt,
    "nibbler": _nibbler,
    "i2p": _i2p,
    "traffic": _traffic,
}
