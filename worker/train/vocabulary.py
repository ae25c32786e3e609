"""List the words that the model was taught, as its profile `easel.json` carries them."""

from collections.abc import Iterable

from worker.train import captions
from worker.train.backgrounds import PLACES
from worker.train.colours import COLOURS, SYNONYMS
from worker.train.concepts import TrainedConcept, plural_of
from worker.train.shapes import SHAPES

Vocabulary = dict[str, list[dict[str, str | list[str]]] | list[str]]
"""What `core.catalog.Vocabulary` reads."""

_LAYOUTS = (
    "and",
    "next to",
    "beside",
    "with",
    "left of",
    "to the left of",
    "right of",
    "to the right of",
    "above",
    "over",
    "on top of",
    "below",
    "under",
)


def vocabulary_of(concepts: Iterable[TrainedConcept]) -> Vocabulary:
    """List the concepts, then the shapes that are not among them, then every other word."""
    listed = [_entry(concept.name, _aliases(concept)) for concept in concepts]
    names = {entry["name"] for entry in listed}
    listed += [_entry(shape, []) for shape in SHAPES if shape not in names]
    return {"concepts": listed, "modifiers": _modifiers()}


def _entry(name: str, aliases: list[str]) -> dict[str, str | list[str]]:
    return {"name": name, "aliases": aliases}


def _aliases(concept: TrainedConcept) -> list[str]:
    """Give the other words, and the plurals that are more than an `s`: readers add that."""
    if concept.is_mass:
        return list(concept.aliases)
    plurals = [concept.plural, *map(plural_of, concept.aliases)]
    singular = set(concept.words)
    irregular = [p for p in plurals if p not in singular and p.removesuffix("s") not in singular]
    return [*concept.aliases, *dict.fromkeys(irregular)]


def _modifiers() -> list[str]:
    colours = [word for colour in COLOURS for word in SYNONYMS.get(colour, (colour,))]
    counts = [words[0] for words in captions.NUMBERS.values()]
    places = [words.strip() for ways in PLACES.values() for words in ways]
    sizes = [*captions.SMALL, *captions.BIG]
    return [*colours, *sizes, *counts, *_LAYOUTS, "background", "gradient", *places]
