"""Long prompts are cut at clauses, and no word is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.classifiers.windows import MIN_CHARS, MIN_WORDS, windows_of


def test_a_short_prompt_has_no_windows():
    assert windows_of("a red fox, in the snow, at dawn") == []


def test_clauses_are_joined_until_a_window_is_worth_reading():
    text = "a castle on a hill, flags in the wind, " + "a river with boats and white swans; " * 2

    windows = windows_of(text)

    assert windows == [
        "a castle on a hill, flags in the wind,",
        "a river with boats and white swans; a river with boats and white swans;",
    ]


def test_a_long_clause_is_read_in_overlapping_windows():
    words = [f"w{number}" for number in range(60)]

    windows = windows_of(" ".join(words))

    assert all(len(window.split()) <= 24 for window in windows)
    assert set(" ".join(windows).split()) == set(words)
    assert windows[0].split()[-1] in windows[1].split()


@pytest.mark.parametrize("text", ["a" * 1000, "x," * 200], ids=["no spaces", "only commas"])
def test_text_without_spaces_is_cut_too(text):
    assert len(windows_of(text)) > 1


@given(st.lists(st.text("abc,.;!? \n", min_size=1, max_size=9), max_size=60).map(" ".join))
def test_no_letter_is_left_out(text):
    windows = windows_of(text)

    if windows:
        kept = set("".join(windows))
        assert {char for char in text if char in "abc"} <= kept
    else:
        assert len(text) <= MIN_CHARS
        assert len(text.split()) <= MIN_WORDS
