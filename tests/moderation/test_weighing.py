"""Scores ask for what the policy's thresholds and actions say, and no more than that."""

import pytest

from core.contracts.verdicts import Decision
from moderation.classifiers.base import UNSAFE
from moderation.policy import Policy, Thresholds
from moderation.weighing import LOWERED, Scale, Weighed

REVIEW, BLOCK = 0.4, 0.8


@pytest.fixture(scope="module")
def policy(policy) -> Policy:
    """The shipped policy with one pair of thresholds for every category but one."""
    limits = Thresholds(review=REVIEW, block=BLOCK)
    categories = {
        code: category.model_copy(
            update={
                "thresholds": None if code == "privacy_data" else limits,
                "age_restricted_thresholds": None,
            }
        )
        for code, category in policy.categories.items()
    }
    off = categories["shock_disturbing"].model_copy(update={"action": Decision.ALLOW})
    return policy.model_copy(update={"categories": categories | {"shock_disturbing": off}})


def weighed(policy, scores, **place):
    return list(Scale(policy, **place).weigh(scores))


@pytest.mark.parametrize(
    ("scores", "decision"),
    [
        pytest.param({"gore_graphic": 0.39}, Decision.ALLOW, id="below review"),
        pytest.param({"gore_graphic": 0.4}, Decision.REVIEW, id="at review"),
        pytest.param({"gore_graphic": 0.8}, Decision.BLOCK, id="at block"),
        pytest.param({"violence_weapons": 0.99}, Decision.REVIEW, id="its action is the most"),
        pytest.param({"shock_disturbing": 0.99}, Decision.ALLOW, id="turned off"),
        pytest.param({"evasion_signal": 1.0}, Decision.ALLOW, id="hiding is no violation"),
        pytest.param({"privacy_data": 0.0}, Decision.REVIEW, id="no thresholds"),
        pytest.param({"cats": 0.0}, Decision.REVIEW, id="no category"),
        pytest.param({}, Decision.ALLOW, id="nothing told"),
    ],
)
def test_the_strictest_is_what_thresholds_and_actions_allow(policy, scores, decision):
    assert Scale(policy).strictest(scores) is decision


def test_what_cannot_be_judged_is_named(policy):
    found = weighed(policy, {"cats": 0.1, "privacy_data": 0.1})

    assert found == ["unknown_category", "thresholds_missing"]


def test_a_place_has_its_own_action(policy):
    scores = {"sexual_suggestive": 0.9}

    assert Scale(policy).strictest(scores) is Decision.BLOCK
    assert Scale(policy, is_age_restricted=True).strictest(scores) is Decision.REVIEW


def test_a_text_that_hides_meets_lower_thresholds(policy):
    score = REVIEW * (1 - LOWERED)

    hiding = {"gore_graphic": score, "evasion_signal": 1.0}
    half_hiding = {"gore_graphic": score, "evasion_signal": 0.5}

    assert weighed(policy, hiding) == [Weighed("gore_graphic", score, Decision.REVIEW)]
    assert weighed(policy, half_hiding) == []


def test_the_likeliest_category_answers_for_unsafe_as_a_whole(policy):
    found = weighed(policy, {"gore_graphic": 0.3, "hate_extremism": 0.2, UNSAFE: 0.9})

    assert found == [Weighed("gore_graphic", 0.9, Decision.BLOCK)]


def test_what_hides_answers_for_nothing(policy):
    """A soup of tokens is stopped for what it is likeliest to ask for."""
    found = weighed(policy, {"gore_graphic": 0.1, "evasion_signal": 0.9, UNSAFE: 0.9})

    assert [each.category for each in found] == ["gore_graphic"]


def test_a_category_that_is_turned_off_takes_its_unsafe_with_it(policy):
    found = weighed(policy, {"shock_disturbing": 0.7, "gore_graphic": 0.1, UNSAFE: 0.95})

    assert found == []


def test_unsafe_that_no_category_answers_for_cannot_be_judged(policy):
    assert weighed(policy, {UNSAFE: 0.0}) == ["unknown_category"]
