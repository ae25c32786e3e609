"""Token soup, and prompts out of order."""

import random

from moderation.train.soup import shuffled, soup

PIECES = ("alpha", "bravo", "delta")


def test_soup_is_made_of_the_pieces():
    text = soup(PIECES, random.Random(1))

    left = text
    for piece in PIECES:
        left = left.replace(piece, "")
    assert left.strip() == ""
    assert len(text) >= 30


def test_soup_carries_a_phrase_whole():
    assert all("a red fox" in soup(PIECES, random.Random(n), "a red fox") for n in range(20))


def test_shuffling_keeps_the_beginnings_of_the_words():
    text = "elephants walking slowly homewards"

    mixed = shuffled(text, random.Random(2))

    assert mixed != text
    assert {word[:3] for word in mixed.split()} == {word[:3] for word in text.split()}
