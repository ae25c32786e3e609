"""A job is ordered as it was asked for, and each picture can be asked for again alone."""

import pytest

from core.catalog import ModelProfile
from core.contracts.generation import SEED_MAX, Quality
from core.prompts import PromptPart
from tests.worker.jobs import PROFILE, job_for
from worker.orders import prompts_of, request_for

BARE = ModelProfile(name="bare", source="someone/bare")


def ordered(job, profile=PROFILE):
    return request_for(job, profile, "r", has_previews=True)


def test_permutations_differ_in_their_words_alone():
    """Picture i of each permutation has seed + i."""
    job = job_for("a {red,blue} car", count=2, seed=40)

    request = ordered(job)

    shown = [(order.parts[0].text, order.seed) for order in request.pictures]
    assert shown == [("a red car", 40), ("a red car", 41), ("a blue car", 40), ("a blue car", 41)]
    assert prompts_of(job) == tuple(text for text, _ in shown)


@pytest.mark.parametrize("index", range(4))
def test_each_picture_can_be_ordered_again_alone(index):
    """Its own prompt with its own seed and one picture is the same order."""
    job = job_for("a {red,blue} car::2 snow", count=2, seed=SEED_MAX)
    order = ordered(job).pictures[index]

    alone = ordered(job_for(prompts_of(job)[index], seed=order.seed)).pictures

    assert alone == (order,)


def test_pictures_are_ordered_at_the_size_they_are_posted_at():
    """The engine enlarges them: it has the network for it."""
    profile = PROFILE.model_copy(update={"post_size": 640})

    assert ordered(job_for("a cat"), profile).enlarge_to == 640


def test_a_style_is_given_to_what_is_wanted():
    """Each wanted part gets its words; an unwanted part is not dressed up."""
    job = job_for("a cat::2 a dog::-1", style="night")

    (order,) = ordered(job).pictures

    assert order.parts == (PromptPart("a cat at night", 2.0), PromptPart("a dog", -1.0))


@pytest.mark.parametrize(
    ("spec", "profile", "steps", "guidance_scale"),
    [
        pytest.param({}, PROFILE, 20, 3.0, id="the profile's own"),
        pytest.param({"quality": Quality.DRAFT}, PROFILE, 12, 3.0, id="draft"),
        pytest.param({"quality": Quality.HD}, PROFILE, 30, 3.0, id="hd"),
        pytest.param({"steps": 3, "guidance_scale": 2.0}, PROFILE, 3, 2.0, id="asked for"),
        pytest.param({"stylize": 1000}, PROFILE, 20, 8.0, id="stylize"),
        pytest.param({}, BARE, 30, None, id="a model without a profile decides"),
        pytest.param({"stylize": 0}, BARE, 30, 1.0, id="unless it is asked for"),
    ],
)
def test_steps_and_guidance_are_settled(spec, profile, steps, guidance_scale):
    """Asked beats profile beats pipeline."""
    request = ordered(job_for(**spec), profile)

    assert (request.steps, request.guidance_scale) == (steps, guidance_scale)


def test_the_rest_is_passed_on():
    """Negatives, aspect, tiling, the model and whether anybody may see previews."""
    job = job_for(negative=("rain", "fog"), aspect={"width": 3, "height": 2}, is_tile=True)

    request = request_for(job, PROFILE, "r", has_previews=False)

    assert (request.negative, str(request.aspect)) == ("rain, fog", "3:2")
    assert (request.is_tile, request.has_previews) == (True, False)
    assert (request.model.source, request.model.native_size) == (PROFILE.source, 128)


def test_loras_are_ordered_by_their_files_and_weights():
    """A LoRA that the profile has lost is looked for where it would be, and not left out."""
    profile = PROFILE.model_copy(
        update={"source": "/models/m", "loras": {"ink": "loras/ink.safetensors"}}
    )
    job = job_for("a cat", loras=[{"name": "ink", "weight": 0.5}, {"name": "gone"}])

    uses = ordered(job, profile).loras

    assert [(use.path, use.scale) for use in uses] == [
        ("/models/m/loras/ink.safetensors", 0.5),
        ("/models/m/gone.safetensors", 1.0),
    ]
