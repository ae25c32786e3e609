"""docs/policy.md knows every category, key, rule kind and note that there is."""

from pathlib import Path

import pytest

from moderation.engine import CHECK_FAILED
from moderation.policy import (
    CATEGORY_CODES,
    Category,
    PairRule,
    PatternRule,
    Policy,
    StandardCodes,
    TermsRule,
    Thresholds,
    Unchecked,
    WordList,
)
from moderation.policy_house import (
    Breaker,
    Deadlines,
    Labelling,
    Penalty,
    Reason,
    Reviewing,
    Sanctions,
    Step,
)

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
MODELS = [Policy, Category, StandardCodes, Thresholds, Unchecked, WordList]
MODELS += [TermsRule, PatternRule, PairRule, Reviewing, Deadlines, Reason]
MODELS += [Sanctions, Step, Breaker, Labelling]


@pytest.mark.parametrize("code", CATEGORY_CODES)
def test_every_category_is_described_with_its_shipped_action(code, policy):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{code}` ")]

    assert policy.category(code).action.value in row


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_described(model):
    for key in model.model_fields:
        assert f"`{key}`" in PAGE, key


@pytest.mark.parametrize(
    "note",
    [CHECK_FAILED, "unknown_category", "thresholds_missing", "classifier_missing_rules_only"],
)
def test_every_note_is_described(note):
    assert f"`{note}`" in PAGE


def test_the_known_positive_is_the_one_of_the_policy(screen):
    (line,) = [line for line in PAGE.splitlines() if line.startswith("`easel-known-positive")]

    assert screen(line.split("`")[1]).category == "evasion_signal"


@pytest.mark.parametrize("penalty", Penalty)
def test_every_penalty_is_described(penalty):
    assert sum(line.startswith(f"| `{penalty}` |") for line in PAGE.splitlines()) == 1


def test_the_shipped_ladder_is_the_one_on_the_page(policy):
    told = [
        f"{step.at:g} {step.penalty}{f' for {step.hours:g} h' if step.hours else ''}"
        for step in policy.sanctions.steps
    ]

    assert f"| {', '.join(told)} |" in PAGE
