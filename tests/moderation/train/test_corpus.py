"""Everything that is learnt from, in one list."""

from moderation.train.corpus import gather
from moderation.train.manifest import load_manifest

PIECES = ("alpha", "bravo", "delta")


def test_sets_phrases_and_soup_are_gathered_without_repeats(data, plan):
    rows = gather(load_manifest(), data, PIECES, plan.phrases)

    sources = {row.source for row in rows}
    assert {"i2p", "overt_unsafe/benign_twin", "own/violence.gore", "own/soup"} <= sources
    assert len({row.text for row in rows}) == len(rows)


def test_soup_signals_evasion_and_a_harmless_muddle_does_not(data, plan):
    soups = [
        row
        for row in gather(load_manifest(), data, PIECES, plan.phrases)
        if row.source == "own/soup"
    ]

    signalled = [row for row in soups if "evasion_signal" in row.positive]
    assert all(row.unsafe > 0.5 for row in signalled)
    assert any("gore_graphic" in row.positive for row in signalled)
    assert any(row.unsafe < 0.5 for row in soups)
    assert all(row.text == row.text.lower() for row in soups)
