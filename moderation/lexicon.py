"""Know words: which strings are English words, and which are a known word spelt wrongly.

`Lexicon` holds two frequency-ordered files of words (`moderation/lexicon/`) and the words of the
shipped term lists. Its table of wrong spellings covers two letters swapped and a vowel left out,
for frequent words and for those of the lists; a wrong spelling that is a word itself ("from" for
"form") is in no table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from moderation.term_files import read_terms

_HERE = Path(__file__).resolve().parent
_WORD_FILE = _HERE / "lexicon" / "words.txt"
_PICTURE_FILE = _HERE / "lexicon" / "pictures.txt"
_GUARDED_FILE = _HERE / "lexicon" / "guarded.txt"
_PROMPT_FILE = _HERE / "lexicon" / "prompts.txt"
_FIRST_FILE = _HERE / "lexicon" / "first.txt"
_LISTS = _HERE / "policies" / "lists"

LISTED = (
    *("anatomy", "crude", "explicit", "gore", "minors", "nudity", "self_harm"),
    *("self_harm_topics", "sexualised", "slurs", "suggestive", "undress", "violence"),
)
"""The term lists whose words are worth hiding, and so worth finding."""

COMMON = 8000
"""Words whose wrong spellings are known: nine tenths of what a prompt is made of."""

COMMON_LONG = 16000
_REACH = {4: 1500, 5: COMMON}
"""The shorter a word, the sooner its wrong spellings are somebody's name."""

_SHORTEST_LISTED = 4
_LISTED_RANK = 2000
"""Words of the lists read as frequent as the 2,000th word: seldom in books, not so in prompts."""

_SHORTEST_WRONG = 3
_SELDOM = 20000
"""A word beyond this rank that is a listed one spelt wrongly ("pron") is taken for that."""

_VOWELS = frozenset("aeiou")
_LETTERS = re.compile("[a-z]+")


class Lexicon:
    """The words of a language with their ranks, and the wrong spellings that stand for them."""

    def __init__(
        self,
        words: Mapping[str, int],
        listed: frozenset[str],
        spoken: frozenset[str] = frozenset(),
        first: frozenset[str] = frozenset(),
        prompted: frozenset[str] = frozenset(),
    ) -> None:
        self._ranks = words
        self.listed = listed
        """Words that are terms of the lists by themselves."""
        self.spoken = spoken
        """Further words of their longer terms, each harmless by itself."""
        self.prompted = prompted
        """Words that prompts of many people hold, names among them."""
        self._first = first

    def __contains__(self, word: str) -> bool:
        return word in self._ranks

    def rank(self, word: str) -> int | None:
        """Say how frequent a word is: 0 is the most frequent. None: it is no word."""
        return self._ranks.get(word)

    def words(self) -> Sequence[str]:
        """List every word."""
        return list(self._ranks)

    def meant(self, wrong: str) -> str | None:
        """Find the word that a wrong spelling stands for."""
        return self._misspelt.get(wrong)

    def _is_guarded(self, word: str) -> bool:
        reach = _REACH.get(len(word), COMMON_LONG)
        return len(word) >= _SHORTEST_LISTED and (
            word in self.listed or word in self.spoken or self._ranks[word] < reach
        )

    @cached_property
    def _misspelt(self) -> dict[str, str]:
        guarded = filter(self._is_guarded, self._ranks)
        by_rank = sorted(guarded, key=lambda word: (word not in self._first, self._ranks[word]))
        table: dict[str, str] = {}
        for word in by_rank:
            seldom = _SELDOM if word in self.listed else len(self._ranks)
            shortest = _SHORTEST_WRONG if word in self.listed else _SHORTEST_LISTED
            for wrong in _misspellings(word):
                if len(wrong) >= shortest and self._ranks.get(wrong, seldom) >= seldom:
                    table.setdefault(wrong, word)
        return table


def _misspellings(word: str) -> Iterator[str]:
    """Swap two inner letters, or leave out an inner vowel or all of them."""
    last = len(word) - 1
    for at in range(1, last):
        if at + 1 < len(word) and word[at] != word[at + 1]:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if word[at] in _VOWELS:
            yield word[:at] + word[at + 1 :]
    skeleton = (
        word[0] + "".join(letter for letter in word[1:-1] if letter not in _VOWELS) + word[-1]
    )
    if len(skeleton) >= _SHORTEST_WRONG:
        yield skeleton


@cache
def english() -> Lexicon:
    """Read the shipped words, once."""
    ranks: dict[str, int] = {}
    for line in read_terms(_WORD_FILE):
        ranks.setdefault(line, len(ranks))
    for line in read_terms(_PICTURE_FILE):
        for word in line.split():
            ranks[word] = min(ranks.get(word, COMMON), COMMON)
    terms = [_bare(term) for name in LISTED for term in _terms_of(name)]
    listed = {term for term in terms if _LETTERS.fullmatch(term) and len(term) >= _SHORTEST_LISTED}
    listed |= _words_of(_GUARDED_FILE)
    # Of terms with several words, each may be harmless: "in her mouth".
    spoken = {word for term in terms for word in _LETTERS.findall(term) if word in ranks}
    for word in listed:
        ranks[word] = min(ranks.get(word, _LISTED_RANK), _LISTED_RANK)
    return Lexicon(
        ranks, frozenset(listed), frozenset(spoken), _words_of(_FIRST_FILE), _words_of(_PROMPT_FILE)
    )


def _words_of(path: Path) -> frozenset[str]:
    return frozenset(word for line in read_terms(path) for word in line.split())


def _bare(term: str) -> str:
    return term.removeprefix("=")


def _terms_of(name: str) -> list[str]:
    path = _LISTS / f"{name}.txt"
    return [term for term in read_terms(path) if not term.endswith("*")] if path.is_file() else []
