"""Thresholds follow what people decided, in bounds, with enough rows, and never on the floor."""

from datetime import UTC, datetime

import pytest

from core.contracts.actors import Role
from core.contracts.labels import Label, LabelSource
from core.contracts.verdicts import Decision
from moderation.policy import load_policy
from moderation.retune import MIN_ROWS, Share, retune


@pytest.fixture(scope="module")
def policy():
    return load_policy()


def rows(count, right, category, score, *, code="gore_graphic", is_age_restricted=False):
    return [
        Label(
            job_id=f"{right}{code}{score}{at}", community_id="local", member_id="web:ada",
            source=LabelSource.OVERTURNED, decided=Decision.REVIEW, right=right, category=category,
            role=Role.MODERATOR, is_age_restricted=is_age_restricted,
            scores={code: score}, policy_version="1.0.0", at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for at in range(count)
    ]  # fmt: skip


def of(policy, code):
    limits = policy.categories[code].thresholds
    return limits.review, limits.block


def test_what_was_refused_wrongly_raises_thresholds(policy):
    review, block = of(policy, "gore_graphic")
    harmful = rows(30, Decision.BLOCK, "gore_graphic", min(1.0, block * 1.5))
    harmless = rows(40, Decision.ALLOW, None, block * 1.02)

    (found,) = retune(policy, harmful + harmless)

    assert found.category == "gore_graphic"
    assert found.before.blocked_benign == Share(40, 40)
    assert found.after.blocked_benign == Share(0, 40)
    assert found.after.held_benign.hits < 40 or found.after.caught == Share(30, 30)
    assert found.after.thresholds.block > block
    assert found.after.thresholds.review >= review


def test_what_was_missed_lowers_thresholds(policy):
    review, _ = of(policy, "gore_graphic")
    harmful = rows(25, Decision.BLOCK, "gore_graphic", review * 0.85)
    harmless = rows(25, Decision.ALLOW, None, review * 0.3)

    (found,) = retune(policy, harmful + harmless)

    assert (found.before.caught.hits, found.after.caught.hits) == (0, 25)
    assert found.after.blocked_benign.hits == 0
    assert not found.needs_second_person


def test_a_grave_category_is_loosened_by_two(policy):
    _, block = of(policy, "sexual_explicit")
    harmful = rows(20, Decision.BLOCK, "sexual_explicit", 1.0, code="sexual_explicit")
    harmless = rows(20, Decision.ALLOW, None, block * 1.02, code="sexual_explicit")

    found = {each.category: each for each in retune(policy, harmful + harmless)}

    assert found["sexual_explicit"].is_changed
    assert found["sexual_explicit"].needs_second_person


def test_thresholds_that_fit_stay(policy):
    harmful = rows(30, Decision.BLOCK, "gore_graphic", 1.0)
    harmless = rows(30, Decision.ALLOW, None, 0.01)

    (found,) = retune(policy, harmful + harmless)

    assert not found.is_changed


@pytest.mark.parametrize("code", ["sexual_minors", "nonconsensual_intimate", "evasion_signal"])
def test_the_floor_is_never_touched(policy, code):
    harmful = rows(50, Decision.BLOCK, code, 1.0, code=code)
    harmless = rows(50, Decision.ALLOW, None, 0.9, code=code)

    assert retune(policy, harmful + harmless) == []


@pytest.mark.parametrize(("harmful", "harmless"), [(MIN_ROWS - 1, 50), (50, MIN_ROWS - 1), (0, 0)])
def test_too_few_rows_teach_nothing(policy, harmful, harmless):
    given = rows(harmful, Decision.BLOCK, "gore_graphic", 1.0)
    given += rows(harmless, Decision.ALLOW, None, 0.9)

    assert retune(policy, given) == []


def test_rows_of_age_restricted_channels_are_left_aside(policy):
    given = rows(50, Decision.BLOCK, "gore_graphic", 1.0, is_age_restricted=True)
    given += rows(50, Decision.ALLOW, None, 0.9)

    assert retune(policy, given) == []


def test_intervals_are_wilson_s():
    """Values of the textbook: 10 of 20, 0 of 20; nothing of nothing says nothing."""
    assert Share(10, 20).interval == pytest.approx((0.299, 0.701), abs=0.001)
    assert Share(0, 20).interval == pytest.approx((0, 0.161), abs=0.001)
    assert Share(0, 0).interval == (0.0, 1.0)
