"""Find labelled pictures that look like one, among a million, in one pass over all of them.

There is no tree and no library: 256 bits against 256 bits is four `xor` and four counts, and a
million of both hashes is 64 MB that a core walks through faster than a person notices.

**What is in it.** Every picture of the registry that has fingerprints, also one that was taken down
or whose member is gone: their ids and hashes stay, so that a label stays verifiable. Who shows a
finding asks the registry what still stands.

**How it is filled.** By time, from the newest that is known on. Rows of one moment may come on two
pages, and a row is committed a while after the moment that it bears, so the last minutes are read
again each time and what is known already is left out.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.contracts.ids import VerifyId
from core.contracts.registry import Fingerprints
from core.provenance.distance import MAX_DISTANCE
from core.provenance.pdq import MIN_QUALITY
from core.storage import Store
from core.storage.registry import Known

PHASH_MAX_DISTANCE = 40
"""Of 256 bits: with it 24 of 24 pictures were known again after JPEG 50, WebP 80, a preview, half
the size, a blur or a screenshot, and 2 of 10,000 pairs of different pictures were taken for one."""

PHASH_MIN_QUALITY = 10
"""Of PDQ's measure: below it a picture has so little in it that its pHash says nothing either."""

LATE = timedelta(minutes=15)
"""How long after the moment in a row it may turn up: a job's pictures are recorded together, when
the last of them is drawn."""

PAGE = 10_000
_FIRST_ROOM = 4096
_AT_ONCE = 1 << 15
"""Rows that are compared at once: their words and counts stay in a core's second cache."""
_WORDS = 4
"""Of 64 bits, in a hash."""

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Alike:
    """A labelled picture that looks like the one that was asked for."""

    verify_id: VerifyId
    pdq_distance: int | None
    """Bits that differ; None where one of the two has too little in it."""
    phash_distance: int

    @property
    def rank(self) -> float:
        """Tell how far off it is, for an order: the mean share of bits that differ."""
        found = [self.phash_distance, self.pdq_distance]
        told = [each for each in found if each is not None]
        return sum(told) / len(told)


class _Rows(NamedTuple):
    """All that is known, a column each, with room for more behind the last."""

    ids: npt.NDArray[np.bytes_]
    pdq: Words
    """Word by word, so that each is walked through from end to end."""
    phash: Words
    quality: npt.NDArray[np.uint8]

    @classmethod
    def empty(cls, room: int) -> "_Rows":
        return cls(
            np.zeros(room, "S16"),
            np.zeros((_WORDS, room), np.uint64),
            np.zeros((_WORDS, room), np.uint64),
            np.zeros(room, np.uint8),
        )


class LooksIndex:
    """The looks of one registry; safe to share by threads, each process fills its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows, self._count = _Rows.empty(_FIRST_ROOM), 0
        self._recent: dict[VerifyId, datetime] = {}
        """What may be listed again, with its time."""
        self._filling = threading.Lock()

    def __len__(self) -> int:
        """Count the pictures that are known."""
        return self._count

    def refresh(self) -> None:
        """Take in what was recorded since; at first everything, which takes seconds for a million.

        Raises:
            Unavailable: `database_away`; what is known stays known.
        """
        with self._filling:
            newest = max(self._recent.values(), default=None)
            since, after = (None if newest is None else newest - LATE), None
            while True:
                with self._store.reading() as unit:
                    page = unit.registry.known_since(since, after=after, limit=PAGE)
                self._take_in([each for each in page if each.verify_id not in self._recent])
                if len(page) < PAGE:
                    return
                since, after = page[-1].created_at, page[-1].verify_id

    def nearest(self, looks: Fingerprints, most: int = 5) -> list[Alike]:
        """Find the pictures that look like one, the most alike first.

        Raises:
            Unavailable: `database_away`.
        """
        self.refresh()
        with self._filling:  # What is behind the count is written by the next refresh alone.
            rows, count = self._rows, self._count
        parts = (slice(at, min(at + _AT_ONCE, count)) for at in range(0, count, _AT_ONCE))
        found = [alike for part in parts for alike in _within(rows, part, looks, most)]
        return sorted(found, key=lambda each: (each.rank, each.verify_id))[:most]

    def _take_in(self, page: list[Known]) -> None:
        if not page:
            return
        begin, end = self._count, self._count + len(page)
        if end > self._rows.ids.size:
            self._rows = _grown(self._rows, begin, max(end, 2 * self._rows.ids.size))
        rows = self._rows
        rows.ids[begin:end] = [each.verify_id.encode("ascii") for each in page]
        rows.pdq[:, begin:end] = _words_of([each.pdq for each in page])
        rows.phash[:, begin:end] = _words_of([each.phash for each in page])
        rows.quality[begin:end] = [each.pdq_quality for each in page]
        self._count = end
        self._recent |= {each.verify_id: each.created_at for each in page}
        oldest = max(self._recent.values()) - LATE
        self._recent = {key: made for key, made in self._recent.items() if made >= oldest}


def _within(rows: _Rows, part: slice, looks: Fingerprints, most: int) -> list[Alike]:
    """Compare a part of the rows and keep those of it that are most alike."""
    qualities = rows.quality[part]
    by_phash = _distances(rows.phash[:, part], looks.phash)
    is_alike = by_phash <= PHASH_MAX_DISTANCE
    is_alike &= (qualities >= PHASH_MIN_QUALITY) & (looks.pdq_quality >= PHASH_MIN_QUALITY)
    is_told = (qualities >= MIN_QUALITY) & (looks.pdq_quality >= MIN_QUALITY)
    by_pdq = _distances(rows.pdq[:, part], looks.pdq)
    is_alike |= is_told & (by_pdq <= MAX_DISTANCE)
    places = np.flatnonzero(is_alike)
    ranks = np.where(is_told, (by_pdq + by_phash) / 2, by_phash)[places]
    return [
        Alike(
            verify_id=VerifyId(rows.ids[part][at].decode("ascii")),
            pdq_distance=int(by_pdq[at]) if is_told[at] else None,
            phash_distance=int(by_phash[at]),
        )
        for at in places[np.argsort(ranks, kind="stable")[:most]]
    ]


def _distances(rows: Words, asked: str) -> npt.NDArray[np.uint16]:
    """Count the bits that differ, a row each."""
    counted = np.zeros(rows.shape[1], np.uint16)
    for row, word in zip(rows, _words_of([bytes.fromhex(asked)])[:, 0], strict=True):
        counted += np.bitwise_count(row ^ word)
    return counted


def _words_of(hashes: list[bytes]) -> Words:
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, _WORDS).T


def _grown(rows: _Rows, count: int, room: int) -> _Rows:
    """Copy into more room; who reads the old rows meanwhile goes on with those."""
    grown = _Rows.empty(room)
    grown.ids[:count], grown.quality[:count] = rows.ids[:count], rows.quality[:count]
    grown.pdq[:, :count], grown.phash[:, :count] = rows.pdq[:, :count], rows.phash[:, :count]
    return grown
