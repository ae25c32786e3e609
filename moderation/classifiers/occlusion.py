"""Explain a score by what happens to it when words are left out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORD = re.compile(r"\w[\w'\u2019-]*")

MAX_WORDS = 80
"""Words tried one by one; a longer text is tried in runs of words."""

MIN_CHANGE = 0.05
"""A smaller fall of the score explains nothing that a reader would believe."""


@dataclass(frozen=True, slots=True)
class Influence:
    """One span of the text, and how far the score falls without it."""

    start: int
    end: int
    change: float


def influences(
    text: str, score: Callable[[Sequence[str]], Sequence[float]], most: int = 3
) -> list[Influence]:
    """Leave each word out in turn, join neighbours that matter, and rank what was found.

    Where no single word matters, because two say the same, pairs of neighbours are tried.
    """
    spans = _spans(text)
    if not spans:
        return []
    full = score([text])[0]
    found = _measured(text, spans, full, score)
    if not any(one.change >= MIN_CHANGE for one in found):
        pairs = [(first[0], second[1]) for first, second in pairwise(spans)]
        found = _measured(text, pairs, full, score) if pairs else []
    strong = [one for one in found if one.change >= MIN_CHANGE]
    highest = max((one.change for one in strong), default=0.0)
    telling = [one for one in strong if one.change >= highest / 3]
    joined = _joined(text, telling)
    return sorted(joined, key=lambda one: -one.change)[:most]


def _spans(text: str) -> list[tuple[int, int]]:
    words = [match.span() for match in _WORD.finditer(text)]
    size = -(-len(words) // MAX_WORDS) or 1
    runs = [words[at : at + size] for at in range(0, len(words), size)]
    return [(run[0][0], run[-1][1]) for run in runs]


def _measured(
    text: str,
    spans: Sequence[tuple[int, int]],
    full: float,
    score: Callable[[Sequence[str]], Sequence[float]],
) -> list[Influence]:
    without = score([f"{text[:start]} {text[end:]}" for start, end in spans])
    return [
        Influence(start, end, full - left)
        for (start, end), left in zip(spans, without, strict=True)
    ]


def _joined(text: str, found: Sequence[Influence]) -> list[Influence]:
    """Join spans that touch, but for spaces and marks; the stronger change stands for both."""
    joined: list[Influence] = []
    for one in sorted(found, key=lambda one: one.start):
        last = joined[-1] if joined else None
        if last and (one.start <= last.end or not re.search(r"\w", text[last.end : one.start])):
            change = max(last.change, one.change)
            joined[-1] = Influence(last.start, max(last.end, one.end), change)
        else:
            joined.append(one)
    return joined
