"""Putting words right: what hides a word is undone, and what people write stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.normalize import read
from moderation.repair import repairs


@pytest.mark.parametrize(
    "text",
    [
        "yin-yang",
        "u.s. 101",
        "dalí",
        "out-of-focus",
        "tug-of-war",
        "hi-top",
        "1 9 5 0 sci - fi",
        "4 k, 8 k",
        "a 6 0 0 mm lens, f 1 . 4",
        "c4d, mp4, ps5, 3d, 1080p, r2d2, k9",
        "wi-fi, t-shirt, x-ray, co-op, v-ray",
        "greg rutkowski, zdzisław beksiński, wlop",
        "o'neill, d'artagnan, st. john's",
        "n.y.c. and u s a",
        "hmm, brr, psst",
        "soooo",
        "lol!!!i",
        "jean-luc-qzx",
        "ab-cd-efghijkl-mnop",
        "a-b-0-9",
        "x4z1q",
        "🐔🍧🍼",
        "",
    ],
)
def test_what_people_write_stays(text):
    assert read(text).repaired.text == text
    assert repairs(text) == []


@pytest.mark.parametrize(
    ("typed", "repaired"),
    [
        pytest.param("a n4ked w0man", "a naked woman", id="leet"),
        pytest.param("app1e", "apple", id="1 as l"),
        pytest.param("c4stle!", "castle!", id="a closing exclamation mark stays"),
        pytest.param("the c a s t l e on a hill", "the castle on a hill", id="spaced"),
        pytest.param("a w o m a n s t a n d i n g", "a woman standing", id="spaced evenly"),
        pytest.param("t w o  r e d  c a s t l e s", "two red castles", id="spaced with gaps"),
        pytest.param("c 4 s t l e", "castle", id="spaced leet"),
        pytest.param("na-ked", "naked", id="split by a hyphen"),
        pytest.param("c.a.s.t.l.e", "castle", id="dotted"),
        pytest.param("fif-teen-ye-ar-old", "fifteen year old", id="a compound split anew"),
        pytest.param("parki-ng lot", "parking lot", id="split before a word"),
        pytest.param("nak ed", "naked", id="split by a space"),
        pytest.param("nakkkked", "naked", id="repeated"),
        pytest.param("wmoan", "woman", id="swapped"),
        pytest.param("chldren", "children", id="a vowel dropped"),
        pytest.param("nüdе", "nude", id="accents and a look-alike"),
        pytest.param("ѕехy", "sexy", id="look-alikes"),
        pytest.param("пuԁе", "nude", id="look-alikes throughout"),
    ],
)
def test_what_hides_a_word_is_undone(typed, repaired):
    assert read(typed).repaired.text == repaired


def test_a_word_put_right_is_marked_as_it_was_typed():
    repaired = read("the wmoan on a hill").repaired
    start = repaired.text.index("woman")

    assert repaired.span(start, start + 5).text == "wmoan"


def test_letters_that_came_in_keep_the_word_whole():
    repaired = read("red chldren run").repaired
    start = repaired.text.index("children")

    assert repaired.span(start, start + len("children")).text == "chldren"


def test_a_repair_tells_whether_a_list_holds_the_word():
    assert [each.is_listed for each in repairs("nkaed cstle")] == [True, False]


def test_a_word_put_right_is_among_the_guesses():
    assert any("naked" in guess.text for guess in read("nkaed").guesses)


def test_a_long_row_of_letters_is_left_alone():
    row = " ".join("castle" * 80)

    assert read(row).repaired.text == row


@given(st.text(alphabet="aeiknd -.14$", max_size=60))
def test_repairs_are_in_order_and_apart(text):
    found = repairs(text)

    ends = [0, *(each.end for each in found)]
    assert all(end <= each.start < each.end for end, each in zip(ends, found, strict=False))
