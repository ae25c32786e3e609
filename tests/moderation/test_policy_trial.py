"""A policy is held to its rules' examples, its own and the shipped ones, and to a labelled set."""

import pytest

from core.contracts.policies import Level
from core.errors import UserError
from moderation.engine import Gate
from moderation.policy import DEFAULT_POLICY
from moderation.policy_file import effective, file_layer, part_layer
from moderation.policy_trial import read_labelled, try_policy

BASE = file_layer(DEFAULT_POLICY)


def gate_with(part):
    return Gate(effective((BASE, part_layer(Level.COMMUNITY, "part", part))).policy)


def test_the_shipped_policy_does_as_its_examples_say(gate):
    trial = try_policy(gate)

    assert trial.examples > 300
    assert trial.misses == ()
    assert trial.is_passed


def test_a_word_less_shows_as_an_example_that_is_missed():
    trial = try_policy(gate_with("rules: [{id: gore.terms, lists: [shock]}]"))

    assert not trial.is_passed
    assert {(miss.rule, miss.expected) for miss in trial.misses} == {("gore.terms", "hit")}


def test_labelled_texts_are_counted(gate):
    labelled = [("porn", True), ("a pebble", True), ("a red apple", False), ("gore", False)]

    trial = try_policy(gate, labelled=labelled)

    assert (trial.labelled, trial.unsafe, trial.caught, trial.blocked_safe) == (4, 2, 1, 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"text": "a", "label": "bad"}', 1),
        ('{"text": "a", "label": "safe"}\n{"label": "safe"}', 2),
        ("text", 1),
        ("[]", 1),
    ],
)
def test_a_labelled_set_that_is_none_is_refused_with_its_line(tmp_path, text, line):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)

    with pytest.raises(UserError, match="labelled_unreadable") as refused:
        read_labelled(path)

    assert refused.value.facts["left"] == line


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(UserError, match="labelled_unreadable"):
        read_labelled(path)
