"""An id in raw bits of which some are read wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.ids import VerifyId
from core.provenance.mark.message import bits_of, id_of

SECRET = bytes(range(32))
IDS = st.integers(0, 2**64 - 1).map(lambda number: VerifyId(f"{number:016x}"))


def sure_of(bits):
    return np.where(bits, 1.0, -1.0).astype(np.float32)


@given(mark_id=IDS, count=st.integers(88, 300))
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read(mark_id, count):
    """In any number of bits that hold an id and a tag."""
    assert id_of(SECRET, sure_of(bits_of(SECRET, mark_id, count))) == mark_id


def test_up_to_three_unsure_bits_may_be_wrong():
    """100 bits, as in TrustMark: no bit is there twice."""
    mark_id = VerifyId("0123456789abcdef")
    sure = sure_of(bits_of(SECRET, mark_id, 100))

    for wrong in (5, 40, 90):
        sure[wrong] *= -0.1

    assert id_of(SECRET, sure) == mark_id


def test_repeated_bits_are_summed():
    """256 bits, as in Pixel Seal: a wrong one is outvoted by its repetition."""
    mark_id = VerifyId("0123456789abcdef")
    sure = sure_of(bits_of(SECRET, mark_id, 256))

    sure[:48] *= -0.9

    assert id_of(SECRET, sure) == mark_id


def test_noise_and_another_key_read_as_nothing():
    """Whatever the bits are, the tag does not fit."""
    random = np.random.default_rng(1)
    bits = bits_of(SECRET, VerifyId("0123456789abcdef"), 100)

    assert id_of(SECRET, random.normal(size=100).astype(np.float32)) is None
    assert id_of(bytes(32), sure_of(bits)) is None


@pytest.mark.parametrize("count", [0, 64, 87])
def test_too_few_bits_are_refused(count):
    """An id without a tag would be found in anything."""
    with pytest.raises(ValueError):
        bits_of(SECRET, VerifyId("0" * 16), count)
    with pytest.raises(ValueError):
        id_of(SECRET, np.ones(count, np.float32))
