"""The list of concepts is fit to be taught."""

import pytest

from worker.train.captions import called, counted, tinted, with_article
from worker.train.concepts import CONCEPTS, FURTHER_CONCEPTS, plural_of

ALL = (*CONCEPTS, *FURTHER_CONCEPTS)
BY_NAME = {concept.name: concept for concept in ALL}


class First:
    """Chance that always takes the first."""

    def choice(self, options):
        return options[0]

    def random(self):
        return 0.0


def test_no_word_calls_two_concepts():
    """A word that called two would teach a blend of both."""
    calls = [word for concept in ALL for word in {*concept.words, concept.plural}]

    assert len(calls) == len(set(calls))
    assert len({concept.emoji for concept in ALL}) == len(ALL) == 218


def test_the_shipped_list_keeps_its_promise():
    """At least a hundred, with what was there before."""
    names = {concept.name for concept in CONCEPTS}

    assert len(names) >= 100
    assert {"apple", "cat", "dog", "donut", "rocket", "robot", "heart", "fish"} <= names


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("fox", "foxes"),
        ("strawberry", "strawberries"),
        ("bus", "buses"),
        ("monkey", "monkeys"),
        ("cactus", "cactuses"),
        ("leech", "leeches"),
        ("cat", "cats"),
        ("slice of pizza", "slices of pizza"),
    ],
)
def test_plurals_are_english(word, plural):
    """The prototype was taught `foxs`."""
    assert plural_of(word) == plural


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("owl", "an owl"),
        ("unicorn", "a unicorn"),
        ("ufo", "a ufo"),
        ("umbrella", "an umbrella"),
        ("orange heart", "an orange heart"),
    ],
)
def test_articles_follow_the_sound(words, said):
    """So that captions read as people write."""
    assert with_article(words) == said


def test_what_has_no_singular_takes_no_article():
    """`grapes`, `two grapes`, but `an ear of corn`."""
    grapes, corn = BY_NAME["grapes"], BY_NAME["corn"]

    assert called(grapes, "grapes") == "grapes"
    assert called(corn, "ear of corn") == "an ear of corn"
    assert counted(grapes, 2, First()) == "two grapes"
    assert counted(BY_NAME["snowman"], 3, First()) == "three snowmen"


def test_a_tint_replaces_the_colour_that_a_word_names():
    """No caption asks for a blue red apple."""
    assert tinted(BY_NAME["apple"], "red apple", "blue", First()) == "a blue apple"
    assert tinted(BY_NAME["cheese"], "cheese", "orange", First()) == "orange cheese"
