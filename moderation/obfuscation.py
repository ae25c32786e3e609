"""Say how much a text tries not to be read: disguised words, hidden characters, token soup.

Neither is a violation. A gate may lower its thresholds for such a text, and count it. Both scores
are 0..1; at most one in two hundred prompts of real traffic lies above .5.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass

from moderation.confusables import FOREIGN
from moderation.lexicon import Lexicon, english
from moderation.normalize import Readings, read

WINDOW = 14
"""Tokens that are judged together, so that soup behind an honest sentence is found by itself."""

_STRIDE = 4
_FEWEST = 8
"""Tokens that shares are of at least, so that a name of two words is no soup."""

_MOST_WINDOWS = 300
"""A prompt of 6,000 characters has no more."""

_LINKING = 60
"""The words that sentences are held together by: "the", "of", "with"."""

_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+|([^\sA-Za-z0-9])\1*")
_ODD = frozenset('\\](){}[<>^`~|=+*_@#$"!;?/')
_HUMP = re.compile("[a-z](?=[A-Z])")
_NAME = re.compile("[A-Z][a-z]{1,11}")
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u00ad\ufeff\U000e0020-\U000e007e]")
_MIXED = re.compile("[A-Za-z][" + "".join(sorted(FOREIGN)).replace("]", "") + "]")

_LAID_OUT = re.compile(
    r"(?:https?://|www\.)\S{1,300}|</?[A-Za-z][^<>]{0,120}>|_|([()\[\]{}])(?:\s?\1)+"
)
"""What captions from the web hold and nobody says: addresses, markup, file names' underscores, and
brackets in rows."""


@dataclass(frozen=True, slots=True)
class Soup:
    """What a window of tokens looks like: shares of its tokens, and rows of them."""

    unknown: float
    """Strings of five and more letters that are no word, and that no prompt was seen to hold."""
    fragments: float
    """The same with two to four letters."""
    signs: float
    """Signs that sentences do without."""
    glued: float
    """Tokens that hang together without a space: `]Me`, `lyNow`."""
    unseen: float
    """Words that prompts do not use, known or not."""
    unseen_row: float
    """The longest row of those, in eighths."""
    linking: float
    """Words that hold sentences together."""
    loose_row: float
    """The longest row of words without one of those, a comma or a full stop; in tenths."""
    commas: float
    names: float
    """Unseen words that are spelt like names."""


# Fitted by logistic regression: 9,000 own soups (pieces of words and whole ones, alone or around a
# risky phrase) against the windows of 8,700 benign prompts, by
# `python -m bench.moderation_soup`, which also measures it on what it was not fitted on.
_WEIGHTS = Soup(
    unknown=2.80,
    fragments=1.44,
    signs=6.14,
    glued=4.77,
    unseen=7.63,
    unseen_row=4.68,
    linking=-4.05,
    loose_row=4.30,
    commas=-6.12,
    names=7.09,
)
_BIAS = -5.63
_BORDER = 1.98
"""Four in a thousand prompts of real traffic score above this."""

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
    worst = max(map(_logit, looks(text)))
    return 1 / (1 + math.exp(_BORDER - worst))


def looks(text: str) -> Iterator[Soup]:
    """Look at a text window by window; at an empty one once."""
    lexicon = english()
    text = _LAID_OUT.sub(lambda match: match[1] or " ", text)
    tokens = list(_TOKEN.finditer(text))
    windows = [tokens[:WINDOW]] if len(tokens) <= WINDOW else _windows(tokens)
    for window in windows:
        yield _look(text, window, lexicon)


def _windows(tokens: Sequence[re.Match[str]]) -> Iterator[Sequence[re.Match[str]]]:
    """Yield every window, a few tokens apart, and the last: soup is mostly hung behind."""
    count = (len(tokens) - _STRIDE - 1) // _STRIDE + 1
    for at in range(0, min(count, _MOST_WINDOWS) * _STRIDE, _STRIDE):
        yield tokens[at : at + WINDOW]
    yield tokens[-WINDOW:]


def _logit(seen: Soup) -> float:
    shares = zip(astuple(seen), astuple(_WEIGHTS), strict=True)
    return _BIAS + sum(float(share) * float(weight) for share, weight in shares)


def _look(text: str, window: Sequence[re.Match[str]], lexicon: Lexicon) -> Soup:
    tokens = [match[0] for match in window]
    count = max(len(tokens), _FEWEST)
    typed = [token for token in tokens if token.isalpha() and token.isascii()]
    words = [word.lower() for word in typed]
    is_new = [len(word) > 1 and word not in lexicon.prompted for word in words]
    is_name = [
        is_it and _NAME.fullmatch(word) is not None
        for word, is_it in zip(typed, is_new, strict=True)
    ]
    is_odd = [new and not name for new, name in zip(is_new, is_name, strict=True)]
    unknown = [
        len(word) for word, odd in zip(words, is_odd, strict=True) if odd and word not in lexicon
    ]
    return Soup(
        unknown=sum(length > 4 for length in unknown) / count,  # noqa: PLR2004 - see `Soup`.
        fragments=sum(length <= 4 for length in unknown) / count,  # noqa: PLR2004
        signs=sum(token[0] in _ODD for token in tokens) / count,
        glued=sum(_seams(text, match) for match in window) / count,
        unseen=sum(is_odd) / count,
        unseen_row=min(_row(is_odd), 8) / 8,
        linking=sum(_is_linking(word, lexicon) for word in words) / count,
        loose_row=min(_loose_row(tokens, lexicon), 10) / 10,
        commas=sum(token[0] == "," for token in tokens) / count,
        names=sum(is_name) / count,
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


def _row(flags: Iterable[bool]) -> int:
    """Count the longest row of flags that are set."""
    row = longest = 0
    for flag in flags:
        row = row + 1 if flag else 0
        longest = max(longest, row)
    return longest


def _loose_row(tokens: Sequence[str], lexicon: Lexicon) -> int:
    """Count the longest row of words that nothing holds together; numbers and signs are skipped."""
    row = longest = 0
    for token in map(str.lower, tokens):
        if token.isalpha() and len(token) > 1 and not _is_linking(token, lexicon):
            row += 1
        elif token[0] in ",." or _is_linking(token, lexicon):
            row = 0
        longest = max(longest, row)
    return longest


def _is_linking(word: str, lexicon: Lexicon) -> bool:
    rank = lexicon.rank(word)
    return rank is not None and rank < _LINKING


def _hidden_inside(text: str) -> int:
    """Count hidden characters between letters, where no script needs them."""
    return sum(
        match.start() > 0
        and text[match.start() - 1].isascii()
        and text[match.start() - 1].isalpha()
        for match in _HIDDEN.finditer(text)
    )
