"""Term lists: whole words, plurals, loose spacing, and an automaton that may not lie."""

import pytest

from moderation.lists import ListSet, SetExhaustedError, compile_pattern, list_pattern


@pytest.mark.parametrize(
    ("term", "text"),
    [
        pytest.param("apple", "an apple", id="itself"),
        pytest.param("apple", "red apples", id="plural"),
        pytest.param("apple", "the apple's core", id="possessive"),
        pytest.param("box", "two boxes", id="plural in es"),
        pytest.param("cherry", "a cherry", id="y"),
        pytest.param("cherry", "cherries", id="plural in ies"),
        pytest.param("boy", "boys", id="y after a vowel"),
        pytest.param("red apple", "a red-apple", id="hyphen for a space"),
        pytest.param("red apple", "redapple", id="no space at all"),
        pytest.param("red apple", "red   apple", id="wide space"),
        pytest.param("red-apple", "red apple", id="space for a hyphen"),
        pytest.param("app*", "application", id="rest of the word"),
        pytest.param("=apple", "apple", id="exact form"),
        pytest.param("o'clock", "five o'clock", id="apostrophe"),
    ],
)
def test_a_term_finds(term, text):
    assert compile_pattern(list_pattern([term])).search(text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        pytest.param("ass", "grass", id="end of a word"),
        pytest.param("ass", "assess", id="start of a word"),
        pytest.param("ass", "classic", id="middle of a word"),
        pytest.param("=apple", "apples", id="no plural where the form is exact"),
        pytest.param("app*", "happy", id="a stem is a start"),
        pytest.param("u.s", "uxs", id="a dot is a dot"),
    ],
)
def test_a_term_leaves_alone(term, text):
    assert compile_pattern(list_pattern([term])).search(text) is None


def test_the_longest_term_is_marked():
    match = compile_pattern(list_pattern(["red", "red apple"])).search("a red apple")

    assert match[0] == "red apple"


def test_patterns_stand_beside_terms():
    pattern = list_pattern(["apple"], [r"\b\d+ pears\b"])

    assert [match[0] for match in compile_pattern(pattern).finditer("apple, 12 pears")] == [
        "apple",
        "12 pears",
    ]


def test_an_empty_list_has_no_pattern():
    assert list_pattern([]) == ""


def test_a_set_names_the_lists_that_match():
    lists = ListSet([list_pattern(["apple"]), list_pattern(["pear"]), list_pattern(["plum"])])

    assert lists.matching("a plum and an apple") == [0, 2]
    assert lists.matching("nothing") == []


class ExhaustedSet:
    """Answer as re2 does when its memory is used up: nothing found, no error."""

    def Match(self, text: str) -> list[int]:  # noqa: N802 - re2's own name.
        return []


def test_an_automaton_that_ran_out_of_memory_is_not_believed(monkeypatch):
    lists = ListSet([list_pattern(["apple"])])
    monkeypatch.setattr(lists, "_set", ExhaustedSet())

    with pytest.raises(SetExhaustedError):
        lists.matching("a pear")
