"""What may be believed of a classifier, and how its labels become categories."""

import pytest

from moderation.classifiers.base import CategoryMap, ScoreError, checked

MAP = CategoryMap(labels={"nsfw": "sexual_explicit", "sexy": "sexual_explicit", "safe": None})


def test_labels_become_categories_with_the_higher_score():
    assert MAP.scores({"nsfw": 0.2, "sexy": 0.7, "safe": 0.9}) == {"sexual_explicit": 0.7}


def test_a_label_that_the_map_does_not_know_is_no_answer():
    with pytest.raises(ScoreError, match="unmapped"):
        MAP.scores({"drawing": 0.9})


def test_probabilities_pass_as_they_are():
    answer = [{"gore_graphic": 0.0}, {"gore_graphic": 1.0}]

    assert checked(answer, 2) is answer


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([], id="too few"),
        pytest.param([{}, {}], id="too many"),
        pytest.param([{"gore_graphic": float("nan")}], id="not a number"),
        pytest.param([{"gore_graphic": float("inf")}], id="infinite"),
        pytest.param([{"gore_graphic": -0.1}], id="negative"),
        pytest.param([{"gore_graphic": 1.1}], id="above one"),
    ],
)
def test_nonsense_is_no_answer(answer):
    with pytest.raises(ScoreError):
        checked(answer, 1)
