"""Hold details to telling the whole recipe, and a rerun's line to saying what came of it."""

import pytest

from bot import wording
from bot.grammar import parse
from bot.replies import Action
from bot.wording.reruns import difference_lines
from core.contracts.ids import JobId, VerifyId
from core.contracts.jobs import Cause, Difference
from moderation.policy import load_policy


def facts_of(reply):
    return {field.name: field.value for field in reply.fields}


def test_details_tell_everything_that_a_picture_hangs_on(make_job, make_pictures):
    """Weights in full, what drew it, and where it comes from, request by request."""
    spec = parse("a cat --no rain --image 3f0c58d1e2a94b67 --iw 2.25 --cfg 5 --steps 9")
    job = make_job(spec, action="vary_subtle", parent_id=JobId("parent000000"))
    lineage = [
        make_job(spec, job_id=JobId("parent000000"), action="reroll"),
        make_job(spec, job_id=JobId("first0000000")),
    ]
    pictures = [
        each.model_copy(
            update={
                "model_sha256": "ef" * 32,
                "environment": "cpu fp32 · torch 2",
                "is_reproducible": True,
            }
        )
        for each in make_pictures(job)
    ]

    reply = wording.details(job, pictures, (), load_policy(), lineage)

    told = facts_of(reply)
    assert told["Weights"] == "SHA-256 " + "ef" * 32
    assert told["Drawn with"] == "cpu fp32 · torch 2 · in reproducible mode"
    assert told["Came about by"] == "vary (subtle)"
    assert told["Goes on from"] == (
        "picture 3f0c58d1e2a94b67 · parent000000 (drawing again) · "
        "first0000000 (a request of its own)"
    )
    again = parse(reply.lines[0].removeprefix("/imagine "))
    assert again == spec.model_copy(update={"seed": 7})
    assert [button.action for button in reply.buttons] == [Action.RERUN]


def test_an_ancestor_that_may_not_be_seen_is_an_id_and_nothing_more(make_job, make_pictures):
    job = make_job(parse("a cat"), parent_id=JobId("parent000000"), action="later_than_this")

    told = facts_of(wording.details(job, make_pictures(job), (), load_policy()))

    assert told["Goes on from"] == "parent000000"
    assert told["Came about by"] == "later_than_this"


def test_a_request_of_its_own_goes_on_from_nothing(make_job):
    """And one without pictures has nothing to draw again."""
    reply = wording.details(make_job(parse("a cat")), (), (), load_policy())

    assert "Goes on from" not in facts_of(reply)
    assert reply.buttons == ()


ORIGINAL = VerifyId("3f0c58d1e2a94b67")


def line_of(make_job, make_pictures, **facts):
    [picture] = make_pictures(make_job(parse("a cat")))
    difference = Difference(original=ORIGINAL, **{"values": 786_432, **facts})
    (line,) = difference_lines([picture.model_copy(update={"difference": difference})])
    return line


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        pytest.param({}, f"Identical to {ORIGINAL}: 0 of 786,432 values differ.", id="identical"),
        pytest.param(
            {"differing": 9437, "largest": 3, "causes": (Cause.WEIGHTS,)},
            f"Differs from {ORIGINAL}: 1.2 % of 786,432 values, at most 3 of 255. "
            "The reason: the model's weights are not those of then.",
            id="different",
        ),
        pytest.param(
            {"differing": 1, "largest": 1},
            f"Differs from {ORIGINAL}: 0.00013 % of 786,432 values, at most 1 of 255.",
            id="one value",
        ),
        pytest.param(
            {"differing": 786_432, "largest": 255, "causes": (Cause.SCHEDULER, Cause.STEPS)},
            f"Differs from {ORIGINAL}: 100.0 % of 786,432 values, at most 255 of 255. "
            "The reason: another scheduler drew it then and another number of steps, or another "
            "guidance, drew it then.",
            id="two reasons",
        ),
        pytest.param(
            {"values": 0, "causes": (Cause.ORIGINAL_GONE,)},
            f"Not compared with {ORIGINAL}: "
            "the first picture was deleted, so there is nothing to compare with.",
            id="gone",
        ),
    ],
)
def test_a_rerun_says_what_came_of_it(make_job, make_pictures, facts, line):
    assert line_of(make_job, make_pictures, **facts) == line


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_words(make_job, make_pictures, cause):
    assert line_of(make_job, make_pictures, differing=1, largest=1, causes=(cause,)).count(":") == 2


def test_several_pictures_are_told_apart_and_a_result_shows_them(make_job, make_pictures, profile):
    """Only those that were compared."""
    job = make_job(parse("a {red,blue,black} cat"))
    pictures = make_pictures(job)
    same = Difference(original=ORIGINAL, values=786_432)
    pictures[0] = pictures[0].model_copy(update={"difference": same})
    pictures[2] = pictures[2].model_copy(update={"difference": same})

    lines = wording.result(job, pictures, profile).lines

    assert [line for line in lines if "identical" in line] == [
        f"Picture 1: identical to {ORIGINAL}: 0 of 786,432 values differ.",
        f"Picture 3: identical to {ORIGINAL}: 0 of 786,432 values differ.",
    ]
    assert difference_lines([pictures[1]]) == ()
