"""The shipped model's folder keeps what its card promises."""

import hashlib
import json
import re

import pytest

from core.catalog import SHIPPED_MODELS, load_profile
from tests.worker.engines import SHIPPED, request_for
from worker.engine.whole import Whole

FOLDER = SHIPPED_MODELS / "easel-small"
CARD = (FOLDER / "README.md").read_text("utf-8")
PROFILE = load_profile("easel-small")


def test_the_card_names_every_weight_file_by_its_hash():
    """What is shipped is what was measured."""
    promised = dict(re.findall(r"`([\w/]+\.(?:safetensors|json))` \| `([0-9a-f]{64})`", CARD))

    found = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in promised}

    assert found == promised
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.safetensors")} <= set(
        found
    )


def test_the_card_names_the_hash_that_pictures_are_recorded_with(shipped):
    """A picture's label leads back to this card."""
    assert f"`{shipped.sha256}`" in CARD


def test_the_folder_is_small_and_holds_no_code():
    """It stays within its budget, and nothing in it can run."""
    files = [path for path in FOLDER.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) < 20_000_000
    assert {path.suffix for path in files} <= {".json", ".safetensors", ".md", ".png", ""}


def test_the_notice_carries_the_notices_of_what_it_was_made_from():
    """Google's, Unicode's and ours."""
    notice = (FOLDER / "NOTICE").read_text("utf-8")

    for holder in ("Google Inc.", "1991-2022 Unicode, Inc.", "SIL OPEN FONT LICENSE", "Apache"):
        assert holder in notice


def test_the_profile_is_the_models_own(shipped):
    """Size and class as the pipeline's files have them; nothing in the card is unknown."""
    own = json.loads((FOLDER / "easel.json").read_text("utf-8"))

    assert set(own) <= set(type(PROFILE).model_fields)
    assert PROFILE.native_size == shipped.pipeline.unet.config.sample_size * 8
    assert PROFILE.guidance_for(None, 0) < PROFILE.guidance_scale < PROFILE.guidance_for(None, 1000)


@pytest.mark.parametrize(
    ("prompt", "known"),
    [
        pytest.param("a red apple and two kittens", ("apple", "cat"), id="aliases and plurals"),
        pytest.param("a SPACESHIP over my home", ("house", "rocket"), id="any case"),
        pytest.param("a triangle", ("triangle",), id="shapes"),
        pytest.param("three foxes and two puppies", ("dog", "fox"), id="irregular plurals"),
        pytest.param("a glass of water on the grass", (), id="nothing it knows"),
    ],
)
def test_the_vocabulary_knows_its_words(prompt, known):
    """The note beside a picture depends on it."""
    assert PROFILE.vocabulary.known_concepts(prompt) == known


@pytest.mark.parametrize("style", sorted(PROFILE.styles))
def test_each_style_changes_the_picture_in_words_it_knows(shipped, style):
    """A style that the model does not understand would be a lie."""
    words = PROFILE.styles[style]

    def background(prompt):
        request = request_for(prompt, steps=8, guidance_scale=PROFILE.guidance_scale)
        pixels = Whole(shipped.pipeline, SHIPPED).draw(request, 0, lambda _report: None)
        return pixels[:8].mean(axis=(0, 1))

    assert words.startswith(" ")
    assert abs(background("a heart") - background(f"a heart{words}")).max() > 40
