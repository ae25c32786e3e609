"""Write our own rows from templates and word lists: `phrases/*.yaml`.

A template names slots in braces; `{list:gore}` takes a phrase of the policy's own list. A line
`harmful => harmless` makes twins that share the words of their slots, so that the network learns
the harm and not the topic. Both halves of such a pair, and all rows of one template, are a group.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import Field

from core.contracts.base import Contract
from moderation.train.rows import Row, share
from moderation.train.wordlists import speaks_of_minors, terms

FOLDER = Path(__file__).with_name("phrases")

_SLOT = re.compile(r"\{([a-z0-9_:]+)\}")
_SPACES = re.compile(r"\s+")
_BEFORE_PUNCTUATION = re.compile(r"\s+([,.?])")
_ARROW = " => "
_FOLDS = 5
"""One template in five is held out in fold a, another in b, another in c."""


class PhraseSet(Contract):
    """Rows of one meaning."""

    name: str
    labels: tuple[str, ...] = ()
    unsafe: float | None = Field(None, description="Soft label; 1 with labels, 0 without.")
    count: int = Field(gt=0, description="Lines to write; a line of twins counts once.")
    weight: float = 0.6
    templates: str


class PhraseFile(Contract):
    """One file: words by slot, and the sets that use them."""

    words: dict[str, str] = Field(default_factory=dict)
    more: dict[str, str] = Field(default_factory=dict, description="Further words, set apart.")
    sets: tuple[PhraseSet, ...]


Words = Mapping[str, Sequence[str]]


def write_phrases(seed: int = 7, folder: Path = FOLDER) -> list[Row]:
    """Write the rows of every file, the same for the same seed."""
    rows: list[Row] = []
    for path in sorted(folder.glob("*.yaml")):
        content = PhraseFile.model_validate(yaml.safe_load(path.read_text("utf-8")))
        words = {slot: split_words(text) for slot, text in (content.words | content.more).items()}
        for phrases in content.sets:
            chance = random.Random(f"{seed} {phrases.name}")  # noqa: S311 - no secret.
            rows += _write_set(phrases, words, chance)
    return rows


def split_words(text: str) -> list[str]:
    """Split a field of words at semicolons and line breaks; `''` stands for nothing."""
    parts = [part.strip() for line in text.splitlines() for part in line.split(";")]
    return ["" if part == "''" else part for part in parts if part]


def _write_set(phrases: PhraseSet, words: Words, chance: random.Random) -> Iterator[Row]:
    templates = [line.strip() for line in phrases.templates.splitlines() if line.strip()]
    unsafe = phrases.unsafe if phrases.unsafe is not None else float(bool(phrases.labels))
    for number in range(phrases.count):
        template = templates[number % len(templates)]
        harmful, _, harmless = template.partition(_ARROW)
        slots: dict[str, str] = {}
        group = f"{phrases.name}:{number % len(templates)}"
        part = share(group, _FOLDS)
        folds = ("abc"[part],) if part < len("abc") else ()
        for text, labels, target in (
            (harmful, phrases.labels, unsafe),
            (harmless, (), 0.0),
        ):
            filled = _tidy(_fill(text, words, slots, chance))
            if not filled or (labels and speaks_of_minors(filled)):
                continue
            yield Row(
                text=filled,
                unsafe=target,
                source=f"own/{phrases.name}",
                positive=labels,
                doubtful=_DOUBTFUL.get(labels[0], ()) if labels else (),
                weight=phrases.weight,
                group=group,
                label=int(target > 0),
                kind=phrases.name,
                folds=folds,
            )


_DOUBTFUL: Mapping[str, tuple[str, ...]] = {
    "sexual_explicit": ("sexual_suggestive",),
    "sexual_suggestive": ("sexual_explicit",),
    "nonconsensual_intimate": ("sexual_explicit", "sexual_suggestive", "deceptive_public_figure"),
    "gore_graphic": ("violence_weapons", "shock_disturbing"),
    "violence_weapons": ("gore_graphic",),
    "shock_disturbing": ("gore_graphic",),
    "deceptive_public_figure": ("violence_weapons", "nonconsensual_intimate", "sexual_suggestive"),
    "privacy_data": ("deceptive_document",),
}


def _fill(template: str, words: Words, slots: dict[str, str], chance: random.Random) -> str:
    """Fill the slots; a slot that the twin has filled keeps its words, one used twice does not."""
    used: set[str] = set()

    def choose(match: re.Match[str]) -> str:
        slot = match[1]
        if slot in slots and slot not in used:
            used.add(slot)
            return slots[slot]
        options = terms(slot.removeprefix("list:")) if slot.startswith("list:") else words[slot]
        chosen = _fill(chance.choice(options), words, {}, chance)
        slots.setdefault(slot, chosen)
        used.add(slot)
        return chosen

    return _SLOT.sub(choose, template)


def _tidy(text: str) -> str:
    joined = _BEFORE_PUNCTUATION.sub(r"\1", _SPACES.sub(" ", text.replace("''", "")))
    return joined.strip(" ,")
