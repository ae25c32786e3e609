"""Cut a long prompt into windows of whole clauses, so that no harm drowns in harmless words."""

import re
from collections.abc import Iterator

_CLAUSE = re.compile(r"[^,.;:!?\n|]+(?:[,.;:!?\n|]+|$)")
_WORD = re.compile(r"\S{1,32}")
"""A longer run without a space is cut: text without spaces must not be read in one piece."""

MIN_WORDS = 18
MIN_CHARS = 160
"""A prompt of no more words and characters is read whole only: a window would be the same."""

_SHORTEST = 9
_LONGEST = 24
_STRIDE = 16
"""A clause that is longer than a window is read in windows that overlap by a third."""


def windows_of(text: str) -> list[str]:
    """List the windows of a long text, in order; none for a short one. No word is left out."""
    if len(text) <= MIN_CHARS and len(_WORD.findall(text)) <= MIN_WORDS:
        return []
    windows: list[str] = []
    clauses: list[str] = []
    count = 0
    for clause, words in _clauses(text):
        if clauses and (count >= _SHORTEST or count + words > _LONGEST):
            windows.append(" ".join(clauses))
            clauses, count = [], 0
        clauses.append(clause)
        count += words
    return [*windows, " ".join(clauses)]


def _clauses(text: str) -> Iterator[tuple[str, int]]:
    """Give each clause and its words' number; a long one in pieces."""
    for match in _CLAUSE.finditer(text):
        words = _WORD.findall(match[0])
        start = 0
        while len(words) - start > _LONGEST:
            yield " ".join(words[start : start + _LONGEST]), _LONGEST
            start += _STRIDE
        if words[start:]:
            yield " ".join(words[start:]), len(words) - start
