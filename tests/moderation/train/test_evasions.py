"""Ways of hiding: each changes the text, and the normaliser undoes the ones it should."""

import pytest

from moderation.normalize import read
from moderation.train.evasions import EVASIONS, evade

TEXT = "severed head on a plate"
UNDONE = ("leet", "zero_width", "homoglyph", "spaced", "split", "dotted")


@pytest.mark.parametrize("name", EVASIONS)
def test_each_way_changes_the_text_the_same_each_time(name):
    hidden = evade(TEXT, name, "seed", portion=1.0)

    assert hidden != TEXT
    assert hidden == evade(TEXT, name, "seed", portion=1.0)


@pytest.mark.parametrize("name", UNDONE)
def test_the_normaliser_reads_through(name):
    readings = read(evade("severed", name, "seed"))

    assert "severed" in {readings.plain.text, *(guess.text for guess in readings.guesses)}


def test_a_text_without_long_words_stays():
    assert evade("an ox", "leet", "seed") == "an ox"


def test_a_portion_of_the_words_is_hidden():
    hidden = evade("alpha bravo delta gamma", "zero_width", "seed", portion=0.5)

    assert sum("\u200b" in word for word in hidden.split()) == 2
