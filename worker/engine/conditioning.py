"""Turn a request's words into a pipeline's arguments: plain text, or a mean of embeddings.

A prompt of one part goes to the pipeline as it is. Weighted parts (`red apple::2 sky::1`) are
encoded one by one and averaged, sum(w_i * e_i) / sum(w_i), which is how a `::` weight keeps its
meaning whatever the text encoder. Parts of negative weight join the negative side in the same way.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from core.errors import UserError
from core.prompts import PromptPart

_Embeddings = dict[str, Any]
"""Tensors by the names that a pipeline's call gives them."""

_PLAIN = ("prompt_embeds", "negative_prompt_embeds")
_POOLED = (*_PLAIN, "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
"""What `encode_prompt` returns, in order, for Stable Diffusion 1 and 2, and for SDXL and SD 3."""


def words_for(pipeline: Any, parts: Sequence[PromptPart], negative: str) -> dict[str, Any]:
    """Say the prompt to a pipeline in the arguments that its call takes.

    A pipeline that takes no prompt at all (unconditional ones) is told nothing.

    Args:
        pipeline: Any diffusers pipeline.
        parts: The prompt's parts; the sum of their weights is above zero.
        negative: What to keep out; may be empty.

    Raises:
        UserError: `model_flag_unsupported` where the pipeline cannot follow `--no` or `::`.
    """
    accepted = inspect.signature(pipeline.__call__).parameters
    if "prompt" not in accepted:
        return {}
    if negative and not _takes_negative(accepted):
        raise UserError("model_flag_unsupported", flag="--no")
    if len(parts) == 1:
        words = {"prompt": parts[0].text}
        return {**words, "negative_prompt": negative} if negative else words
    with torch.inference_mode():
        return _weighted(pipeline, parts, negative)


def _takes_negative(accepted: Any) -> bool:  # a mapping of inspect.Parameter
    """Tell whether a negative prompt has any effect.

    Guidance-distilled pipelines (Flux) take one but ignore it at their default `true_cfg_scale`
    of 1; saying nothing then would be a lie.
    """
    if "negative_prompt" not in accepted:
        return False
    true_cfg = accepted.get("true_cfg_scale")
    return true_cfg is None or true_cfg.default > 1


def _weighted(pipeline: Any, parts: Sequence[PromptPart], negative: str) -> dict[str, Any]:
    encoder = _Encoder(pipeline)
    unwanted = [PromptPart(part.text, -part.weight) for part in parts if part.weight < 0]
    if negative:
        unwanted.append(PromptPart(negative, 1.0))
    wanted, against_nothing = encoder.mean([part for part in parts if part.weight > 0])
    if not unwanted:
        return wanted | against_nothing
    against, _ = encoder.mean(unwanted)
    return wanted | {f"negative_{name}": embedding for name, embedding in against.items()}


class _Encoder:
    """Encode texts with a pipeline's own text encoders."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._names = _embedding_names(pipeline)
        parameters = inspect.signature(pipeline.encode_prompt).parameters
        self._others = {name: None for name in ("prompt_2", "prompt_3") if name in parameters}

    def mean(self, parts: Sequence[PromptPart]) -> tuple[_Embeddings, _Embeddings]:
        """Average the parts by weight; also return what the pipeline sets against no negative."""
        total = sum(part.weight for part in parts)
        encoded = [self._encode(part.text) for part in parts]
        wanted = {
            name: sum(
                each[name] * (part.weight / total)
                for each, part in zip(encoded, parts, strict=True)
            )
            for name in self._names
            if not name.startswith("negative_")
        }
        return wanted, {name: encoded[0][name] for name in self._names if name not in wanted}

    def _encode(self, text: str) -> _Embeddings:
        embeddings = self._pipeline.encode_prompt(
            prompt=text,
            device=self._pipeline.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
            **self._others,
        )
        return dict(zip(self._names, embeddings, strict=True))


def _embedding_names(pipeline: Any) -> tuple[str, ...]:
    """Name what this pipeline's `encode_prompt` returns and its call takes back.

    Pipelines with attention masks beside their embeddings (PixArt, Qwen) have no meaningful
    mean: their texts differ in length.
    """
    accepted = inspect.signature(pipeline.__call__).parameters
    encode = getattr(pipeline, "encode_prompt", None)
    has_mask = any("mask" in name for name in accepted)
    if encode is not None and not has_mask:
        is_guided = "do_classifier_free_guidance" in inspect.signature(encode).parameters
        for names in (_POOLED, _PLAIN):
            if is_guided and all(name in accepted for name in names):
                return names
    raise UserError("model_flag_unsupported", flag="::")
