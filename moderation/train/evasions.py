"""Hide words as people do to get past a filter: each way of hiding is one function."""

import random
import re
from collections.abc import Callable, Mapping

_WORD = re.compile(r"[A-Za-z]{4,}")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_LOOKALIKES = str.maketrans(  # Cyrillic letters that look like these Latin ones.
    "aceopxyiACEOPX",
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0410\u0421\u0415\u041e\u0420\u0425",
)
_ZERO_WIDTH = "\u200b"
_VOWELS = re.compile(r"(?<=[a-zA-Z])[aeiou](?=[a-zA-Z])")

Evasion = Callable[[str, random.Random], str]


def _leet(word: str, _: random.Random) -> str:
    return word.translate(_LEET)


def _zero_width(word: str, _: random.Random) -> str:
    return _ZERO_WIDTH.join(word)


def _homoglyph(word: str, _: random.Random) -> str:
    return word.translate(_LOOKALIKES)


def _spaced(word: str, _: random.Random) -> str:
    return " ".join(word)


def _split(word: str, chance: random.Random) -> str:
    at = chance.randrange(2, len(word) - 1)
    return f"{word[:at]}-{word[at:]}"


def _dotted(word: str, _: random.Random) -> str:
    return ".".join(word)


def _swap(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _repeat(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + word[at] * 3 + word[at:]


def _vowel_drop(word: str, _: random.Random) -> str:
    return _VOWELS.sub("", word, count=1)


EVASIONS: Mapping[str, Evasion] = {
    "leet": _leet,
    "zero_width": _zero_width,
    "homoglyph": _homoglyph,
    "spaced": _spaced,
    "split": _split,
    "dotted": _dotted,
    "swap": _swap,
    "repeat": _repeat,
    "vowel_drop": _vowel_drop,
}


def evade(text: str, name: str, seed: str, portion: float = 0.5) -> str:
    """Hide a portion of the longer words of a text in one way, at least one word."""
    chance = random.Random(f"{seed} {name} {text}")  # noqa: S311 - no secret.
    words = list(_WORD.finditer(text))
    if not words:
        return text
    count = max(1, round(portion * len(words)))
    chosen = {match.start() for match in chance.sample(words, count)}
    hide = EVASIONS[name]
    return _WORD.sub(
        lambda match: hide(match[0], chance) if match.start() in chosen else match[0], text
    )
