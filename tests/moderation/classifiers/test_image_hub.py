"""Picture models of the hub's kind, as tiny ones with random weights: loaded, asked, translated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    PreTrainedTokenizerFast,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

from moderation.classifiers.base import CategoryMap, ScoreError, checked
from moderation.classifiers.image import PictureCheck, SmallCheck
from moderation.classifiers.image_hub import (
    CheckerHead,
    HubImageClassifier,
    LabelsHead,
    PictureModel,
    WordsHead,
    load_picture_model,
)
from moderation.classifiers.image_loading import (
    PICTURE_MODELS,
    UnloadedImageClassifier,
    _shipped_map,
    load_image_classifier,
    picture_check_or_hold,
)
from moderation.classifiers.screen_files import ModelError
from moderation.hashes import DenyList
from moderation.policy import CATEGORY_CODES

SIZE = {"height": 16, "width": 16}
RED, BLUE = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
TEXT_LAYERS = {
    "vocab_size": 8, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
    "num_attention_heads": 2, "max_position_embeddings": 8, "eos_token_id": 1, "bos_token_id": 0,
    "pad_token_id": 1,
}  # fmt: skip
VISION_LAYERS = {
    "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 16, "patch_size": 8,
}  # fmt: skip


def _clip_config():
    return CLIPConfig(text_config=TEXT_LAYERS, vision_config=VISION_LAYERS, projection_dim=8)


def _clip_processor(folder):
    CLIPImageProcessor(size={"shortest_edge": 16}, crop_size=SIZE).save_pretrained(folder)


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vit")
    torch.manual_seed(0)
    config = ViTConfig(
        **VISION_LAYERS, id2label={0: "normal", 1: "nsfw"}, label2id={"normal": 0, "nsfw": 1}
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size=SIZE).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    CLIPModel(_clip_config()).save_pretrained(folder)
    _clip_processor(folder)
    words = {word: at for at, word in enumerate(("<s>", "</s>", "a", "nude", "drawing"))}
    bare = Tokenizer(models.WordLevel(words, unk_token="a"))
    bare.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=bare, pad_token="</s>", eos_token="</s>", unk_token="a"
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    folder = tmp_path_factory.mktemp("checker")
    torch.manual_seed(0)
    made = StableDiffusionSafetyChecker(_clip_config())
    torch.nn.init.normal_(made.concept_embeds)
    torch.nn.init.normal_(made.special_care_embeds)
    made.save_pretrained(folder)
    _clip_processor(folder)
    return folder


def _described(folder, answer, labels):
    return PictureModel(
        name="tiny", model=str(folder), is_local=True, answer=answer,
        categories=CategoryMap(labels=labels),
    )  # fmt: skip


@pytest.mark.parametrize("is_multi_label", [True, False])
def test_a_classifier_s_labels_become_categories(vit, is_multi_label):
    answer = LabelsHead(is_multi_label=is_multi_label)
    labels = {"normal": None, "nsfw": "sexual_explicit"}

    model = HubImageClassifier(_described(vit, answer, labels))
    red, blue = checked(model.score([RED, BLUE.convert("P")]), 2)

    assert set(red) == set(blue) == {"sexual_explicit"}
    assert red != blue
    assert (model.name, model.version) == ("tiny", "unpinned")


def test_a_label_that_nobody_mapped_is_no_answer(vit):
    model = HubImageClassifier(_described(vit, LabelsHead(), {"normal": None}))

    with pytest.raises(ScoreError, match="unmapped"):
        model.score([RED])


def test_a_clip_is_asked_in_words(clip):
    answer = WordsHead(sentences={"nude": "a nude", "drawing": "a drawing a"})
    labels = {"nude": "sexual_suggestive", "drawing": "shock_disturbing"}

    (scores,) = HubImageClassifier(_described(clip, answer, labels)).score([RED])

    assert sum(scores.values()) == pytest.approx(1, abs=1e-5)
    assert set(scores) == set(labels.values())


def test_every_sentence_has_its_category():
    with pytest.raises(ValueError, match="without a category: drawing"):
        _described("x", WordsHead(sentences={"nude": "a", "drawing": "b"}), {"nude": None})


@pytest.mark.parametrize("bar", [-2.0, 0.0, 0.2, 2.0])
@pytest.mark.parametrize("special_bar", [-2.0, 2.0])
def test_the_safety_checker_says_what_it_says_by_itself(checker, bar, special_bar):
    """For bars that everything, some things and nothing passes."""
    model = HubImageClassifier(_described(checker, CheckerHead(), {"nsfw": "sexual_explicit"}))
    own = model._model
    torch.nn.init.constant_(own.concept_embeds_weights, bar)
    torch.nn.init.constant_(own.special_care_embeds_weights, special_bar)
    pixels = model._processor(images=RED, return_tensors="pt")["pixel_values"]
    _, is_unsafe = own(images=np.zeros((1, 4, 4, 3)), clip_input=pixels)

    (scores,) = model.score([RED])

    assert (scores["sexual_explicit"] == 1.0) is bool(is_unsafe[0])


def test_closely_below_the_checker_s_bar_is_doubt(checker):
    answer = CheckerHead(doubtful_within=5, doubtful_score=0.4)
    model = HubImageClassifier(_described(checker, answer, {"nsfw": "sexual_explicit"}))
    torch.nn.init.constant_(model._model.concept_embeds_weights, 2.0)

    assert model.score([RED]) == [{"sexual_explicit": 0.4}]


@pytest.mark.parametrize("path", sorted(PICTURE_MODELS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_described_models_map_to_categories_of_the_policy(path):
    described = load_picture_model(path)

    named = {name for name in described.categories.labels.values() if name}

    assert named
    assert named <= set(CATEGORY_CODES)


def test_a_folder_is_loaded_with_its_map_and_asked_beside_the_small_check(vit):
    check = picture_check_or_hold(str(vit), PICTURE_MODELS / "falconsai-nsfw.yaml", DenyList())

    (scores,) = check.score([RED])

    assert isinstance(check, PictureCheck)
    assert set(scores) == {"sexual_explicit", "picture_blank"}


def test_a_model_with_a_shipped_map_is_known_by_its_id():
    assert _shipped_map("Falconsai/nsfw_image_detection").stem == "falconsai-nsfw"
    assert _shipped_map("Falconsai/another") is None


def test_the_settings_words_choose_the_small_check_or_none():
    assert isinstance(picture_check_or_hold("small", None, DenyList()), SmallCheck)
    assert picture_check_or_hold("none", None, DenyList()) is None


@pytest.mark.parametrize("category_map", [None, PICTURE_MODELS / "falconsai-nsfw.yaml"])
def test_what_cannot_be_loaded_answers_nothing(tmp_path, category_map):
    """An empty folder, without a map and with one."""
    with pytest.raises(ModelError):
        load_image_classifier(str(tmp_path), category_map)

    check = picture_check_or_hold(str(tmp_path), category_map, DenyList())

    with pytest.raises(ModelError, match="not loaded"):
        check.score([RED])
    assert check.name == UnloadedImageClassifier(Path(tmp_path).name).name
