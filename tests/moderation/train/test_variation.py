"""Rows are varied, and mean what they meant."""

import random

import pytest

from moderation.train.rows import Row
from moderation.train.variation import Surroundings, surroundings, varied

AROUND = Surroundings(
    styles=[f"style {n}" for n in range(9)], openings=["once,"], harmless=["a cow"]
)


@pytest.fixture(scope="module")
def texts():
    row = Row("a severed head", 1.0, "own/violence", ("gore_graphic",))
    chance = random.Random(5)
    return [varied(row, AROUND, chance) for _ in range(400)]


def test_labels_stay(texts):
    assert {(row.unsafe, row.positive, row.source) for row in texts} == {
        (1.0, ("gore_graphic",), "own/violence")
    }


@pytest.mark.parametrize("around", ["style 3", "once, ", "a cow", "draw", "a severed head"])
def test_what_people_put_around_a_prompt_is_seen(texts, around):
    assert any(around in row.text for row in texts)


def test_some_rows_are_hidden_and_normalised(texts):
    assert any("head" not in row.text for row in texts)
    assert not any("\u200b" in row.text for row in texts)


def test_a_long_harmless_text_is_sometimes_cut_to_a_window_a_harmful_one_never():
    words = " ".join(f"w{n}" for n in range(60))
    chance = random.Random(1)
    bare = Surroundings(["s"] * 9, ["o"], [])

    harmless = [varied(Row(words, 0.0, "s"), bare, chance).text for _ in range(99)]
    harmful = [varied(Row(words, 1.0, "s"), bare, chance).text for _ in range(99)]

    assert any(len(text.split()) < 30 for text in harmless)
    assert all(len(text.split()) >= 60 for text in harmful)


def test_company_is_short_and_surely_harmless():
    rows = [Row("a cow", 0.0, "s"), Row("x" * 500, 0.0, "s"), Row("blood", 0.9, "s")]

    around = surroundings(rows)

    assert around.harmless == ["a cow"]
    assert min(len(around.styles) - 30, len(around.openings) - 8) > 0
