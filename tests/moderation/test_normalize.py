"""Reading a text: benign words stay, hidden ones come to light, every character keeps its place."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.normalize import read


def guesses(text: str) -> list[str]:
    return [guess.text for guess in read(text).guesses]


@pytest.mark.parametrize(
    "text",
    [
        "yin-yang",
        "u.s. 101",
        "dalí",
        "naïve café, smörgåsbord",
        "zdzisław beksiński, peder severin krøyer, ıstanbul",
        "out-of-focus",
        "tug-of-war",
        "hi-top",
        "a b c blocks",
        "e. e. cummings",
        "1 9 5 0 sci - fi",
        "l33t h4ck3r",
        "soooo cute!!!",
        "привет, мир",
        "日本の城",
        "می‌خواهم",
        "👩‍🚀 on the moon ❤️",
        "tiếng việt",
        "a (small) dog (2)",
        "time 12:30)",
    ],
)
def test_the_plain_reading_leaves_benign_words_as_they_are(text):
    assert read(text).plain.text == text


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("Red APPLE", "red apple", id="case"),
        pytest.param("Dali\u0301", "dalí", id="a letter and its mark become one"),
        pytest.param("ｒｅｄ", "red", id="full width"),
        pytest.param("ﬁre", "fire", id="ligature"),
        pytest.param("re\u200bd", "red", id="zero-width space"),
        pytest.param("re\u200cd", "red", id="joiner between Latin letters"),
        pytest.param("\u200dred", "red", id="joiner at the start"),
        pytest.param("\u202ered\u202c", "red", id="bidi override"),
        pytest.param("re\ufe01d\U000e0101", "red", id="variation selectors"),
        pytest.param("re\u3164d", "red", id="filler"),
        pytest.param("r\x00e\x08d", "red", id="control characters"),
        pytest.param("re\ud800d", "red", id="half a surrogate pair"),
        pytest.param("re\U000e0064d", "red", id="tag character"),
        pytest.param("rеd", "red", id="Cyrillic letter in a Latin word"),
        pytest.param("r̶e̶d̶", "red", id="strikethrough"),
        pytest.param("e\u0302\u0301\u0323\u0330d", "ed", id="more marks than a letter has"),
        pytest.param("(red:1.2) (blue:.5)", "red blue", id="weights"),
        pytest.param("((red:1.2) apple:0.9)", "red apple", id="nested weights"),
        pytest.param("red::2 apple::-.5, pear::", "red apple, pear", id="weights of parts"),
        pytest.param("std::string", "std::string", id="colons inside a word"),
        pytest.param("(a) x) (red:1.2)", "(a) x) red", id="weights beside plain brackets"),
        pytest.param("a) red:1.2) apple", "a) red:1.2) apple", id="weights without a bracket"),
    ],
)
def test_the_plain_reading_undoes_what_only_disguises(typed, plain):
    assert read(typed).plain.text == plain


@pytest.mark.parametrize(
    ("typed", "guess"),
    [
        pytest.param("dalí", "dali", id="accents"),
        pytest.param("ѕех", "sex", id="a word of look-alikes only"),
        pytest.param("r_e", "r e", id="underscore is a space"),
        pytest.param("naked 👧", "naked  girl ", id="an emoji says what it shows"),
        pytest.param("((re))((d))", "((red))", id="doubled brackets inside a word"),
        pytest.param("red\u2028car", "red car", id="line separator"),
        pytest.param("r e d", "red", id="spaced"),
        pytest.param("r.e.d", "red", id="dotted"),
        pytest.param("a r e d car", "a\nred car", id="spaced after an article"),
        pytest.param("r e d  c a r", "red car", id="spaced words with a wider gap"),
        pytest.param("re-d", "red", id="split"),
        pytest.param("r3d", "red", id="leet"),
        pytest.param("app1e", "apple", id="1 as l"),
        pytest.param("f1re", "fire", id="1 as i"),
        pytest.param("f!re!", "fire!", id="a closing exclamation mark stays"),
        pytest.param("r 3 d", "red", id="spaced leet"),
        pytest.param("reeed", "red", id="repeated once"),
        pytest.param("applllle trrrree", "applle trree", id="repeated twice"),
        pytest.param("x \U000e0072\U000e0065\U000e0064", "red", id="what tags spell"),
    ],
)
def test_some_guess_finds_the_hidden_word(typed, guess):
    assert guess in guesses(typed)


def test_folding_goes_on_when_its_memory_is_full(monkeypatch):
    monkeypatch.setattr("moderation.normalize.MAX_FOLDS", 0)

    assert guesses("r\u0113d") == ["red"]
    assert guesses("r\u0113d") == ["red"]


def test_a_plain_text_has_a_single_guess():
    assert guesses("a glass of water on the grass") == ["a glass of water on the grass"]


def test_a_spaced_out_year_stays_a_number():
    assert guesses("1 9 5 0") == ["1 9 5 0"]


@pytest.mark.parametrize(
    ("typed", "word", "marked"),
    [
        pytest.param("a r\u200be\u200bd car", "red", "r\u200be\u200bd", id="zero width"),
        pytest.param("a r̶e̶d̶ car", "red", "r̶e̶d̶", id="marks after the last letter"),
        pytest.param("a r.e.d car", "red", "r.e.d", id="dotted"),
        pytest.param("a ﬁre", "fire", "ﬁre", id="ligature"),
        pytest.param("a (re:1.1)(d:1.2) car", "red", "re:1.1)(d", id="weights"),
        pytest.param("a reeeed car", "red", "reeeed", id="repeated"),
        pytest.param("a r3d car", "red", "r3d", id="leet"),
        pytest.param("ÅÅ red", "red", "red", id="after other letters"),
    ],
)
def test_a_match_is_marked_as_it_was_typed(typed, word, marked):
    guess = next(guess for guess in read(typed).guesses if word in guess.text)
    start = guess.text.index(word)

    span = guess.span(start, start + len(word))

    assert span.text == marked
    assert typed[span.start : span.end] == marked


@given(st.text(max_size=80))
def test_every_character_of_every_reading_comes_from_a_place_in_the_text(text):
    readings = read(text)

    for reading in (readings.plain, *readings.guesses):
        assert len(reading.origins) == len(reading.text)
        assert list(reading.origins) == sorted(reading.origins)
        assert all(0 <= origin < len(text) for origin in reading.origins)


@given(st.text(alphabet="a n1u.-_():2\u200b\u0301é!|", max_size=60))
def test_disguises_in_any_order_keep_their_places(text):
    for reading in read(text).guesses:
        for at in range(len(reading.text)):
            span = reading.span(at, at + 1)
            assert span.text == text[span.start : span.end] != ""


@pytest.mark.parametrize(
    "unit", ["a", "a ", "1", "a1", "(", "(a:1.2)", ":1", "-", "a-", "é", "e\u0301", "\u0301"]
)
def test_no_pattern_makes_a_long_text_slow(unit):
    """6,000 characters, the longest prompt: a quadratic pattern takes seconds, these some ms."""
    text = (unit * 6000)[:6000]
    started = time.thread_time()

    read(text)

    assert time.thread_time() - started < 0.5
