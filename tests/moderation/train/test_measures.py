"""Figures of the bench, against values worked out by hand."""

import pytest

from moderation.train.measures import (
    Rate,
    auroc,
    calibration_error,
    macro_f1,
    rate_above,
    recall_at,
    threshold_at,
)


def test_a_rate_has_wilson_s_interval():
    low, high = Rate(8, 10).interval

    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert str(Rate(8, 10)) == "0.800 (8/10; 0.490-0.943)"


def test_nothing_counted_says_nothing():
    assert (Rate(0, 0).value, Rate(0, 0).interval) == (0.0, (0.0, 1.0))


def test_a_rate_counts_from_the_threshold_on():
    assert rate_above([0.1, 0.5, 0.9], 0.5) == Rate(2, 3)


def test_the_area_is_the_share_of_pairs_in_order():
    assert auroc([0.1, 0.4], [0.3, 0.9]) == 0.75
    assert auroc([0.5, 0.5], [0.5]) == 0.5


def test_a_threshold_lets_no_more_false_alarms_happen_than_allowed():
    harmless = [at / 100 for at in range(100)]

    threshold = threshold_at(harmless, 0.05)

    assert rate_above(harmless, threshold).hits == 5
    assert recall_at(harmless, [0.2, 0.99], 0.05) == 0.5
    assert rate_above(harmless, threshold_at(harmless, 1.0)).hits <= 100


def test_calibration_is_how_far_told_is_from_true():
    assert calibration_error([0.9, 0.9, 0.1], [1, 0, 0]) == pytest.approx(2 / 3 * 0.4 + 1 / 3 * 0.1)


def test_f1_is_taken_by_category():
    scores = macro_f1(["a", "a", "b", "c"], ["a", "b", "b", "a"])

    assert scores == {"a": 0.5, "b": pytest.approx(2 / 3), "": pytest.approx(7 / 12)}
