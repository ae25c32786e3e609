"""Put an id into a network's raw bits and take it out again, though some of them are wrong.

The bits are the id, as much of an HMAC as fits, and all of that again until the network's bits are
used up; then they are scrambled by the key. Which bits a reader is unsure of is known, so the
least sure ones are tried both ways until the tag fits.
"""

import hashlib
import hmac
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.contracts.ids import VerifyId
from core.provenance.mark.network import Tensor

ID_BITS = 64
MOST_TAG_BITS = 40
LEAST_TAG_BITS = 24
_UNSURE, _WRONG = 12, 3
"""Up to 3 of the 12 least sure bits are turned: 299 readings, 8 of the tag's bits' worth."""


def bits_of(secret: bytes, mark_id: VerifyId, count: int) -> NDArray[np.bool_]:
    """Fill a network's bits.

    Raises:
        ValueError: it has too few.
    """
    tag_bits = _tag_bits(count)
    word = np.concatenate(
        [
            np.unpackbits(np.frombuffer(bytes.fromhex(mark_id), np.uint8)),
            np.unpackbits(np.frombuffer(_tag(secret, mark_id), np.uint8))[:tag_bits],
        ]
    )
    return np.asarray(np.resize(word, count) ^ _scramble(secret, count), np.bool_)


def id_of(secret: bytes, sure: Tensor) -> VerifyId | None:
    """Read what a network is this sure of: positive for 1, negative for 0.

    Raises:
        ValueError: it has too few bits.
    """
    tag_bits = _tag_bits(sure.size)
    length = ID_BITS + tag_bits
    unscrambled = np.where(_scramble(secret, sure.size), -sure, sure)
    summed = np.bincount(np.arange(sure.size) % length, unscrambled, minlength=length)
    bits = (summed > 0).astype(np.uint8)
    unsure = np.argsort(np.abs(summed), kind="stable")[:_UNSURE]
    for count in range(_WRONG + 1):
        for turned in combinations(unsure.tolist(), count):
            tried = bits.copy()
            tried[list(turned)] ^= 1
            mark_id = VerifyId(np.packbits(tried[:ID_BITS]).tobytes().hex())
            tag = np.unpackbits(np.frombuffer(_tag(secret, mark_id), np.uint8))[:tag_bits]
            if (tried[ID_BITS:] == tag).all():
                return mark_id
    return None


def _tag_bits(count: int) -> int:
    tag_bits = min(count - ID_BITS, MOST_TAG_BITS)
    if tag_bits < LEAST_TAG_BITS:
        raise ValueError(count)
    return tag_bits


def _tag(secret: bytes, mark_id: VerifyId) -> bytes:
    return hmac.digest(secret, b"bits" + bytes.fromhex(mark_id), "sha256")


def _scramble(secret: bytes, count: int) -> NDArray[np.uint8]:
    drawn = hashlib.shake_256(secret + b"easel.bits/%d" % count).digest(-(-count // 8))
    return np.unpackbits(np.frombuffer(drawn, np.uint8))[:count]
