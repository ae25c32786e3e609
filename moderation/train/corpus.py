"""Gather every row that the recipe reads or writes, in one list, without repeats."""

import random
from collections.abc import Sequence
from pathlib import Path

from moderation.train.manifest import Manifest
from moderation.train.phrases import FOLDER as PHRASES
from moderation.train.phrases import write_phrases
from moderation.train.readers import read_source
from moderation.train.rows import Row, without_repeats
from moderation.train.soup import shuffled, soup

FOLDS = ("a", "b", "c")

_SOUPS = 420
_SHUFFLED = 150
_MORE_SHUFFLED = 60


def gather(
    manifest: Manifest, folder: Path, pieces: Sequence[str], phrases: Path = PHRASES
) -> list[Row]:
    """Read the sets, write our own rows, and drop what two sources share."""
    rows = [row for source in manifest.sources for row in read_source(source, folder)]
    rows += write_phrases(folder=phrases)
    return without_repeats([*rows, *_soups(rows, pieces)])


def _soups(rows: Sequence[Row], pieces: Sequence[str]) -> list[Row]:
    """Make token soups, half of them around a harmful phrase, and prompts out of order."""
    chance = random.Random("soup")  # noqa: S311 - no secret.
    harmful = [row for row in rows if row.unsafe > 0.9 and row.source == "own/sexual.acts"]  # noqa: PLR2004 - sure.
    harmful += [row for row in rows if row.source == "own/violence.gore"]
    harmless = [row for row in rows if row.source in {"coco_captions", "own/everyday.scenes"}]
    made = []
    for number in range(_SOUPS):
        carried = chance.choice(harmful) if number % 2 else None
        words = carried.text.split()[:4] if carried else []
        text = soup(pieces, chance, " ".join(words))
        positive = ("evasion_signal", *(carried.positive if carried else ()))
        made.append(_soup_row(text, 0.95 if carried else 0.8, positive, number))
    for number in range(_SHUFFLED):
        row = chance.choice(harmful)
        made.append(_soup_row(shuffled(row.text, chance), 0.95, row.positive, number))
    for number in range(_MORE_SHUFFLED):
        row = chance.choice(harmless)
        made.append(_soup_row(shuffled(row.text, chance), 0.1, (), number))
    return made


def _soup_row(text: str, unsafe: float, positive: tuple[str, ...], number: int) -> Row:
    return Row(
        text=text.lower(),
        unsafe=unsafe,
        source="own/soup",
        positive=positive,
        doubtful=() if "evasion_signal" in positive else ("evasion_signal",),
        weight=0.6,
        label=int(unsafe > 0.5),  # noqa: PLR2004 - more likely than not.
        kind="soup",
        folds=("abc"[number % 5],) if number % 5 < len("abc") else (),
    )
