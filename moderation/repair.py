"""Put right what a text hides, where a word comes out: the reading that classifiers may score too.

The guesses of `moderation.normalize` are for the lists alone and may be nonsense. A repair is
read by models, so each of its changes must turn something that is no word into a word: "n4ked",
"n a k e d", "na-ked", "nakkked", "nkaed" and "nakd" become one; "hi-top", "4 k", "sci - fi" stay.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from moderation.lexicon import COMMON, Lexicon, english

_LEET = str.maketrans("0123456789@$€£!|", "oizeasgtbgaselii")
_LEET_L = _LEET | str.maketrans("1!|", "lll")
_SIGN = r"[0-9@$€£!|]"

# Every repetition below is bounded or unambiguous, so that no input takes more than linear time.
_SPACED = re.compile(r"(?<![^\W_])[a-z0-9@$](?:([ .\-_*/|,+~]{1,3})[a-z0-9@$](?![^\W_])){2,}")
_PARTED = re.compile(r"[a-z0-9@$]+(?:[-.*/|+~_][a-z0-9@$]+)+")
_LEET_WORD = re.compile(rf"(?<![a-z0-9@$€£!|])(?:[a-z]++{_SIGN}|{_SIGN}++[a-z])[a-z0-9@$€£!|]*+")
_REPEATED = re.compile(r"[a-z]*([a-z])\1\1[a-z]*")
_WORD = re.compile(r"(?<![a-z'\u2019])[a-z]{3,45}(?![a-z'\u2019])")
_BROKEN = re.compile(r"(?<![a-z'-])([a-z]{2,12})(?= ([a-z]{2,12})(?![a-z'\u2019-]))")
_RUNS = re.compile(r"([a-z])\1{2,}")
_SEPARATORS = re.compile(r"[ .\-_*/|,+~]+")

MIN_JOINED = 4
"""Letters that a word put together must have: "u s a" and "n.y.c." are written so by everyone."""

_LONGEST_RUN = 400
"""Single letters in a row that are taken apart into words; no word game is longer."""

_LONGEST_WORDS = 60
"""Letters of a hyphenated compound that is parted anew: "seventeen-year-old-girl" has twenty."""

_FEWEST_PARTS = 3

_PREFIXES = frozenset(
    (
        *("anti", "auto", "bi", "bio", "co", "con", "cyber", "de", "e", "en", "ex", "hi", "hyper"),
        *("in", "inter", "lo", "mid", "mini", "mono", "multi", "neo", "non", "over", "photo"),
        *("post", "pre", "pro", "pseudo", "re", "sci", "semi", "sub", "super", "t", "tri", "ultra"),
        *("un", "under", "uni", "up", "v", "wi", "x"),
    )
)
"""Fore parts that people hyphenate: "e-mail", "t-shirt", "co-op", "re-entry"."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing put right: where it stood in the text that was repaired, and what stands now."""

    start: int
    end: int
    text: str
    is_listed: bool
    """Whether the word that came out is one of the term lists."""


Fix = Callable[[Lexicon, re.Match[str]], str | None]


def repairs(text: str) -> list[Repair]:
    """Find what to put right in a plain reading, in order and without overlap."""
    lexicon = english()
    found: dict[int, Repair] = {}
    taken = [False] * len(text)
    for pattern, fix, is_due in _FIXES:
        if not is_due(text):
            continue
        for match in pattern.finditer(text):
            start, end = (
                match.start(),
                match.end(match.lastindex or 0) if pattern is _BROKEN else match.end(),
            )
            if any(taken[start:end]):
                continue
            better = fix(lexicon, match)
            if better is not None and better != text[start:end]:
                taken[start:end] = [True] * (end - start)
                listed = any(word in lexicon.listed for word in better.split())
                found[start] = Repair(start, end, better, listed)
    return [found[start] for start in sorted(found)]


def _unspaced(lexicon: Lexicon, match: re.Match[str]) -> str | None:
    """Join single letters, and part them again into words."""
    run = match[0]
    if len(run) > _LONGEST_RUN:
        return None
    narrow = min(map(len, _SEPARATORS.findall(run)))
    words = [
        _SEPARATORS.sub("", part) for part in re.split(rf"[ .\-_*/|,+~]{{{narrow + 1},}}", run)
    ]
    letters = sum(char.isalpha() for char in run)
    if letters * 2 <= sum(map(len, words)) or sum(map(len, words)) < MIN_JOINED:
        return None  # Years, sizes and serial numbers: "1 9 8 0", "f 1 . 4".
    parted = [_worded(lexicon, word) for word in words]
    return " ".join(part for part in parted if part) if all(parted) else None


def _worded(lexicon: Lexicon, letters: str) -> str | None:
    """Read letters without spaces as words, the fewest and most frequent; None where none fit."""
    for alphabet in ({}, _LEET, _LEET_L):
        clear = letters.translate(alphabet)
        if clear in _SHORT or (len(clear) >= _SHORTEST_PART and clear in lexicon):
            return clear
    clear = letters.translate(_LEET)
    parted = _parted(lexicon, clear) if clear.isalpha() else None
    return " ".join(parted) if parted else None


def _parted(lexicon: Lexicon, letters: str) -> list[str] | None:
    """Part letters into words of three and more, or the articles; the cheapest way there is."""
    best: list[tuple[float, int] | None] = [(0.0, 0), *[None] * len(letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 20), end):
            before, word = best[start], letters[start:end]
            rank = lexicon.rank(word) if len(word) >= _SHORTEST_PART or word in _SHORT else None
            if before is not None and rank is not None:
                cost = before[0] + 1 + (rank + 1) ** 0.25
                known = best[end]
                if known is None or cost < known[0]:
                    best[end] = (cost, start)
    if best[-1] is None:
        return None
    words, end = [], len(letters)
    while end:
        _, start = best[end] or (0.0, 0)
        words.append(letters[start:end])
        end = start
    return words[::-1]


_SHORTEST_PART = 3
_SHORT = frozenset(
    ("a", "an", "at", "by", "he", "in", "is", "it", "my", "of", "on", "to", "up", "we")
)


def _joined(lexicon: Lexicon, match: re.Match[str]) -> str | None:
    """Join "na-ked" and "g.i.r.l", but no compound of words and no abbreviation."""
    parts = re.split(r"[-.*/|+~_]", match[0])
    whole = "".join(parts)
    if len(whole) < MIN_JOINED or parts[0] in _PREFIXES or whole.isdigit():
        return None
    if all(len(part) > 1 and part in lexicon for part in parts) and whole not in lexicon.listed:
        return None
    clear = next((clear for clear in _unleeted(whole) if clear in lexicon), None)
    return _reparted(lexicon, parts) if clear is None else clear


def _reparted(lexicon: Lexicon, parts: list[str]) -> str | None:
    """Part "fif-teen-ye-ar-old" where its words end, if frequent words come out."""
    whole = "".join(parts)
    if len(parts) < _FEWEST_PARTS or not whole.isalpha() or len(whole) > _LONGEST_WORDS:
        return None
    words = _parted(lexicon, whole)
    if words is None or any((lexicon.rank(word) or 0) > COMMON for word in words):
        return None
    return " ".join(words)


def _unleeted(word: str) -> tuple[str, ...]:
    return word, word.translate(_LEET), word.translate(_LEET_L)


def _unleet(lexicon: Lexicon, match: re.Match[str]) -> str | None:
    word = match[0].rstrip("!|")
    if "!!" in word:
        return None
    for clear in _unleeted(word)[1:]:
        short = _shortest(lexicon, clear)
        if short is not None and (len(clear) >= MIN_JOINED or clear in lexicon.listed):
            letters = sum(char.isalpha() for char in word)
            if letters * 3 >= len(word):
                return short + match[0][len(word) :]
    return None


def _shortest(lexicon: Lexicon, word: str) -> str | None:
    """Shorten runs of letters until a word comes out."""
    if word in lexicon:
        return word
    for run in (r"\1\1", r"\1"):
        short = _RUNS.sub(run, word)
        if short in lexicon:
            return short
    return None


def _shorten(lexicon: Lexicon, match: re.Match[str]) -> str | None:
    short = _shortest(lexicon, match[0])
    return short if short is not None and len(short) >= _SHORTEST_PART else None


def _respell(lexicon: Lexicon, match: re.Match[str]) -> str | None:
    return lexicon.meant(match[0])


def _mended(lexicon: Lexicon, match: re.Match[str]) -> str | None:
    """Join "nak ed" where neither half is a word, or one is none and a listed word comes out."""
    first, second = match[1], match[2]
    whole = first + second
    if len(whole) < MIN_JOINED or whole not in lexicon:
        return None
    known = (first in lexicon) + (second in lexicon)
    return whole if known == 0 or (known == 1 and whole in lexicon.listed) else None


def _always(_: str) -> bool:
    return True


_ANY_SIGN = re.compile(_SIGN)
_ANY_MARK = re.compile(r"[a-z0-9@$][-.*/|+~_][a-z0-9@$]")
_ANY_RUN = re.compile(r"([a-z])\1\1")
_ANY_SINGLE = re.compile(r"(?<![^\W_])[a-z0-9@$][ .\-_*/|,+~]{1,3}[a-z0-9@$](?![^\W_])")

_FIXES: tuple[tuple[re.Pattern[str], Fix, Callable[[str], object]], ...] = (
    (_SPACED, _unspaced, _ANY_SINGLE.search),
    (_PARTED, _joined, _ANY_MARK.search),
    (_LEET_WORD, _unleet, _ANY_SIGN.search),
    (_REPEATED, _shorten, _ANY_RUN.search),
    (_BROKEN, _mended, _always),
    (_WORD, _respell, _always),
)
