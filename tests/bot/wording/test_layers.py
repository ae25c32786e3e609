"""Hold what is told of a label's layers: what is missing is said, and said once."""

import pytest

from bot.grammar import parse
from bot.wording.layers import label_facts, layers_line
from core.contracts.registry import Layer, MarkFacts, MarkState, TimeState


@pytest.fixture
def pictures(make_job, make_pictures):
    return make_pictures(make_job(parse("a cat --n 3")), ["a cat"] * 3)


def line_for(make_record, picture, **changes):
    return layers_line(make_record(picture, **changes)[picture.verify_id])


def test_a_whole_label_says_so(make_record, pictures):
    assert line_for(make_record, pictures[0]) == "AI-generated · all layers in place"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(
            {
                "downgrades": (Layer.MARK, Layer.TIMESTAMP),
                "mark": MarkFacts(state=MarkState.FAILED),
            },
            "posted without the mark in the pixels and the time stamp, as the settings here allow",
            id="allowed to miss",
        ),
        pytest.param({"mark": MarkFacts(state=MarkState.WEAK)}, "is weak and may not", id="weak"),
        pytest.param({"mark": MarkFacts(state=MarkState.TOO_SMALL)}, "too small", id="too small"),
        pytest.param({"mark": MarkFacts(state=MarkState.OFF)}, "none is asked for", id="off"),
        pytest.param({"time_state": TimeState.PENDING}, "still awaited", id="time stamp pending"),
    ],
)
def test_what_is_not_as_usual_is_told(make_record, pictures, changes, told):
    line = line_for(make_record, pictures[0], **changes)

    assert line.startswith("AI-generated · ")
    assert told in line
    assert "all layers" not in line


@pytest.mark.parametrize("layer", Layer)
def test_every_layer_that_can_be_missing_has_words(make_record, pictures, layer):
    assert "posted without the " in line_for(make_record, pictures[0], downgrades=(layer,))


def test_pictures_that_are_labelled_alike_are_told_of_once(make_record, pictures):
    records = {}
    for picture in pictures:
        records |= make_record(picture)

    assert label_facts(pictures, records) == [("Label", "AI-generated · all layers in place")]


def test_one_that_differs_is_named_by_its_number(make_record, pictures):
    first, second, third = pictures
    weak = MarkFacts(state=MarkState.WEAK)
    records = {**make_record(first), **make_record(second, mark=weak), **make_record(third)}

    names = [name for name, _ in label_facts(pictures, records)]

    assert names == ["Label of 1 and 3", "Label of 2"]


def test_a_picture_without_a_record_is_not_spoken_for(pictures):
    assert label_facts(pictures, {}) == []
