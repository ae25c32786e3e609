"""Models of the hub's kind, as tiny ones with random weights: asked, read, never guessed at."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from moderation.classifiers.base import CategoryMap, ScoreError, checked
from moderation.classifiers.text_hub import (
    HubModel,
    HubTextClassifier,
    LabelsAnswer,
    TextAnswer,
    TokenAnswer,
    load_hub_model,
    parsed,
)

WORDS = ("<pad>", "<unk>", "a", "red", "fox", "Yes", "No", "safe", "unsafe", "S1", "asks", ":")
GUARDS = Path("moderation/models/guards")
VERDICT = TextAnswer(unsafe="^unsafe", doubtful="^maybe", safe="^safe", code=r"\bS\d+\b")


def _tokenizer(folder):
    vocabulary = {word: at for at, word in enumerate(WORDS)}
    bare = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    bare.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made = PreTrainedTokenizerFast(tokenizer_object=bare, pad_token="<pad>", unk_token="<unk>")
    made.chat_template = "{% for one in messages %}asks : {{ one['content'] }}{% endfor %}"
    made.save_pretrained(folder)


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    folder = tmp_path_factory.mktemp("head")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=16, id2label={0: "fine", 1: "hateful"},
        label2id={"fine": 0, "hateful": 1},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    _tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("writer")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, intermediate_size=8, max_position_embeddings=64,
        pad_token_id=0, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    _tokenizer(folder)
    return folder


def _described(folder, answer, labels, **more):
    return HubModel(
        name="tiny", model=str(folder), is_local=True, answer=answer,
        categories=CategoryMap(labels=labels), **more,
    )  # fmt: skip


@pytest.mark.parametrize("is_multi_label", [True, False])
def test_a_classifier_s_labels_become_categories(head, is_multi_label):
    answer = LabelsAnswer(is_multi_label=is_multi_label)
    classifier = HubTextClassifier(
        _described(head, answer, {"fine": None, "hateful": "hate_extremism"})
    )

    scores = checked(classifier.score(["a red fox", "a fox"]), 2)

    assert [set(one) for one in scores] == [{"hate_extremism"}] * 2
    assert scores[0] != scores[1]
    assert (classifier.name, classifier.version) == ("tiny", "unpinned")


def test_a_label_that_nobody_mapped_is_no_answer(head):
    classifier = HubTextClassifier(_described(head, LabelsAnswer(), {"fine": None}))

    with pytest.raises(ScoreError, match="unmapped"):
        classifier.score(["a fox"])


def test_a_text_that_is_too_long_is_not_cut(head):
    classifier = HubTextClassifier(
        _described(head, LabelsAnswer(), {"fine": None, "hateful": "hate_extremism"})
    )

    with pytest.raises(ScoreError, match="longer than 16"):
        classifier.score(["fox " * 17])


def test_a_guard_is_asked_each_question_and_its_two_words_are_weighed(writer):
    answer = TokenAnswer(questions={"hate": "red", "gore": "fox"})
    labels = {"hate": "hate_extremism", "gore": "gore_graphic"}
    classifier = HubTextClassifier(
        _described(writer, answer, labels, template="{question} : {text}")
    )

    (scores,) = checked(classifier.score(["a {question} fox"]), 1)

    assert set(scores) == {"hate_extremism", "gore_graphic"}
    assert scores["hate_extremism"] != scores["gore_graphic"]


def test_a_word_that_the_guard_cannot_say_is_an_error(writer):
    answer = TokenAnswer(yes="", questions={"hate": "red"})
    classifier = HubTextClassifier(_described(writer, answer, {"hate": "hate_extremism"}))

    with pytest.raises(ScoreError, match="no token"):
        classifier.score(["a fox"])


def test_a_guard_s_written_answer_is_read_through_its_own_chat(writer):
    """Random weights write the same nonsense each time; the patterns call it unsafe, code S1."""
    nonsense = TextAnswer(unsafe=".", safe="$^", code="^.", max_new_tokens=3)
    plain = HubTextClassifier(_described(writer, nonsense, {"?": None}, has_chat_template=True))

    with pytest.raises(ScoreError, match="unmapped label"):
        plain.score(["a red fox"])


@pytest.mark.parametrize(
    ("written", "scores"),
    [
        pytest.param("safe", {}, id="safe"),
        pytest.param("unsafe\nS1,S10", {"S1": 1.0, "S10": 1.0}, id="unsafe"),
        pytest.param("maybe S2", {"S2": 0.5}, id="doubtful"),
    ],
)
def test_a_verdict_in_words_becomes_scores(written, scores):
    assert parsed(written, VERDICT) == scores


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        pytest.param("I cannot help with that", "no verdict", id="neither"),
        pytest.param("", "no verdict", id="nothing"),
        pytest.param("unsafe", "without a code", id="no code"),
    ],
)
def test_an_answer_that_is_no_verdict_is_an_error(written, fault):
    with pytest.raises(ScoreError, match=fault):
        parsed(written, VERDICT)


@pytest.mark.parametrize("path", sorted(GUARDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_described_guards_map_to_categories_of_the_policy(path, shipped_categories):
    described = load_hub_model(path)

    named = {name for name in described.categories.labels.values() if name}

    assert named <= shipped_categories
    if isinstance(described.answer, TokenAnswer):
        assert set(described.answer.questions) == set(described.categories.labels)


@pytest.fixture(scope="module")
def shipped_categories():
    from moderation.train.manifest import CATEGORIES

    return set(CATEGORIES)


def test_qwen3guard_s_three_answers_are_read():
    answer = load_hub_model(GUARDS / "qwen3guard-gen.yaml").answer

    assert parsed("Safety: Safe\nCategories: None", answer) == {}
    assert parsed("Safety: Unsafe\nCategories: Violent", answer) == {"Violent": 1.0}
    assert parsed("Safety: Controversial\nCategories: PII", answer) == {"PII": 0.5}


def test_llama_guard_s_two_answers_are_read():
    answer = load_hub_model(GUARDS / "llama-guard-3.yaml").answer

    assert parsed("\n\nsafe", answer) == {}
    assert parsed("\n\nunsafe\nS1,S12", answer) == {"S1": 1.0, "S12": 1.0}
