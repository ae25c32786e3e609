"""Say how much a text tries not to be read: disguised words, hidden characters, token soup.

Neither is a violation. A gate may lower its thresholds for such a text, and count it. Both scores
are 0..1; at most one in a hundred prompts of real traffic lies above .5.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

from moderation.confusables import FOREIGN
from moderation.lexicon import Lexicon, english
from moderation.normalize import Readings, read

WINDOW = 14
"""Tokens that are judged together, so that soup behind an honest sentence is found by itself."""

_STRIDE = WINDOW // 2
_FEWEST = 8
"""Tokens that shares are of at least, so that a name of two words is no soup."""

_MOST_WINDOWS = 120
"""A prompt of 6,000 characters has no more."""

_SELDOM, _UNUSUAL, _RARE, _NO_WORD = 3000, 6000, 12000, 60000
"""Ranks of words: how unlikely a person's prompt is to hold several in a row."""

_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+|([^\sA-Za-z0-9])\1*")
_ODD = frozenset('\\](){}[<>^`~|=+*_@#$"!;?/')
_HUMP = re.compile("[a-z](?=[A-Z])")
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u00ad\ufeff\U000e0020-\U000e007e]")
_MIXED = re.compile("[A-Za-z][" + "".join(sorted(FOREIGN)).replace("]", "") + "]")


@dataclass(frozen=True, slots=True)
class Soup:
    """What a window of tokens looks like: shares of its tokens."""

    unknown: float
    """Strings of five and more letters that are no word."""
    fragments: float
    """The same with two to four letters."""
    signs: float
    """Signs that sentences do without."""
    glued: float
    """Tokens that hang together without a space: `]Me`, `lyNow`."""
    rare: float
    """Words beyond the 12,000 most frequent."""
    rare_pairs: float
    """Neighbours that are both beyond the 6,000 most frequent."""
    run: float
    """The longest row of unusual words, in eighths."""


# Fitted by logistic regression on windows: 8,000 own soups (random pieces and words, alone, around
# a risky phrase, behind a caption) against 10,900 benign prompts; half of each was held out.
_WEIGHTS = Soup(10.67, 8.53, 12.46, 7.94, 4.92, 4.55, 0.58)
_BIAS = -5.94
_BORDER = 1.7
"""Nine in a thousand prompts of real traffic score above this; .83 of own soups do."""

_DISGUISES_TO_HALF = 2.0
"""Two disguised words, or one that a term list holds, make the score .5."""


def obfuscation(text: str, readings: Readings | None = None) -> float:
    """Score how much a text hides, by disguise or by soup.

    Args:
        text: The text as typed.
        readings: Its readings, where they are at hand.
    """
    return max(disguise(text, readings), soup(text))


def disguise(text: str, readings: Readings | None = None) -> float:
    """Score disguised words: those that were put right, and those that hidden characters broke."""
    found = readings or read(text)
    weight: float = sum(_DISGUISES_TO_HALF if each.is_listed else 1.0 for each in found.repairs)
    if not text.isascii():
        weight += len(_MIXED.findall(text)) + _hidden_inside(text)
    return float(1 - 0.5 ** (weight / _DISGUISES_TO_HALF))


def soup(text: str) -> float:
    """Score how far the worst part of a text is from anything that people write."""
    lexicon = english()
    tokens = list(_TOKEN.finditer(text))
    windows = [tokens[:WINDOW]] if len(tokens) <= WINDOW else list(_windows(tokens))
    worst = max(_logit(_look(text, window, lexicon)) for window in windows)
    return 1 / (1 + math.exp(_BORDER - worst))


def _windows(tokens: Sequence[re.Match[str]]) -> Iterator[Sequence[re.Match[str]]]:
    count = (len(tokens) - _STRIDE - 1) // _STRIDE + 1
    for at in range(0, min(count, _MOST_WINDOWS) * _STRIDE, _STRIDE):
        yield tokens[at : at + WINDOW]


def _logit(seen: Soup) -> float:
    shares = zip(astuple(seen), astuple(_WEIGHTS), strict=True)
    return _BIAS + sum(float(share) * float(weight) for share, weight in shares)


def _look(text: str, window: Sequence[re.Match[str]], lexicon: Lexicon) -> Soup:
    count = max(len(window), _FEWEST)
    words = [match[0].lower() for match in window if match[0].isalpha() and match[0].isascii()]
    ranks = [_NO_WORD if (rank := lexicon.rank(word)) is None else rank for word in words]
    unknown = [len(word) for word, rank in zip(words, ranks, strict=True) if rank == _NO_WORD]
    run = longest = 0
    for rank in ranks:
        run = run + 1 if rank > _SELDOM else 0
        longest = max(longest, run)
    return Soup(
        unknown=sum(length > 4 for length in unknown) / count,  # noqa: PLR2004 - see `Soup`.
        fragments=sum(2 <= length <= 4 for length in unknown) / count,  # noqa: PLR2004
        signs=sum(match[0][0] in _ODD for match in window) / count,
        glued=sum(_seams(text, match) for match in window) / count,
        rare=sum(_RARE < rank < _NO_WORD for rank in ranks) / count,
        rare_pairs=sum(min(pair) > _UNUSUAL for pair in pairwise(ranks)) / count,
        run=min(longest, 8) / 8,
    )


def _seams(text: str, match: re.Match[str]) -> int:
    """Count where a token hangs together with another, or is two in itself."""
    token, start, end = match[0], match.start(), match.end()
    inner = len(_HUMP.findall(token)) if token.isalpha() else 0
    is_between = token[0] in _ODD and start > 0 and end < len(text)
    is_glued = is_between and not text[start - 1].isspace() and _holds(text[end])
    return inner + is_glued


def _holds(char: str) -> bool:
    return char.isalnum() or char in _ODD


def _hidden_inside(text: str) -> int:
    """Count hidden characters between letters, where no script needs them."""
    return sum(
        match.start() > 0
        and text[match.start() - 1].isascii()
        and text[match.start() - 1].isalpha()
        for match in _HIDDEN.finditer(text)
    )
