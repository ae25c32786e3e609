"""Every way to ask for a picture has its mode, its source type and its reference."""

import pytest
from PIL import Image

from bot.usecases.rewrite import ACTION as REWRITE
from bot.wording.details import _ACTIONS
from core.contracts.ids import VerifyId
from core.contracts.provenance import Ingredient
from tests.worker.jobs import job_for
from worker.descent import Descent, descent_of
from worker.sources import MadeHere, Source

PICTURE, MASK = Image.new("RGB", (8, 8)), Image.new("L", (8, 8), 255)
OWN = MadeHere(VerifyId("fedcba9876543210"), "cd" * 32, is_edited=False)
EDITED = MadeHere(VerifyId("fedcba9876543210"), "cd" * 32, is_edited=True)


def _source(made_here, *, mask=None, is_varied_again=False):
    return Source(PICTURE, mask, made_here is None, made_here, is_varied_again)


def _told(job, source) -> tuple[str, str, str]:
    descent = descent_of(job, source)
    (one,) = descent.ingredients
    return descent.mode.value, descent.source_type.name.partition("_")[0], one.relation.value


VARIED = ("variation", "TRAINED", "parentOf")
SHOWN = ("image2image", "TRAINED", "inputTo")
ENLARGED = ("upscale", "TRAINED", "parentOf")
INPAINTED = ("inpaint", "TRAINED", "parentOf")

BY_ACTION = {
    "imagine": (SHOWN, {}),
    "vary_subtle": (VARIED, {}),
    "vary_strong": (VARIED, {}),
    "vary_region": (INPAINTED, {"mask": MASK}),
    "remix": (SHOWN, {}),
    "rewrite": (SHOWN, {}),
    "reroll": (SHOWN, {}),
    "rerun": (SHOWN, {}),
    "upscale": (ENLARGED, {}),
}
"""What each of a job's actions makes of a picture that was made here."""


def test_every_action_of_a_job_is_told():
    assert set(BY_ACTION) == {*_ACTIONS, REWRITE}


@pytest.mark.parametrize("action", BY_ACTION)
def test_action_on_a_picture_of_ours(action):
    expected, changes = BY_ACTION[action]
    spec = {"upscale": 2} if action == "upscale" else {}
    job = job_for(**spec).model_copy(update={"action": action})

    assert _told(job, _source(OWN, **changes)) == expected


@pytest.mark.parametrize("action", BY_ACTION)
def test_action_without_a_picture_draws_from_words(action):
    job = job_for().model_copy(update={"action": action})

    assert descent_of(job, None) == Descent()


@pytest.mark.parametrize("action", ["reroll", "rerun"])
def test_variation_drawn_once_more_is_still_one(action):
    """A reroll of `/imagine --image` is none: the first time it was not one either."""
    job = job_for().model_copy(update={"action": action})

    assert _told(job, _source(OWN, is_varied_again=True)) == VARIED


@pytest.mark.parametrize(
    ("spec", "mask", "told"),
    [
        pytest.param({}, None, SHOWN, id="shown-to-the-model"),
        pytest.param({}, MASK, ("inpaint", "COMPOSITE", "parentOf"), id="part-drawn-anew"),
        pytest.param({"upscale": 4}, None, ("upscale", "COMPOSITE", "parentOf"), id="enlarged"),
    ],
)
def test_what_is_done_to_a_members_own_picture(spec, mask, told):
    """Where it is still to be seen, what leaves is a composite; it is named by nothing."""
    job, source = job_for(**spec), _source(None, mask=mask)

    assert _told(job, source) == told
    (one,) = descent_of(job, source).ingredients
    assert one == Ingredient(relation=one.relation)


def test_member_s_picture_is_not_varied():
    """A variation is of a picture of ours; of another it is one more `image2image`."""
    job = job_for().model_copy(update={"action": "vary_subtle"})

    assert _told(job, _source(None)) == SHOWN


@pytest.mark.parametrize(
    ("spec", "mask", "source_type"),
    [
        pytest.param({"upscale": 2}, None, "COMPOSITE", id="enlarged"),
        pytest.param({}, MASK, "COMPOSITE", id="part-drawn-anew"),
        pytest.param({}, None, "TRAINED", id="drawn-anew"),
    ],
)
def test_composite_stays_one_as_long_as_its_pixels_do(spec, mask, source_type):
    """Enlarging what was inpainted does not make a member's photograph AI-generated."""
    assert _told(job_for(**spec), _source(EDITED, mask=mask))[1] == source_type


def test_picture_of_ours_is_named_by_id_and_hash():
    (one,) = descent_of(job_for(upscale=2), _source(OWN)).ingredients

    assert (one.verify_id, one.sha256) == (OWN.verify_id, OWN.sha256)
