"""Train the tokenizer on the captions, so that every word of the vocabulary is one token.

The pairs are learnt here and not by the library's own trainer: that one settles ties by chance, so
that a run that is begun anew would not come to the same model.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase, digits

from tokenizers import pre_tokenizers

from worker.train import checkpoints
from worker.train.parts import Tokenizer, new_tokenizer

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
MAX_LENGTH = 32
"""Tokens of a prompt, with the two at its ends: the longest caption has 20."""
VOCABULARY_SIZE = 2048
"""At the most; words that are no caption's fall apart into letters."""
_LAST = "</w>"
"""Marks the end of a word."""
_TIMES_LEAST = 2
"""A pair is learnt that occurs so often."""

Pair = tuple[str, str]


def train_tokenizer(captions: Iterable[str], folder: Path) -> Tokenizer:
    """Learn the byte pairs of the captions and save the tokenizer."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    # A word may end in any letter, whether or not one of the captions' words does.
    endings = [f"{letter}{_LAST}" for letter in ascii_lowercase + digits]
    words = _words_of(captions)
    single = dict.fromkeys([*letters, *sorted({word[-1] for word in words}), *endings])
    merges = _learn(words, VOCABULARY_SIZE - len(single) - 2)
    known = dict.fromkeys([*single, *(first + second for first, second in merges), BEGIN, END])
    ids = {piece: index for index, piece in enumerate(known)}
    tokenizer = new_tokenizer(vocab=ids, merges=merges, model_max_length=MAX_LENGTH)
    with checkpoints.whole(folder) as partial:
        tokenizer.save_pretrained(partial)
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read a tokenizer that was saved."""
    return new_tokenizer.from_pretrained(folder, local_files_only=True)


def _words_of(captions: Iterable[str]) -> Counter[tuple[str, ...]]:
    """Count the words as the tokenizer will see them, each in letters, the last one marked."""
    reader = new_tokenizer().backend_tokenizer
    counted: Counter[tuple[str, ...]] = Counter()
    for caption in captions:
        normal = reader.normalizer.normalize_str(caption)
        for word, _ in reader.pre_tokenizer.pre_tokenize_str(normal):
            counted[*word[:-1], word[-1] + _LAST] += 1
    return counted


def _learn(words: Counter[tuple[str, ...]], most: int) -> list[Pair]:
    """Join the pair that occurs most often, again and again; the alphabet settles ties."""
    cut = [list(word) for word in words]
    counts = list(words.values())
    pairs: Counter[Pair] = Counter()
    places: dict[Pair, set[int]] = {}

    def count(place: int, times: int) -> None:
        for pair in zip(cut[place], cut[place][1:], strict=False):
            pairs[pair] += times
            places.setdefault(pair, set()).add(place)

    for place, times in enumerate(counts):
        count(place, times)
    merges: list[Pair] = []
    while len(merges) < most and pairs:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < _TIMES_LEAST:
            break
        merges.append(best)
        for place in sorted(places.pop(best)):
            count(place, -counts[place])
            cut[place] = _joined(cut[place], best)
            count(place, counts[place])
        pairs += Counter()  # Drops the pairs that there are none of any more.
    return merges


def _joined(word: list[str], pair: Pair) -> list[str]:
    made: list[str] = []
    for piece in word:
        # The last of what is made may be the pair's first; never what was just joined.
        if made and (made[-1], piece) == pair:
            made[-1] += piece
        else:
            made.append(piece)
    return made
