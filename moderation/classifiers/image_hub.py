"""Score pictures with a model of the hub: labels of a ViT, words of a CLIP, diffusers' checker.

Which model, how it is asked and what its answers mean is data (`PictureModel`), see
`moderation/models/pictures/`. torch, transformers and diffusers are imported when one is loaded.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from core.contracts.base import Contract
from moderation.classifiers.base import CategoryMap, Scores

UNSAFE_LABEL = "nsfw"
"""What the safety checker's single answer is called in a map."""


class LabelsHead(Contract):
    """An image classifier with one output a label."""

    kind: Literal["labels"] = "labels"
    is_multi_label: bool = Field(False, description="Each label by itself, not one of all.")


class WordsHead(Contract):
    """A CLIP: how well each label's sentence fits, against all others."""

    kind: Literal["words"] = "words"
    sentences: dict[str, str] = Field(min_length=2, description="By label: what it would show.")


class CheckerHead(Contract):
    """diffusers' StableDiffusionSafetyChecker: yes, or nearly."""

    kind: Literal["checker"] = "checker"
    doubtful_within: float = Field(
        0.01,
        ge=0,
        description="So near below a concept's threshold is doubt: the checker's own step.",
    )
    doubtful_score: float = Field(0.5, ge=0, le=1)


class PictureModel(Contract):
    """One model: where it is, how it is asked, what its answers mean."""

    name: str
    model: str = Field(description="A folder, or an id of the hub.")
    processor: str | None = Field(None, description="Where its processor is, if elsewhere.")
    revision: str | None = Field(None, description="A commit: names of the hub may move.")
    is_local: bool = Field(False, description="Never ask the network.")
    answer: Annotated[LabelsHead | WordsHead | CheckerHead, Field(discriminator="kind")]
    categories: CategoryMap

    @model_validator(mode="after")
    def _mapped(self) -> Self:
        if isinstance(self.answer, WordsHead):
            missing = set(self.answer.sentences) - set(self.categories.labels)
            if missing:
                raise ValueError(f"labels without a category: {', '.join(sorted(missing))}")
        return self


def load_picture_model(path: Path) -> PictureModel:
    """Read a description from a YAML file."""
    return PictureModel.model_validate(yaml.safe_load(path.read_text("utf-8")))


class HubImageClassifier:
    """A model of the hub behind the one protocol of pictures."""

    def __init__(self, described: PictureModel) -> None:
        """Load the model; this takes its time and memory, and may download."""
        import transformers

        self._described = described
        # Any: its methods are untyped.
        processors: Any = transformers.AutoImageProcessor
        options = {"revision": described.revision, "local_files_only": described.is_local}
        where = described.processor or described.model
        self._processor: Any = processors.from_pretrained(where, use_fast=False, **options)
        self._model: Any = (
            _kind_of(described.answer).from_pretrained(described.model, **options).eval()
        )
        self._words = self._encoded_words(where, options)

    @property
    def name(self) -> str:
        """Name the model in verdicts."""
        return self._described.name

    @property
    def version(self) -> str:
        """Tell this revision from every other; a folder has none."""
        return self._described.revision or "unpinned"

    def score(self, images: Sequence[Any]) -> list[Scores]:
        """Score each picture by the model's own labels, and translate them."""
        import torch

        raw = []
        with torch.inference_mode():
            for image in images:
                pixels = self._processor(images=image.convert("RGB"), return_tensors="pt")
                raw.append(self._raw(pixels["pixel_values"], self._described.answer))
        return [self._described.categories.scores(each) for each in raw]

    def _raw(
        self, pixels: Any, answer: LabelsHead | WordsHead | CheckerHead
    ) -> Mapping[str, float]:
        if isinstance(answer, LabelsHead):
            logits = self._model(pixel_values=pixels).logits[0].float()
            shares = logits.sigmoid() if answer.is_multi_label else logits.softmax(-1)
            names = self._model.config.id2label
            return {str(names[at]): float(share) for at, share in enumerate(shares)}
        if isinstance(answer, WordsHead):
            logits = self._model(pixel_values=pixels, **self._words).logits_per_image[0].float()
            return dict(zip(answer.sentences, map(float, logits.softmax(-1)), strict=True))
        return {UNSAFE_LABEL: self._suspicion(pixels, answer)}

    def _suspicion(self, pixels: Any, answer: CheckerHead) -> float:
        """Weigh as the checker does, but tell near misses too, and leave the pixels alone."""
        from torch.nn.functional import cosine_similarity as alike

        checker = self._model
        seen = checker.visual_projection(checker.vision_model(pixels)[1]).float()
        special = alike(seen, checker.special_care_embeds) - checker.special_care_embeds_weights
        # The checker rounds to three digits, and lowers the bar once a special concept is seen.
        nudge = 0.01 if bool((special.round(decimals=3) > 0).any()) else 0.0
        concepts = alike(seen, checker.concept_embeds) - checker.concept_embeds_weights + nudge
        margin = float(concepts.round(decimals=3).max())
        if margin > 0:
            return 1.0
        return answer.doubtful_score if margin > -answer.doubtful_within else 0.0

    def _encoded_words(self, where: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        import transformers

        if not isinstance(self._described.answer, WordsHead):
            return {}
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(where, **options)
        sentences = list(self._described.answer.sentences.values())
        return dict(tokenizer(sentences, padding=True, return_tensors="pt"))


def _kind_of(answer: LabelsHead | WordsHead | CheckerHead) -> Any:  # Any: a class with no types.
    import transformers

    if isinstance(answer, LabelsHead):
        return transformers.AutoModelForImageClassification
    if isinstance(answer, WordsHead):
        return transformers.AutoModel
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    return StableDiffusionSafetyChecker
