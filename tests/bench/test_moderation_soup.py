"""The detector of token soup: what it is fitted with, and that fitting finds what is planted."""

import json
import random

import numpy as np

from bench import moderation_soup as bench
from moderation.lexicon import english
from moderation.obfuscation import Soup, soup
from moderation.train.soup import soup as made_soup

PLAIN = Soup(*[0.0] * 10)
ODD = Soup(*[0.0] * 3, 0.5, *[0.0] * 6)


def test_a_fit_weighs_what_tells_soups_apart_and_nothing_else():
    weights = bench._fit([PLAIN] * 30 + [ODD] * 2, [ODD] * 30 + [PLAIN] * 2)

    assert weights[3] > 1
    assert weights[-1] < 0
    assert np.abs(np.delete(weights, [3, 10])).max() < 0.001


def test_soups_of_pieces_are_found_and_captions_are_not():
    chance = random.Random(91)
    pieces = [word[: chance.randrange(2, 8)] for word in english().words()]
    soups = [made_soup(pieces, chance) for _ in range(200)]

    assert sum(soup(text) > 0.5 for text in soups) >= 0.9 * len(soups)
    assert soup("Sleigh_ride_on_a_sunny_winter_day_(medium)_222844.jpg") < 0.5
    assert soup('Misty lake <a href="http://www.qzxv.com/wrk-tpl">more</a>, New Zealand') < 0.5


def test_the_words_of_prompts_are_those_that_several_hold(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "PHRASES", tmp_path)

    assert bench._words(["A red castle", "the red tree, red"]) == ["red"]


def test_sets_are_halved_by_their_rows_not_by_their_order(tmp_path):
    rows = [{"text": f"a castle, {number}"} for number in range(40)]
    (tmp_path / "few.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")

    texts = bench._rows(tmp_path, "few")

    assert texts == [row["text"] for row in rows]
    assert 8 < sum(map(bench._is_first, texts)) < 32
