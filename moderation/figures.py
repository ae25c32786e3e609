"""Know public figures: the gazetteer that rules look names up in.

`policies/figures.yaml` lists people by country or field. Rules of the policy join a name with an
event and a medium; a name alone means nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

_NOT_IN_TERMS = re.compile(r"[^a-z0-9 .&'-]")
_STAR = "*"
_EXACT = "="


@dataclass(frozen=True, slots=True)
class Figure:
    """One person: the names by which texts call them, in full and short."""

    field: str
    """The country or field that the gazetteer files them under."""

    name: str
    surname: str | None
    """The last name, where nobody else is meant by it."""

    def terms(self) -> Iterator[str]:
        """List the terms that find this person."""
        yield _term(self.name)
        if self.surname is not None:
            yield f"{_EXACT}{_term(self.surname)}"
            yield f"{_EXACT}{_term(self.surname)}'s"


def read_figures(path: Path) -> list[Figure]:
    """Read a gazetteer: `people`, by country or field, as names with an optional star.

    Raises:
        ValueError: it is no gazetteer.
    """
    try:
        fields = yaml.safe_load(path.read_text("utf-8"))["people"]
        return [_figure(field, entry) for field, names in fields.items() for entry in names]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is no gazetteer of names under `people`") from error


def terms_of(path: Path) -> list[str]:
    """List each term of a gazetteer once, in its order."""
    return list(dict.fromkeys(term for one in read_figures(path) for term in one.terms()))


def _figure(field: str, entry: str) -> Figure:
    before, star, surname = entry.partition(_STAR)
    return Figure(field, f"{before}{surname}", surname if star else None)


def _term(name: str) -> str:
    """Spell a name as a term: lower case, without accents, as texts are looked up."""
    plain = unicodedata.normalize("NFKD", name).lower()
    exact = _EXACT if plain.startswith(_EXACT) else ""
    return exact + _NOT_IN_TERMS.sub("", plain.removeprefix(_EXACT))
