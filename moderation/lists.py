"""Turn term lists into compiled patterns: word boundaries, plurals, loose spacing.

A term is lower-case ASCII as `moderation.normalize` leaves it. A space matches any run of spaces
and hyphens, or none ("blow job" finds "blow-job" and "blowjob"); the last word may be plural. `*`
at the end stands for the rest of the word, `=` at the front asks for exactly this form.
"""

import re
from collections.abc import Iterable

import re2

TERM = re.compile(r"=?[a-z0-9](?:[a-z0-9 .&'-]*[a-z0-9])?\*?")
"""What a term may look like; anything else could never match a normalised text."""

_MAX_MEMORY = 64 << 20
"""Bytes for re2's automaton. The shipped lists need under 8 MiB; re2 grows only as it must."""


class SetExhaustedError(RuntimeError):
    """Say that re2 gave up on a text: its answer "nothing found" would be a lie."""


def term_pattern(term: str) -> str:
    """Write one term as a regular expression without its word boundaries."""
    bare = term.removeprefix("=").removesuffix("*")
    body = re.escape(bare).replace(r"\ ", r"[\s-]*").replace(r"\-", r"[\s-]*")
    if term.endswith("*"):
        return body + "[a-z]*"
    if term.startswith("="):
        return body
    if re.search("[^aeiou]y$", bare):
        return f"{body[:-1]}(?:y|ies|y's)"
    return body + "(?:e?s|'s)?"


def list_pattern(terms: Iterable[str], patterns: Iterable[str] = ()) -> str:
    """Join terms and patterns into one alternation of whole words."""
    # The longest first, so that "sexy pose" is marked whole where "sexy" is listed too.
    words = sorted(map(term_pattern, terms), key=len, reverse=True)
    alternatives = [rf"\b(?:{'|'.join(words)})\b"] if words else []
    return "|".join([*alternatives, *(f"(?:{pattern})" for pattern in patterns)])


def compile_pattern(pattern: str) -> re2._Regexp:
    """Compile one pattern quietly; `re2.error` says what is wrong with it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    return re2.compile(pattern, options)


class ListSet:
    """Many lists as one automaton: which of them have a match in a text, in one pass."""

    def __init__(self, patterns: Iterable[str]) -> None:
        options = re2.Options()
        options.max_mem = _MAX_MEMORY
        self._set = re2.Set.SearchSet(options)
        self._sentinel = -1
        for pattern in patterns:
            self._set.Add(pattern)
        # re2 answers "no match" when it runs out of memory. The empty pattern matches every
        # text, so an answer without it is no answer.
        self._sentinel = self._set.Add("")
        self._set.Compile()

    def matching(self, text: str) -> list[int]:
        """List the places, in the order given, of the lists that have a match in the text.

        Raises:
            SetExhaustedError: re2 could not finish; nothing may be concluded.
        """
        found: list[int] = self._set.Match(text)
        if self._sentinel not in found:
            raise SetExhaustedError
        return sorted(at for at in found if at != self._sentinel)
