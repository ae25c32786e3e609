"""Our own rows: twins that share words, no slot left open, nobody under 18 in a harmful one."""

import re

import pytest

from moderation.train.manifest import CATEGORIES
from moderation.train.phrases import write_phrases
from moderation.train.wordlists import speaks_of_minors


@pytest.fixture(scope="module")
def rows():
    return write_phrases()


def test_the_same_seed_writes_the_same_rows(rows):
    assert write_phrases() == rows
    assert write_phrases(seed=8) != rows


def test_no_slot_is_left_open_and_no_row_is_empty(rows):
    assert all(re.search(r"[a-z0-9\u00c0-\uffff]", row.text) for row in rows)
    assert not any(re.search(r"[{}]|=>|''", row.text) for row in rows)


def test_no_harmful_row_speaks_of_minors(rows):
    assert not [row for row in rows if row.unsafe > 0 and speaks_of_minors(row.text)]


def test_labels_are_categories_that_may_be_taught(rows):
    taught = {name for row in rows for name in row.positive}

    assert taught <= set(CATEGORIES) - {"sexual_minors"}
    assert len(taught) >= 13


def test_there_are_hundreds_of_pairs_about_public_figures(rows):
    """Twins share a figure: the name alone tells nothing."""
    figures = [row for row in rows if row.source == "own/figures.damaging"]
    deceptive = {row.text for row in figures if row.label == 1}
    harmless = {row.text for row in figures if row.label == 0}

    assert min(len(deceptive), len(harmless)) >= 200
    assert any("Joe Biden" in text for text in deceptive)
    assert any("Joe Biden" in text for text in harmless)


def test_harmless_rows_outnumber_a_third(rows):
    assert sum(row.unsafe == 0 for row in rows) > len(rows) / 3


def test_some_templates_are_held_out_by_each_fold(rows):
    assert {fold for row in rows for fold in row.folds} == {"a", "b", "c"}


def test_a_twin_keeps_the_words_of_its_slots(tmp_path):
    (tmp_path / "one.yaml").write_text(
        "words: {who: a fox; a crow, act: '{verb} it', verb: eat; see}\n"
        "sets: [{name: x, labels: [gore_graphic], count: 8, unsafe: 0.7,"
        " templates: '{who} and {who} {act} => {who} {act} , kindly'}]\n"
    )

    rows = write_phrases(folder=tmp_path)

    assert [row.unsafe for row in rows] == [0.7, 0.0] * 8
    for harmful, harmless in zip(rows[::2], rows[1::2], strict=True):
        first = harmful.text.split(" and ")[0]
        act = harmful.text[-6:]
        assert harmless.text == f"{first} {act}, kindly"
        assert harmful.group == harmless.group
