"""Words reach the model as they were weighed."""

from types import SimpleNamespace

import pytest
import torch

from core.errors import UserError
from core.prompts import PromptPart, weigh
from worker.engine.conditioning import words_for


class Encoding:
    """A pipeline of Stable Diffusion's shape whose embedding of a text is its length."""

    device = "cpu"

    def __call__(
        self, prompt=None, negative_prompt=None, prompt_embeds=None, negative_prompt_embeds=None
    ):
        """Draw nothing: its signature is what counts."""

    def encode_prompt(
        self,
        prompt,
        device,
        num_images_per_prompt,
        do_classifier_free_guidance,
        negative_prompt=None,
    ):
        return self.embedding(prompt), self.embedding(negative_prompt or "")

    @staticmethod
    def embedding(text):
        return torch.full((1, 2), float(len(text)))


class Pooling(Encoding):
    """The same in SDXL's shape."""

    def __call__(
        self,
        prompt=None,
        negative_prompt=None,
        prompt_embeds=None,
        negative_prompt_embeds=None,
        pooled_prompt_embeds=None,
        negative_pooled_prompt_embeds=None,
    ):
        """Draw nothing."""

    def encode_prompt(
        self,
        prompt,
        prompt_2,
        device,
        num_images_per_prompt,
        do_classifier_free_guidance,
    ):
        return (
            self.embedding(prompt),
            self.embedding(""),
            self.embedding(prompt) * 10,
            self.embedding("") - 1,
        )


class Masking(Encoding):
    """A pipeline whose texts keep their own lengths."""

    def __call__(
        self,
        prompt=None,
        prompt_embeds=None,
        negative_prompt_embeds=None,
        prompt_attention_mask=None,
    ):
        """Draw nothing."""


class Distilled(Encoding):
    """A guidance-distilled pipeline: it takes a negative prompt and ignores it."""

    def __call__(self, prompt=None, negative_prompt=None, true_cfg_scale=1.0):
        """Draw nothing."""


class Unconditional:
    """A pipeline that listens to nobody."""

    def __call__(self, batch_size=1):
        """Draw nothing."""


def means(words):
    return {name: float(value.mean()) for name, value in words.items()}


def test_a_plain_prompt_goes_to_the_pipeline_as_it_is():
    """One part needs no arithmetic, and its negative side neither."""
    assert words_for(Encoding(), weigh("a cat"), "") == {"prompt": "a cat"}
    assert words_for(Encoding(), weigh("a cat"), "rain, fog") == {
        "prompt": "a cat",
        "negative_prompt": "rain, fog",
    }


@pytest.mark.parametrize(
    ("prompt", "negative", "wanted", "unwanted"),
    [
        pytest.param("aa:: bbbb::", "", 3, 0, id="equal weights are the middle"),
        pytest.param("aa::3 bbbb::1", "", 2.5, 0, id="weights pull"),
        pytest.param("aa::3 bbbb::-1", "", 2, 4, id="a negative part is the negative side"),
        pytest.param("aa:: b:: cccc::-1", "dd", 1.5, 3, id="it shares that side with --no"),
    ],
)
def test_weighted_parts_become_a_weighted_mean(prompt, negative, wanted, unwanted):
    """sum(w * e) / sum(w), on each side."""
    words = words_for(Encoding(), weigh(prompt), negative)

    assert means(words) == {"prompt_embeds": wanted, "negative_prompt_embeds": unwanted}


def test_pooled_embeddings_are_weighed_too():
    """SDXL's and SD 3's second embeddings follow the first; the empty negative is the model's own."""
    words = words_for(Pooling(), weigh("aa::3 bbbb::1"), "")

    assert means(words) == {
        "prompt_embeds": 2.5,
        "negative_prompt_embeds": 0,
        "pooled_prompt_embeds": 25,
        "negative_pooled_prompt_embeds": -1,
    }


@pytest.mark.parametrize(
    ("pipeline", "prompt", "negative", "flag"),
    [
        pytest.param(Masking(), "aa:: b::", "", "::", id="texts of different length"),
        pytest.param(Distilled(), "aa:: b::", "", "::", id="no embeddings taken"),
        pytest.param(Distilled(), "aa", "rain", "--no", id="a negative prompt without effect"),
        pytest.param(Masking(), "aa", "rain", "--no", id="no negative prompt at all"),
    ],
)
def test_what_a_model_can_not_follow_is_said(pipeline, prompt, negative, flag):
    """Never silently ignored: the error names the flag."""
    with pytest.raises(UserError) as refused:
        words_for(pipeline, weigh(prompt), negative)

    assert (refused.value.code, refused.value.facts) == ("model_flag_unsupported", {"flag": flag})


def test_an_unconditional_model_is_told_nothing():
    """It draws what it draws."""
    assert words_for(Unconditional(), weigh("a cat"), "rain") == {}


def test_the_shipped_model_takes_what_is_made_here(shipped):
    """A part of weight one alone is the same as no weights, up to rounding."""
    pipeline = shipped.pipeline
    parts = (PromptPart("a cat", 1.0), PromptPart("a cat", 3.0))

    words = words_for(pipeline, parts, "")

    expected, _ = pipeline.encode_prompt("a cat", "cpu", 1, True)
    assert torch.allclose(words["prompt_embeds"], expected, atol=1e-5)
    assert SimpleNamespace(**words).negative_prompt_embeds.shape == expected.shape
