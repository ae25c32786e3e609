"""Say which labelled sets the recipe reads, what their labels mean and how they may be used."""

from enum import StrEnum
from pathlib import Path

import yaml
from pydantic import Field

from core.contracts.base import Contract
from moderation.classifiers.base import UNSAFE
from moderation.policy import CATEGORY_CODES

SOURCES = Path(__file__).with_name("sources.yaml")

CATEGORIES = CATEGORY_CODES
"""The categories of the default policy, in its order: the outputs of the network."""

OUTPUTS = (*CATEGORIES, UNSAFE)

UNTAUGHT = frozenset({"sexual_minors"})
"""Never trained on: a hard rule decides, and no line of that kind is written or kept."""


class Use(StrEnum):
    """How far a source's labels may be trusted."""

    TRAIN = "train"
    WEAK = "weak"
    VALIDATE = "validate"


class Source(Contract):
    """One labelled set."""

    name: str
    origin: str
    licence: str
    meaning: str = Field(description="What its label means for an image bot.")
    use: Use
    reader: str = Field(description="Which function of `moderation.train.readers` reads it.")
    folds: tuple[str, ...] = Field((), description="Where it is held out whole.")
    is_split: bool = Field(False, description="Half of its groups is held out in each of a and b.")
    weight: float = Field(1.0, ge=0, description="What one row counts for in training.")
    limit: int | None = Field(None, gt=0, description="Rows that are kept, by their hash.")
    longest: int = Field(1200, gt=0, description="Characters; longer rows are left out.")
    categories: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    doubtful: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Categories that may hold too: no label either way."
    )


class Manifest(Contract):
    """Every source, in the order in which a text that two of them hold is kept."""

    sources: tuple[Source, ...]


def load_manifest(path: Path = SOURCES) -> Manifest:
    """Read the manifest, and refuse one that names an unknown category."""
    manifest = Manifest.model_validate(yaml.safe_load(path.read_text("utf-8")))
    for source in manifest.sources:
        named = {*sum(source.categories.values(), ()), *sum(source.doubtful.values(), ())}
        unknown = named - set(CATEGORIES)
        if unknown:
            raise ValueError(f"{source.name}: unknown categories {sorted(unknown)}")
    return manifest
