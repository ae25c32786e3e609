"""Read a prompt as a person would, however it was spelt, and remember where each character stood.

`read` gives several readings of one text. The first, `plain`, changes as little as possible:
compatibility forms, hidden characters, stacked marks, look-alike letters inside Latin words and
weight syntax go, and "Dalí", "yin-yang" or "U.S. 101" stay. The others are guesses at what an
obfuscated text hides (accents folded, letters joined, digits read as letters, runs of letters
shortened). A guess costs a benign text nothing: it is only ever looked up in the term lists, and
"out-of-focus" read as "outoffocus" is in none of them.
"""

import re
import unicodedata
from dataclasses import dataclass
from string import ascii_lowercase

from moderation.confusables import CONFUSABLES, FOREIGN
from moderation.emoji import MEANINGS
from moderation.lexicon import english
from moderation.readings import FILLERS, UNSEEN, Reading, kept, replaced, rewritten
from moderation.repair import Repair, repairs

MAX_MARKS = 2
"""Combining marks that one letter may carry: Vietnamese needs two, stacked ("zalgo") text more."""

MIN_SPACED = 3
"""Single letters in a row that count as a spaced-out word; two are initials ("J. R. Hartley")."""

MAX_FOLDS = 4096
"""Characters whose folding is remembered: far more than prompts use, far less than Unicode has."""

_GONE = "\x00"
"""Stands where a mark was, until it is dropped; no reading holds it otherwise."""

_EMOJI = frozenset(MEANINGS)
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_FIRST_JOINING_SCRIPT = 0x0590
"""Joiners after a Hebrew or later character (Persian, Indic scripts, emoji) carry meaning."""

_OVERLAYS = frozenset(map(chr, (*range(0x0334, 0x0339), *range(0x20D2, 0x20F1))))

# Every repetition below is bounded or unambiguous, so that no input takes more than linear time.
_WEIGHT_END = re.compile(r":\s{0,3}[+-]?(?:\d{1,4}(?:\.\d{0,4})?|\.\d{1,4})\s{0,3}\)")
_PART_WEIGHT = re.compile(r"::[+-]?(?:\d{1,4}(?:\.\d{1,4})?|\.\d{1,4})?(?=[\s,)]|\Z)")
_ORDINARY = re.compile(r"[\t\n\r\x20-\x7e]*")  # ASCII without control characters.
_ASCII_RUN = re.compile(r"[\t\n\r\x20-\x7e]+(?![^\x00-\x7f])")  # Marks may follow the last.
_FIRST_TAG = 0xE0000
_TAG = re.compile("[\U000e0020-\U000e007e]")
_WORD = re.compile(r"[^\W\d_]+")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")
_LONG_RUNS = tuple(letter * 3 for letter in ascii_lowercase)  # Ten times faster to look for.
_INNER_MARKS = re.compile(r"(?<=[a-z0-9])[-.*/|+~()\[\]{}]+(?=[a-z0-9])")
_SPACER = r"[ .\-_*/|,+~]{1,3}"
_SPACED = re.compile(
    rf"(?<![^\W_])[a-z0-9@$](?:{_SPACER}[a-z0-9@$](?![^\W_])){{{MIN_SPACED - 1},}}"
)
_SPACED_ARTICLE = re.compile(
    rf"(?<![^\W_])[ai] (?=[a-z0-9@$](?:{_SPACER}[a-z0-9@$](?![^\W_])){{2}})"
)
_SEPARATORS = re.compile(r"[ .\-_*/|,+~]+")
_LEET_WORD = re.compile(  # A word that mixes letters and signs, whole.
    r"(?<![a-z0-9@$€£!|])(?:[a-z]++[0-9@$€£!|]|[0-9@$€£!|]++[a-z])[a-z0-9@$€£!|]*+"
)
_LEET = str.maketrans("0123456789@$€£!|", "oizeasgtbgaselii")
_LEET_L = _LEET | str.maketrans("1!|", "lll")


@dataclass(frozen=True, slots=True)
class Readings:
    """Every reading of one text."""

    plain: Reading
    """As typed, without what only disguises: for people."""

    repaired: Reading
    """The plain one with words put right (`moderation.repair`): for classifiers."""

    repairs: tuple[Repair, ...]
    """What was put right."""

    guesses: tuple[Reading, ...]
    """What the text may hide: for the lists."""


def read(text: str) -> Readings:
    """Read a text in every way that is worth looking up."""
    plain = _plain(text)
    base = _folded(plain)
    found = repairs(plain.text)
    repaired = replaced(_unforeign(plain), [(each.start, each.end, each.text) for each in found])
    guesses = [base]
    if repaired is not plain:
        guesses.append(_folded(repaired))
    if not _EMOJI.isdisjoint(base.text):
        guesses.append(_unpictured(base))
    sources = [base, *_joined(base)]
    for source in sources:
        for unleet in _unleeted(source):
            guesses += [unleet, *_shortened(unleet)]
    guesses += _hidden_tags(text)
    distinct = {guess.text: guess for guess in reversed(guesses)}
    return Readings(
        plain=plain,
        repaired=repaired,
        repairs=tuple(found),
        guesses=tuple(reversed(distinct.values())),
    )


def _plain(text: str) -> Reading:
    if _ORDINARY.fullmatch(text):
        reading = Reading(text, text.lower(), range(len(text)))
    else:
        reading = rewritten(_unhidden(text), _WORD, _fold_mixed_script)
    if "::" in reading.text:
        reading = rewritten(reading, _PART_WEIGHT, lambda _: "")
    return _without_weights(reading) if _WEIGHT_END.search(reading.text) else reading


def _unhidden(text: str) -> Reading:
    """Read each character in its compatibility form and lower case, without what hides."""
    pieces: list[str] = []
    origins: list[int] = []
    position = 0
    while position < len(text):
        start = position
        run = _ASCII_RUN.match(text, start)
        if run:
            pieces.append(run[0].lower())
            origins += range(start, run.end())
            position = run.end()
            continue
        position = _after_marks(text, start + 1)
        if not _is_hidden(text, start):
            marks = [mark for mark in text[start + 1 : position] if mark not in _OVERLAYS]
            letter = text[start] + ("".join(marks) if len(marks) <= MAX_MARKS else "")
            piece = unicodedata.normalize("NFKC", letter).lower()
            pieces.append(piece)
            origins += [start] * len(piece)
    return Reading(text, "".join(pieces), origins)


def _after_marks(text: str, at: int) -> int:
    """Skip the combining marks that belong to the character before."""
    while at < len(text) and (unicodedata.combining(text[at]) or text[at] in _OVERLAYS):
        at += 1
    return at


def _is_hidden(text: str, at: int) -> bool:
    char = text[at]
    if char in _JOINERS:
        return at == 0 or ord(text[at - 1]) < _FIRST_JOINING_SCRIPT
    return char in FILLERS or unicodedata.category(char) in UNSEEN or _is_variation(char)


def _is_variation(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0d" or "\U000e0100" <= char <= "\U000e01ef"


def _fold_mixed_script(word: str) -> str:
    """Fold look-alikes in a word that also has plain Latin letters; leave other scripts alone."""
    if word.isascii() or not any("a" <= char <= "z" for char in word):
        return word
    return "".join(FOREIGN.get(char, char) for char in word)


def _without_weights(reading: Reading) -> Reading:
    """Drop the brackets and numbers of `(x:1.2)`, so that `(nu:1.1)(de:1.1)` reads as one word."""
    dropped: set[int] = set()
    opened: list[int] = []
    ends = {match.end() - 1: match.start() for match in _WEIGHT_END.finditer(reading.text)}
    for at, char in enumerate(reading.text):
        if char == "(":
            opened.append(at)
        elif char == ")" and opened:
            start = opened.pop()
            if at in ends:
                dropped |= {start, *range(ends[at], at + 1)}
    return kept(reading, lambda at: at not in dropped)


def _unforeign(plain: Reading) -> Reading:
    """Read words that wear accents or another script throughout, where a listed word comes out."""
    if plain.text.isascii():
        return plain
    listed = english().listed

    def change(word: str) -> str:
        bare = word if word.isascii() else word.translate(_FOLDS)
        return bare if bare in listed and len(bare) == len(word) else word

    return rewritten(plain, _WORD, change)


def _unpictured(base: Reading) -> Reading:
    """Read emoji as the words for what they show."""
    places = [at for at, char in enumerate(base.text) if char in _EMOJI]
    changes = [(at, at + 1, f" {MEANINGS[base.text[at]]} ") for at in places]
    return replaced(base, changes)


def _folded(plain: Reading) -> Reading:
    """Fold accents and every look-alike; marks that no letter has composed with go."""
    text = plain.text.translate(_FOLDS)
    folded = Reading(plain.source, text, plain.origins)
    return kept(folded, lambda at: text[at] != _GONE) if _GONE in text else folded


class _Folds(dict[int, str]):
    """Fold a character when it is first seen, and remember it: `str.translate` asks each time."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < MAX_FOLDS:
            self[code] = folded
        return folded


def _fold(char: str) -> str:
    if char.isascii():
        return char
    if char.isspace():
        return " "
    if unicodedata.combining(char):
        return _GONE
    base = unicodedata.normalize("NFD", char)[0]
    return CONFUSABLES.get(base, base)


_FOLDS = _Folds(zip(map(ord, "_\u2018\u2019\u2010\u2011\u2013\u2014"), " ''----", strict=True))


def _joined(base: Reading) -> list[Reading]:
    """Join "n u d e", "n.u.d.e" and "nu-de"; also with a leading "a" kept as the article."""
    # A line break is no separator of spaced-out words, so it keeps the article out of the run.
    parted = rewritten(base, _SPACED_ARTICLE, lambda article: article[0] + "\n")
    sources = [base] if parted is base else [base, parted]
    joined = (
        rewritten(rewritten(source, _SPACED, _drop_separators), _INNER_MARKS, lambda _: "")
        for source in sources
    )
    return [reading for reading in joined if reading is not base]


def _drop_separators(run: str) -> str:
    """Join spaced-out words; a wider gap parts two of them ("r e d  c a r").

    Numbers stay: "1 9 5 0" is how some people type a year.
    """
    narrow = min(map(len, _SEPARATORS.findall(run)))
    joined = _SEPARATORS.sub(lambda gap: gap[0][narrow:], run)
    return run if joined.isdigit() else joined


def _unleeted(source: Reading) -> list[Reading]:
    """Read digits and signs inside words as letters; `1`, `!` and `|` stand for i or for l."""
    as_i = rewritten(source, _LEET_WORD, lambda word: _unleet(word, _LEET))
    if as_i is source:
        return [source]
    as_l = rewritten(source, _LEET_WORD, lambda word: _unleet(word, _LEET_L))
    return [source, as_i] if as_l.text == as_i.text else [source, as_i, as_l]


def _unleet(token: str, letters: dict[int, int]) -> str:
    """Read the signs of a word as letters; a closing "!" or several are punctuation."""
    if "!!" in token:
        return token
    word = token.rstrip("!|")
    return word.translate(letters) + token[len(word) :]


def _shortened(source: Reading) -> list[Reading]:
    """Shorten runs of three and more letters to two ("boooobs") and to one ("nuuude")."""
    if not any(run in source.text for run in _LONG_RUNS):
        return []
    return [
        rewritten(source, _LONG_RUN, lambda run: run[0] * 2),
        rewritten(source, _LONG_RUN, lambda run: run[0]),
    ]


def _hidden_tags(text: str) -> list[Reading]:
    """Read what Unicode tag characters spell out unseen."""
    places = [match.start() for match in _TAG.finditer(text)]
    hidden = "".join(chr(ord(text[at]) - _FIRST_TAG) for at in places).lower()
    return [Reading(text, hidden, places)] if hidden.strip() else []
