"""Words: what is one, what is one spelt wrongly, and what is neither."""

import pytest

from moderation.lexicon import Lexicon, english


@pytest.mark.parametrize("word", ["the", "castle", "artstation", "colors", "nude"])
def test_a_word_is_known(word):
    assert word in english()


@pytest.mark.parametrize("word", ["womna", "xqzt", "grbl", ""])
def test_what_is_no_word_is_not(word):
    assert word not in english()


def test_frequent_words_have_low_ranks():
    ranks = [english().rank(word) for word in ("the", "castle", "musicology")]

    assert ranks == sorted(ranks)
    assert english().rank("xqzt") is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        pytest.param("womna", "woman", id="the last two letters swapped"),
        pytest.param("wmoan", "woman", id="two letters swapped"),
        pytest.param("wman", "woman", id="a vowel left out"),
        pytest.param("blnkt", "blanket", id="every inner vowel left out"),
        pytest.param("from", None, id="a word of its own"),
    ],
)
def test_a_wrong_spelling_stands_for_a_word(wrong, meant):
    words = {word: rank for rank, word in enumerate(("from", "woman", "blanket", "fromage"))}

    assert Lexicon(words, frozenset()).meant(wrong) == meant


def test_words_of_the_lists_are_known_in_shorter_forms():
    assert english().meant("ndue") == "nude"
    assert english().meant("sx") is None


def test_words_of_longer_terms_are_known_in_other_spellings_but_are_not_listed():
    words = Lexicon({"mouth": 20_000, "sleeve": 30_000}, frozenset(), frozenset({"mouth"}))

    assert words.meant("muoth") == "mouth"
    assert words.meant("slevee") is None
    assert "mouth" not in words.listed
    assert set(words.words()) == {"mouth", "sleeve"}


def test_the_shorter_a_word_the_more_frequent_it_must_be():
    words = Lexicon({"abcd": 2000, "abcde": 9000, "abcdef": 9000}, frozenset())

    assert words.meant("acbd") is None
    assert words.meant("acbde") is None
    assert words.meant("acbdef") == "abcdef"


def test_a_rare_word_is_taken_for_a_listed_one_spelt_wrongly():
    words = Lexicon({"castle": 100, "catsle": 30_000}, frozenset({"castle"}))

    assert words.meant("catsle") == "castle"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        pytest.param("thng", "thong", id="not thing"),
        pytest.param("pnts", "panties", id="not points"),
        pytest.param("whre", "where", id="of other lists the frequent word"),
    ],
)
def test_a_spelling_that_two_words_share_is_read_as_the_one_of_the_hard_rules(wrong, meant):
    assert english().meant(wrong) == meant
