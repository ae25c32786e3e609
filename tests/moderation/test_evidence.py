"""The scores of rules: counted, drawn to the average where counts are small, without say."""

import pytest
from pydantic import ValidationError

from moderation.evidence import Counted, Evidence, shipped_evidence, sureness


@pytest.fixture
def evidence():
    rules = {
        "often.right": Counted(unfit=95, of=100),
        "often.wrong": Counted(unfit=5, of=100),
        "once.right": Counted(unfit=1, of=1),
    }
    return Evidence(how="by hand", certain=("test.string",), rules=rules)


def test_a_rule_is_as_sure_as_it_was_right(evidence):
    assert evidence.sureness("often.right") == pytest.approx(0.95, abs=0.05)
    assert evidence.sureness("often.wrong") == pytest.approx(0.05, abs=0.05)


def test_one_match_proves_little_and_none_nothing(evidence):
    average = evidence.sureness("of.somebody")

    assert average == pytest.approx(101 / 201)
    assert average < evidence.sureness("once.right") < 0.6


def test_what_cannot_be_wrong_is_certain(evidence):
    assert evidence.sureness("test.string") == 1


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param({"unfit": 2, "of": 1}, id="more than all"),
        pytest.param({"unfit": 0, "of": 0}, id="of none"),
        pytest.param({"unfit": -1, "of": 1}, id="fewer than none"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValidationError):
        Counted.model_validate(counts)


def test_the_shipped_counts_are_of_rules_that_there_are(policy):
    names = {rule.id for rule in policy.rules}

    assert set(shipped_evidence().rules) <= names
    assert set(shipped_evidence().certain) <= names
    assert all(0 < sureness(name) <= 1 for name in names)


def test_a_finding_carries_the_evidence_of_its_rule_and_the_gravest_is_named(screen):
    verdict = screen("a nude teenager")

    scores = {each.source.removeprefix("rule:"): each.score for each in verdict.findings}
    assert scores == {name: sureness(name) for name in scores}
    assert len(scores) > 1
    assert verdict.category == "sexual_minors"
