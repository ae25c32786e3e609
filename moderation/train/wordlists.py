"""Look texts up in the policy's own lists: for soft labels, and to keep forbidden rows out."""

import functools
import re
from collections.abc import Iterable
from pathlib import Path

import moderation
from moderation.lists import compile_pattern, list_pattern
from moderation.term_files import read_terms

LISTS = Path(moderation.__file__).parent / "policies" / "lists"

_AGES = (
    r"\b(?:[1-9]|1[0-7])[\s-]?(?:years?[\s-]?olds?|y/?o|yrs?[\s-]?old)\b"
    r"|\bage[ds]?[\s-]?(?:[1-9]|1[0-7])\b"
)
_FURTHER_MINORS = (
    r"\b(?:girls?|boys?|young|younger|youth|youthful|school|student|childhood|minors?)\b"
)


@functools.cache
def terms(name: str) -> tuple[str, ...]:
    """List the phrases of a policy's list as someone would type them."""
    return tuple(term.lstrip("=").rstrip("*") for term in read_terms(LISTS / f"{name}.txt"))


def finds(names: Iterable[str], text: str) -> bool:
    """Tell whether a text holds a term of any of the lists."""
    lowered = text.lower()
    return any(_pattern(name).search(lowered) is not None for name in names)


def speaks_of_minors(text: str) -> bool:
    """Tell whether a text may be about someone under 18: wider than the rule, to be sure."""
    lowered = text.lower()
    return (
        _pattern("minors").search(lowered) is not None
        or re.search(_AGES, lowered) is not None
        or re.search(_FURTHER_MINORS, lowered) is not None
    )


@functools.cache
def _pattern(name: str) -> "re.Pattern[str]":
    compiled: re.Pattern[str] = compile_pattern(list_pattern(read_terms(LISTS / f"{name}.txt")))
    return compiled
