"""Lay out the tile that a mark repeats: which waves it is made of and what each of them says.

A tile is 256 x 256 px and repeats without a seam, so any cut-out larger than a tile or two has
all of it. It is a sum of some 3,200 plane waves ("carriers") of 8 to 46 periods a tile: slower
ones are a picture's own shapes, faster ones do not survive a preview. Their phases say everything:

    sync     22 % of the carriers: one of 16 keyed patterns, which tells where the tile begins
    payload  the others: 88 bits as 11 words of 8 bits; a word is one of 128 rows of a Hadamard
             matrix, or its opposite, and each of its 128 chips rides on 3 or 4 carriers' halves

Everything is drawn from the key with SHAKE-256 rather than a library's random numbers, because
marks must be read by later versions of every library.
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.contracts.ids import VerifyId

PERIOD = 256
SLOWEST, FASTEST = 8, 46
"""Periods a tile. 46 are 0.34 periods a pixel in the 550 px preview of a 1024 px picture, where
WebP at 80 still keeps some; at 0.5 nothing can be kept."""
SYNC_SHARE = 0.22
SYNC_PATTERNS = 16
"""From marks with one constant pattern it is learnt by averaging ten pictures."""
WORDS, CHIPS = 11, 128
WORD_BITS = 8
ID_BYTES, TAG_BYTES = 8, 3

Complexes = NDArray[np.complex64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layout:
    """What one key makes of the carriers."""

    u: NDArray[np.int64]
    """Periods a tile across, of every carrier: those of the sync pattern first."""
    v: NDArray[np.int64]
    """Periods a tile down; together one half of the plane, for the other half only mirrors it."""
    sync: Complexes
    """Patterns x sync carriers: the phases as unit numbers."""
    chip_of: NDArray[np.int64]
    """Which of the 11 x 128 chips each half (cosine, sine) of the payload's carriers carries."""
    scramble: NDArray[np.int8]
    """Patterns x halves: +1 or -1, so that no word looks the same under two patterns."""
    secret: bytes

    @property
    def sync_count(self) -> int:
        """Count the carriers of the sync pattern."""
        return int(self.sync.shape[1])


@lru_cache(maxsize=8)
def layout_of(secret: bytes) -> Layout:
    """Draw the layout that a key stands for."""
    v, u = np.mgrid[0 : FASTEST + 1, -FASTEST : FASTEST + 1]
    distance = np.hypot(u, v)
    chosen = (distance >= SLOWEST) & (distance <= FASTEST) & ((v > 0) | (u > 0))
    u, v = u[chosen], v[chosen]
    order = np.argsort(_numbers(secret, "carriers", u.size), kind="stable")
    u, v = u[order], v[order]
    sync_count = round(SYNC_SHARE * u.size)
    halves = 2 * (u.size - sync_count)
    angles = _numbers(secret, "sync", SYNC_PATTERNS * sync_count) / 2.0**64 * 2 * np.pi
    deal = np.argsort(_numbers(secret, "chips", halves), kind="stable")
    signs = _numbers(secret, "scramble", SYNC_PATTERNS * halves) & np.uint64(1)
    return Layout(
        u=u,
        v=v,
        sync=np.exp(1j * angles).reshape(SYNC_PATTERNS, sync_count).astype(np.complex64),
        chip_of=deal % (WORDS * CHIPS),
        scramble=(signs.astype(np.int8) * 2 - 1).reshape(SYNC_PATTERNS, halves),
        secret=secret,
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """What follows from key and id alone, so that the same mark is written each time."""

    pattern: int
    origin: tuple[int, int]
    """Where a tile begins, x and y: another place in each picture, against averaging."""


def placement_of(layout: Layout, mark_id: VerifyId) -> Placement:
    """Choose the sync pattern and the tile's origin of one picture."""
    drawn = hmac.digest(layout.secret, b"place" + bytes.fromhex(mark_id), "sha256")
    return Placement(drawn[0] % SYNC_PATTERNS, (drawn[1], drawn[2]))


def carriers_of(layout: Layout, mark_id: VerifyId) -> Complexes:
    """Say the phase of every carrier, of unit size, for a tile that begins at 0, 0."""
    pattern = placement_of(layout, mark_id).pattern
    content = bytes.fromhex(mark_id) + tag_of(layout, mark_id)
    rows = np.frombuffer(content, np.uint8)
    words = _hadamard()[rows & 127] * np.where(rows & 128, -1, 1)[:, None]
    halves = words.reshape(-1)[layout.chip_of] * layout.scramble[pattern]
    payload = (halves[0::2] + 1j * halves[1::2]) / np.sqrt(2)
    return np.concatenate([layout.sync[pattern], payload]).astype(np.complex64)


def tile_of(layout: Layout, mark_id: VerifyId) -> Floats:
    """Draw one tile of unit variance, as it lies at the picture's left upper corner."""
    spectrum = np.zeros((PERIOD, PERIOD), np.complex128)
    values = carriers_of(layout, mark_id)
    spectrum[layout.v, layout.u] = values
    spectrum[-layout.v, -layout.u] = values.conj()
    tile = np.fft.ifft2(spectrum).real
    x, y = placement_of(layout, mark_id).origin
    placed: Floats = np.roll(tile / tile.std(), (y, x), axis=(0, 1)).astype(np.float32)
    return placed


def tag_of(layout: Layout, mark_id: VerifyId) -> bytes:
    """Vouch for an id with the key; 24 bits."""
    return hmac.digest(layout.secret, b"tag" + bytes.fromhex(mark_id), "sha256")[:TAG_BYTES]


def read(layout: Layout, pattern: int, payload: Complexes) -> VerifyId | None:
    """Read the id from the payload's carriers, turned and weighed; None where no tag fits."""
    halves = np.empty(2 * payload.size, np.float32)
    halves[0::2], halves[1::2] = payload.real, payload.imag
    chips = np.bincount(
        layout.chip_of, halves * layout.scramble[pattern], minlength=WORDS * CHIPS
    ).reshape(WORDS, CHIPS)
    likeness = np.asarray(chips @ _hadamard().T, np.float64)
    for content in _likeliest(likeness):
        mark_id = VerifyId(content[:ID_BYTES].hex())
        if hmac.compare_digest(tag_of(layout, mark_id), content[ID_BYTES:]):
            return mark_id
    return None


def _likeliest(likeness: NDArray[np.float64]) -> list[bytes]:
    """Give the best word in each place, then with one or two of them replaced by the second best.

    1 + 11 + 55 readings: each is one more chance in 2**24 to read an id where there is none.
    """
    size = np.abs(likeness)
    ranked = np.argsort(-size, axis=1)[:, :2]
    places = np.arange(WORDS)
    signs = likeness[places[:, None], ranked] < 0
    words = (ranked + 128 * signs).astype(np.uint8)
    loss = size[places, ranked[:, 0]] - size[places, ranked[:, 1]]
    readings = [bytes(words[:, 0])]
    swaps: list[tuple[float, tuple[int, ...]]] = [(loss[a], (a,)) for a in range(WORDS)]
    swaps += [(loss[a] + loss[b], (a, b)) for a, b in combinations(range(WORDS), 2)]
    for _, swapped in sorted(swaps):
        reading = words[:, 0].copy()
        reading[list(swapped)] = words[list(swapped), 1]
        readings.append(bytes(reading))
    return readings


@lru_cache(maxsize=1)
def _hadamard() -> NDArray[np.int64]:
    matrix = np.ones((1, 1), np.int64)
    while len(matrix) < CHIPS:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


def _numbers(secret: bytes, what: str, count: int) -> NDArray[np.uint64]:
    drawn = hashlib.shake_256(secret + b"easel.ss64/" + what.encode()).digest(8 * count)
    return np.frombuffer(drawn, "<u8")
