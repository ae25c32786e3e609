"""Score texts by hashed character and word n-grams: a linear model that knows exact words.

It sees what the network's word pieces hide - rare slang, halves of words - and costs little.
"""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 18
"""Rows of the table: enough that few of the n-grams that matter share one."""

_CHARACTERS = (3, 4, 5)
_WORD = re.compile(r"[^\W_]+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads well.
_HIGH = np.uint64(64 - 18)


def buckets_of(text: str) -> NDArray[np.int64]:
    """List the buckets of a text's n-grams, each once, in rising order."""
    words = _WORD.findall(text.lower())
    named = [f"1{word}" for word in words]
    named += [f"2{first} {second}" for first, second in pairwise(words)]
    hashes = [np.array([zlib.crc32(name.encode()) for name in named], np.uint64)]
    letters = np.frombuffer(f" {' '.join(words)} ".encode(), np.uint8).astype(np.uint64)
    hashes += [_windows(letters, length) for length in _CHARACTERS]
    spread: NDArray[np.uint64] = (np.concatenate(hashes) * _FACTOR) >> _HIGH
    return np.unique(spread).astype(np.int64)


def _windows(letters: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Give each run of so many letters its number."""
    count = len(letters) - length + 1
    if count < 1:
        return np.empty(0, np.uint64)
    number = np.full(count, length, np.uint64)
    for at in range(length):
        number = number * np.uint64(257) + letters[at : at + count]
    return number


class NGramModel:
    """A table of weights by bucket and output; scores are logits."""

    def __init__(
        self, table: NDArray[np.int8], scale: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> None:
        self._table = table
        self._scale = scale
        self._bias = bias

    @classmethod
    def load(cls, path: Path) -> "NGramModel":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["table"], arrays["scale"], arrays["bias"])

    def save(self, path: Path) -> None:
        """Write the table, its scale and the bias."""
        np.savez_compressed(path, table=self._table, scale=self._scale, bias=self._bias)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score each text: the sum of its n-grams' weights over the root of their number."""
        rows = np.empty((len(texts), len(self._bias)), np.float32)
        for at, text in enumerate(texts):
            found = buckets_of(text)
            total = self._table[found].sum(0, dtype=np.int32)
            rows[at] = total * self._scale / max(1, len(found)) ** 0.5 + self._bias
        return rows
