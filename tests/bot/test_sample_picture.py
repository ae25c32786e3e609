"""The picture that label checks post is one and the same, and good to read a label in."""

import hashlib

import pytest

from bot.sample_picture import SIZE, draw_sample
from core.provenance.looks import looks_of
from core.provenance.pdq import MIN_QUALITY


@pytest.fixture(scope="module")
def sample():
    return draw_sample()


def test_it_is_drawn_the_same_each_time(sample):
    """What differs between two checks is then the platform's doing."""
    again = draw_sample()

    assert hashlib.sha256(again.tobytes()).digest() == hashlib.sha256(sample.tobytes()).digest()
    assert (sample.size, sample.mode) == (SIZE, "RGB")


def test_its_looks_can_be_told(sample):
    assert looks_of(sample).pdq_quality >= MIN_QUALITY


def test_it_says_in_its_pixels_what_it_is(sample):
    """The words are the only near-white in it."""
    bright = sample.convert("L").point(lambda value: 255 * (value > 235)).getbbox()

    left, top, right, bottom = bright
    assert top > SIZE[1] - 100
    assert (right - left) > 5 * (bottom - top)
