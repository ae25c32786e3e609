"""The catalog says what each model is and can do, without loading any of them."""

import json

import pytest
from pydantic import ValidationError

from core.catalog import (
    SHIPPED_MODELS,
    Catalog,
    Concept,
    ModelProfile,
    Vocabulary,
    load_catalog,
    load_profile,
)
from core.contracts.generation import Aspect
from core.errors import UserError

VOCABULARY = Vocabulary(
    concepts=(
        Concept(name="star", aliases=("yellow star",)),
        Concept(name="fish"),
        Concept(name="cat", aliases=("kitten",)),
        Concept(name="balloon", aliases=("hot-air balloon",)),
        Concept(name="rocket", aliases=("space ship",)),
        Concept(name="dog"),
        Concept(name="hot dog"),
        Concept(name="butterfly"),
        Concept(name="fox"),
    )
)


@pytest.mark.parametrize(
    ("prompt", "known"),
    [
        pytest.param("a cat", ("cat",), id="name"),
        pytest.param("two cats on the moon", ("cat",), id="plural"),
        pytest.param("A CAT!", ("cat",), id="capitals-and-marks"),
        pytest.param("a kitten and kittens", ("cat",), id="alias-once"),
        pytest.param("a space ship", ("rocket",), id="alias-of-two-words"),
        pytest.param("space ships", ("rocket",), id="plural-of-two-words"),
        pytest.param("a Hot-Air balloon", ("balloon",), id="alias-with-a-hyphen"),
        pytest.param("fish, star", ("star", "fish"), id="in-the-vocabularys-order"),
        pytest.param("cat,fish", ("fish", "cat"), id="without-a-blank"),
        pytest.param("a starfish", (), id="starfish-is-neither-star-nor-fish"),
        pytest.param("catalog of scats", (), id="part-of-a-word"),
        pytest.param("a space, a ship in space", (), id="words-apart"),
        pytest.param("spaceship", (), id="words-run-together"),
        pytest.param("a hot dog", ("hot dog",), id="a-hot-dog-is-no-dog"),
        pytest.param("a dog with two hot dogs", ("dog", "hot dog"), id="one-inside-another"),
        pytest.param("three butterflies", ("butterfly",), id="plural-of-y"),
        pytest.param("four foxes", ("fox",), id="plural-of-x"),
        pytest.param("a violet heron", (), id="unknown"),
        pytest.param("", (), id="empty"),
        pytest.param("猫 🐈", (), id="other-scripts"),
    ],
)
def test_prompt_calls_the_concepts_whose_words_it_has(prompt, known):
    assert VOCABULARY.known_concepts(prompt) == known


@pytest.mark.parametrize(
    ("prompt", "near"),
    [
        pytest.param("a roket in the sky", ("rocket",), id="misspelt"),
        pytest.param(
            "ballon, kiten, starr, roket", ("balloon", "kitten", "star"), id="three-at-most"
        ),
        pytest.param("a violet heron", (), id="nothing-like-it"),
        pytest.param("a ct", (), id="too-short-to-tell"),
        pytest.param("x" * 4000, (), id="no-word-at-all"),
    ],
)
def test_misspelt_words_lead_to_the_nearest_known_ones(prompt, near):
    assert VOCABULARY.nearest(prompt) == near


PROFILE = ModelProfile(name="m", source="m", guidance_scale=4.0, guidance_range=(1.5, 8.0))


@pytest.mark.parametrize(
    ("guidance_scale", "stylize", "settled"),
    [
        pytest.param(None, None, 4.0, id="default"),
        pytest.param(None, 0, 1.5, id="stylize-0-is-the-least"),
        pytest.param(None, 50, 2.75, id="half-way-up-to-the-default"),
        pytest.param(None, 100, 4.0, id="stylize-100-is-the-default"),
        pytest.param(None, 550, 6.0, id="half-way-from-the-default"),
        pytest.param(None, 1000, 8.0, id="stylize-1000-is-the-most"),
        pytest.param(12.0, None, 12.0, id="cfg"),
        pytest.param(0.0, 1000, 0.0, id="cfg-wins-even-at-0"),
    ],
)
def test_guidance_follows_cfg_then_stylize_then_the_default(guidance_scale, stylize, settled):
    assert PROFILE.guidance_for(guidance_scale, stylize) == pytest.approx(settled)


def test_more_stylize_never_means_less_guidance():
    scales = [PROFILE.guidance_for(None, stylize) for stylize in range(1001)]

    assert scales == sorted(scales)


def test_each_model_has_its_own_queue():
    assert PROFILE.queue == "generate.m"


def test_shipped_model_has_its_profile():
    profile = load_profile("easel-small")

    assert profile.name == "easel-small"
    assert profile.source == str(SHIPPED_MODELS / "easel-small")
    assert (profile.native_size, profile.post_size) == (128, 512)
    assert profile.aspects == (Aspect(width=1, height=1),)
    assert set(profile.steps) == {"draft", "standard", "hd"}
    assert profile.guidance_range[0] <= profile.guidance_scale <= profile.guidance_range[1]


def test_shipped_vocabulary_is_of_words_that_the_model_was_given():
    """Each word of a name is one whole token: a word cut into pieces was rare in its training."""
    tokenizer = SHIPPED_MODELS / "easel-small" / "tokenizer" / "tokenizer.json"
    given = json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]

    vocabulary = load_profile("easel-small").vocabulary

    words = {word for concept in vocabulary.concepts for word in concept.name.split()}
    assert [word for word in sorted(words) if f"{word}</w>" not in given] == []


def test_folder_without_a_profile_assumes_nothing(tmp_path):
    folder = tmp_path / "My Model v1.5"
    folder.mkdir()

    profile = load_profile(str(folder))

    assert (profile.name, profile.source) == ("my-model-v1.5", str(folder))
    assert (profile.title, profile.native_size, profile.aspects) == (str(folder), None, None)
    assert profile.vocabulary is None


def test_folder_with_a_profile_is_described_by_it(tmp_path):
    """The profile may name itself; where it lies is never its own to say."""
    (tmp_path / "easel.json").write_text(
        json.dumps({"name": "painter", "native_size": 768, "source": "elsewhere"})
    )

    profile = load_profile(str(tmp_path))

    assert (profile.name, profile.native_size) == ("painter", 768)
    assert profile.source == str(tmp_path)


def test_profile_with_an_unknown_field_is_refused(tmp_path):
    (tmp_path / "easel.json").write_text(json.dumps({"native_sice": 768}))

    with pytest.raises(ValidationError, match="native_sice"):
        load_profile(str(tmp_path))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        pytest.param("stabilityai/stable-diffusion-xl-base-1.0", "stable-diffusion-xl-base-1.0"),
        pytest.param("org/Wild Name!", "wild-name"),
        pytest.param("/", "model"),
    ],
)
def test_hub_id_gets_a_name_that_a_flag_can_take(model, name):
    assert load_profile(model).name == name


def test_hub_id_is_passed_on_as_it_is():
    profile = load_profile("stabilityai/sd-turbo")

    assert (profile.source, profile.title) == ("stabilityai/sd-turbo", "stabilityai/sd-turbo")


CATALOG = Catalog(profiles=(PROFILE, ModelProfile(name="n", source="n")))


def test_catalogs_first_model_is_the_default():
    assert CATALOG.names == ("m", "n")
    assert CATALOG.get(None) is CATALOG.default is CATALOG.profiles[0]
    assert CATALOG.get("n") is CATALOG.profiles[1]


def test_unknown_model_is_refused_with_what_is_on_offer():
    with pytest.raises(UserError) as refusal:
        CATALOG.get("o")

    assert refusal.value.code == "model_unknown"
    assert refusal.value.facts == {"value": "o", "allowed": ["m", "n"]}


def test_setting_names_the_one_model_on_offer():
    assert load_catalog("easel-small").names == ("easel-small",)


def test_a_models_loras_are_files_in_its_folder(tmp_path):
    """A path may not lead out of it, and a name needs no quotes beside its weight."""
    card = {"loras": {"ink": "loras/ink-v1.safetensors"}}
    (tmp_path / "easel.json").write_text(json.dumps(card))

    profile = load_profile(str(tmp_path))

    assert profile.lora_path("ink") == str(tmp_path / "loras/ink-v1.safetensors")
    assert profile.lora_path("gone") == str(tmp_path / "gone.safetensors")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param("ink", "../ink.safetensors", id="out of the folder"),
        pytest.param("ink", "/etc/ink.safetensors", id="absolute"),
        pytest.param("ink", "a/../../ink.safetensors", id="out by a detour"),
        pytest.param("ink", "ink.pt", id="a pickle"),
        pytest.param("my ink", "ink.safetensors", id="spaces in a name"),
        pytest.param("ink:2", "ink.safetensors", id="a weight in a name"),
    ],
)
def test_a_lora_of_another_place_or_kind_is_refused(name, file):
    """A profile is refused as a whole."""
    with pytest.raises(ValidationError):
        ModelProfile(name="m", source="m", loras={name: file})


def test_several_models_are_on_offer_with_the_first_as_the_default(tmp_path):
    """A model that is named twice is one."""
    (tmp_path / "other").mkdir()

    catalog = load_catalog("easel-small", str(tmp_path / "other"), "easel-small")

    assert catalog.names == ("easel-small", "other")
    assert catalog.default.name == "easel-small"


def test_two_models_with_one_name_are_refused(tmp_path):
    """`--model` could mean either."""
    for folder in ("a", "b"):
        (tmp_path / folder / "same").mkdir(parents=True)

    with pytest.raises(UserError) as caught:
        load_catalog(str(tmp_path / "a" / "same"), str(tmp_path / "b" / "same"))

    assert (caught.value.code, caught.value.facts["value"]) == ("models_alike", "same")
