"""Vary a row's text each time it is read: what people put around a prompt, and how they hide."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import yaml

from moderation.normalize import read
from moderation.train.evasions import EVASIONS, evade
from moderation.train.phrases import FOLDER, PhraseFile, split_words
from moderation.train.rows import Row

_ASKING = (
    *("a picture of", "show", "draw", "depict", "create an image of", "generate", "render"),
    *("illustrate", "a photo of", "imagine", "make a picture of", "photo of", "an image showing"),
    *("a painting of", "a drawing of", "please draw", "visualize", "realistic photo of"),
)
_ASKING_SHARE = 0.12
_STYLE_SHARE = 0.2
_OPENING_SHARE = 0.07
_COMPANY_SHARE = 0.06
_EVASION_SHARE = 0.12
_CROP_SHARE = 0.3
_LONG_WORDS = 24
"""A harmless text with more words is sometimes cut to a window, as the screen will read it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is put around prompts."""

    styles: Sequence[str]
    openings: Sequence[str]
    harmless: Sequence[str]
    """Whole prompts, for company on either side."""


def surroundings(rows: Sequence[Row]) -> Surroundings:
    """Take styles and openings from the phrases, company from rows that are surely harmless."""
    content = yaml.safe_load((FOLDER / "everyday.yaml").read_text("utf-8"))
    words = PhraseFile.model_validate(content).words
    return Surroundings(
        styles=split_words(words["style"]),
        openings=[line.strip() for line in words["opening"].splitlines()],
        harmless=[row.text for row in rows if row.unsafe == 0 and len(row.text) < 120],  # noqa: PLR2004 - short company leaves room for the row.
    )


def varied(row: Row, around: Surroundings, chance: random.Random) -> Row:
    """Write one row anew; what it means stays."""
    text = row.text
    if row.unsafe < 0.1 and len(text.split()) > _LONG_WORDS and chance.random() < _CROP_SHARE:  # noqa: PLR2004 - harmless.
        text = _window(text, chance)
    if chance.random() < _EVASION_SHARE:
        text = _hidden(text, chance)
    if row.source.startswith("own/") and chance.random() < 2 * _ASKING_SHARE:
        text = f"{chance.choice(_ASKING)} {text}"
    if chance.random() < _OPENING_SHARE:
        text = f"{chance.choice(around.openings)} {text}"
    elif chance.random() < _COMPANY_SHARE and around.harmless:
        company = chance.choice(around.harmless)
        text = f"{company}. {text}" if chance.random() < 0.5 else f"{text}. {company}"  # noqa: PLR2004 - even odds.
    if chance.random() < _STYLE_SHARE:
        styles = chance.sample(list(around.styles), chance.randrange(1, 6))
        text = f"{text}, {', '.join(styles)}"
    return row if text is row.text else replace(row, text=text.lower())


def _window(text: str, chance: random.Random) -> str:
    words = text.split()
    length = chance.randrange(6, _LONG_WORDS)
    start = chance.randrange(len(words) - length + 1)
    return " ".join(words[start : start + length])


def _hidden(text: str, chance: random.Random) -> str:
    """Hide words and normalise: the classifier reads what the normaliser makes of it."""
    name = chance.choice(tuple(EVASIONS))
    readings = read(evade(text, name, str(chance.random()), chance.uniform(0.2, 0.7)))
    options = [readings.plain.text, *(guess.text for guess in readings.guesses)]
    return chance.choice(options[-2:])
