"""Requests are alike where a person would say so: words once normalised, pictures by sight."""

import pytest

from core.contracts.generation import GenerationSpec
from moderation.review.alike import are_near, prompt_key


def key(prompt, **fields):
    return prompt_key(GenerationSpec(prompt=prompt, **fields))


@pytest.mark.parametrize(
    "prompt",
    ["a RED  apple", "a r\u200bed apple", "a rеd apple", "a (red:1.3) apple", "a red apple "],
)
def test_what_only_looks_different_is_alike(prompt):
    """Capitals, blanks, hidden and foreign letters, weights."""
    assert key(prompt) == key("a red apple")


@pytest.mark.parametrize(
    ("prompt", "fields"),
    [
        ("a green apple", {}),
        ("a red apple", {"negative": ("stem",)}),
        ("a red apple", {"style": "oil"}),
        ("a red apple", {"image": "0123456789abcdef"}),
        ("a {red,blue} apple", {}),
    ],
)
def test_what_asks_for_something_else_is_not(prompt, fields):
    """The picture that a request goes on from is half of what it asks for."""
    assert key(prompt, **fields) != key("a red apple")


def test_a_seed_or_a_size_makes_no_difference():
    assert key("a red apple", seed=1, count=4) == key("a red apple")


def test_the_key_holds_nothing_of_the_words():
    assert len(key("a red apple")) == 64
    assert set(key("a red apple")) <= set("0123456789abcdef")


def test_pictures_are_near_where_any_two_differ_in_31_bits_at_most():
    """As the deny list has it."""
    zero, near, far = (f"{2**bits - 1:064x}" for bits in (0, 31, 32))

    assert are_near([zero], [far, near])
    assert not are_near([zero], [far])
    assert not are_near([], [zero])
