"""Hold alt text to its bound and its first words."""

from hypothesis import given
from hypothesis import strategies as st

from core.alt_text import ALT_TEXT_MAX, alt_text


def test_alt_text_says_that_it_is_generated_and_from_what():
    assert alt_text("a red apple") == "AI-generated picture: a red apple"


@given(st.text(max_size=2000))
def test_alt_text_fits_every_platform(prompt):
    assert len(alt_text(prompt)) <= ALT_TEXT_MAX


def test_a_long_prompt_is_visibly_cut():
    assert alt_text("apple " * 400).endswith("apple…")
