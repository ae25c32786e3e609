"""Hold one way to read a text, and change it without losing where its characters stood."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.contracts.verdicts import Span

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Me"})
"""Unicode categories without a shape of their own: controls, formats, half pairs, enclosures."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One way to read a text, with the place in the original of each of its characters."""

    source: str
    text: str
    origins: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Map a range of this reading to the range of the original that it was read from."""
        first, last = self.origins[start], self.origins[end - 1] + 1
        while last < len(self.source) and is_attached(self.source[last]):
            last += 1
        return Span(start=first, end=last, text=self.source[first:last])


def is_attached(char: str) -> bool:
    """Tell whether a character has no shape of its own, or sits on the one before."""
    return char in FILLERS or unicodedata.category(char) in {"Mn", *UNSEEN}


def kept(reading: Reading, is_kept: Callable[[int], bool]) -> Reading:
    """Keep the characters at some places."""
    places = [at for at in range(len(reading.text)) if is_kept(at)]
    text = "".join(reading.text[at] for at in places)
    return Reading(reading.source, text, [reading.origins[at] for at in places])


def rewritten(reading: Reading, pattern: re.Pattern[str], change: Callable[[str], str]) -> Reading:
    """Replace each match; the new characters take the places of the old ones in order."""
    changes = (
        (match.start(), match.end(), change(match[0])) for match in pattern.finditer(reading.text)
    )
    return replaced(reading, changes)


def replaced(reading: Reading, changes: Iterable[tuple[int, int, str]]) -> Reading:
    """Put other text into some ranges, which are in order and apart."""
    pieces: list[str] = []
    origins: list[int] = []
    done = 0
    for start, end, new in changes:
        old = reading.text[start:end]
        if new == old:
            continue
        pieces += [reading.text[done:start], new]
        origins += reading.origins[done:start]
        origins += _aligned(old, new, reading.origins[start:end])
        done = end
    if not pieces:
        return reading
    pieces.append(reading.text[done:])
    origins += reading.origins[done:]
    return Reading(reading.source, "".join(pieces), origins)


def _aligned(old: str, new: str, origins: Sequence[int]) -> list[int]:
    """Give each new character its place: position by position, as a subsequence, or spread."""
    if len(old) == len(new):
        return list(origins)
    places: list[int] = []
    at = 0
    for char in new:
        at = old.find(char, at)
        if at < 0:
            break
        places.append(origins[at])
        at += 1
    else:
        return places
    # Letters came in or changed places: the ends stay the ends, so that a whole word is marked.
    last = max(len(new) - 1, 1)
    return [origins[place * (len(old) - 1) // last] for place in range(len(new))]
