"""Score prompts with any model of the Hugging Face kind: a text classifier, or a guard model.

Which model, how it is asked and what its answers mean is data (`HubModel`), see
`moderation/models/guards/`. torch and transformers are imported when a model is loaded.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from core.contracts.base import Contract
from moderation.classifiers.base import CategoryMap, ScoreError, Scores

_MAX_TOKENS = 2048
"""Longer prompts are refused rather than cut: what was cut off was not screened."""


class LabelsAnswer(Contract):
    """A classifier's head: one label for each output."""

    kind: Literal["labels"] = "labels"
    is_multi_label: bool = Field(False, description="Each label by itself, not one of all.")


class TokenAnswer(Contract):
    """A guard that is asked one question a category and answers with one of two words."""

    kind: Literal["token"] = "token"
    yes: str = "Yes"
    no: str = "No"
    questions: dict[str, str] = Field(
        min_length=1, description="By label: what stands for `{question}` in the template."
    )


class TextAnswer(Contract):
    """A guard that writes its verdict and the codes of what it found."""

    kind: Literal["text"] = "text"
    unsafe: str = Field(description="A pattern found in the answer to anything unsafe.")
    doubtful: str | None = Field(None, description="A pattern of answers in between.")
    safe: str = Field(description="A pattern found in every other answer.")
    code: str = Field(description="A pattern of one code; codes are the labels of the map.")
    doubtful_score: float = Field(0.5, ge=0, le=1)
    max_new_tokens: int = Field(24, gt=0)


class HubModel(Contract):
    """One model: where it is, how it is asked, what its answers mean."""

    name: str
    model: str = Field(description="A folder, or an id of the hub.")
    revision: str | None = Field(None, description="A commit: names of the hub may move.")
    is_local: bool = Field(False, description="Never ask the network.")
    template: str = Field("{text}", description="With `{text}`, and `{question}` where asked.")
    has_chat_template: bool = Field(False, description="Wrap it as the model's own chat does.")
    answer: Annotated[LabelsAnswer | TokenAnswer | TextAnswer, Field(discriminator="kind")]
    categories: CategoryMap


def load_hub_model(path: Path) -> HubModel:
    """Read a description from a YAML file."""
    return HubModel.model_validate(yaml.safe_load(path.read_text("utf-8")))


class HubTextClassifier:
    """A model of the hub behind the same protocol as the shipped screen."""

    def __init__(self, described: HubModel) -> None:
        """Load the model; this takes its time and memory, and may download."""
        import transformers

        self._described = described
        is_head = isinstance(described.answer, LabelsAnswer)
        kind = (
            transformers.AutoModelForSequenceClassification
            if is_head
            else transformers.AutoModelForCausalLM
        )
        options = {"revision": described.revision, "local_files_only": described.is_local}
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(described.model, **options)
        self._model = kind.from_pretrained(described.model, **options).eval()

    @property
    def name(self) -> str:
        """Name the model in verdicts."""
        return self._described.name

    @property
    def version(self) -> str:
        """Tell this revision from every other; a folder has none."""
        return self._described.revision or "unpinned"

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text by the model's own labels, and translate them."""
        answer = self._described.answer
        return [self._described.categories.scores(self._raw(text, answer)) for text in texts]

    def _raw(self, text: str, answer: LabelsAnswer | TokenAnswer | TextAnswer) -> dict[str, float]:
        if isinstance(answer, LabelsAnswer):
            return self._labelled(text, answer)
        if isinstance(answer, TokenAnswer):
            return {
                label: self._answered_yes(text, question, answer)
                for label, question in answer.questions.items()
            }
        return parsed(self._written(text, answer), answer)

    def _labelled(self, text: str, answer: LabelsAnswer) -> dict[str, float]:
        import torch

        with torch.no_grad():
            logits = self._model(**self._encoded(self._asked(text))).logits[0].float()
        shares = logits.sigmoid() if answer.is_multi_label else logits.softmax(-1)
        names = self._model.config.id2label
        return {str(names[at]): float(share) for at, share in enumerate(shares)}

    def _answered_yes(self, text: str, question: str, answer: TokenAnswer) -> float:
        """Weigh the two words against each other as the first word of the answer."""
        import torch

        with torch.no_grad():
            logits = self._model(**self._encoded(self._asked(text, question))).logits[0, -1].float()
        two = logits[[self._first_token(answer.yes), self._first_token(answer.no)]]
        return float(two.softmax(-1)[0])

    def _written(self, text: str, answer: TextAnswer) -> str:
        import torch

        encoded = self._encoded(self._asked(text))
        with torch.no_grad():
            tokens = self._model.generate(
                **encoded, max_new_tokens=answer.max_new_tokens, do_sample=False
            )
        new = tokens[0, encoded["input_ids"].shape[1] :]
        return str(self._tokenizer.decode(new, skip_special_tokens=True))

    def _first_token(self, word: str) -> int:
        tokens = self._tokenizer.encode(word, add_special_tokens=False)
        if not tokens:
            raise ScoreError(f"no token for {word!r}")
        return int(tokens[0])

    def _asked(self, text: str, question: str = "") -> str:
        """Fill the template; braces in the text stay what they are."""
        filled = self._described.template.replace("{question}", question).replace("{text}", text)
        if not self._described.has_chat_template:
            return filled
        chat = [{"role": "user", "content": filled}]
        return str(
            self._tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        )

    def _encoded(self, asked: str) -> Any:  # Any: transformers' BatchEncoding of torch tensors.
        # A chat template writes its special tokens itself.
        is_plain = not self._described.has_chat_template
        encoded = self._tokenizer(asked, return_tensors="pt", add_special_tokens=is_plain)
        limit = min(
            _MAX_TOKENS, int(getattr(self._model.config, "max_position_embeddings", _MAX_TOKENS))
        )
        if encoded["input_ids"].shape[1] > limit:
            raise ScoreError(f"longer than {limit} tokens")
        encoded.pop("token_type_ids", None)
        return encoded


def parsed(written: str, answer: TextAnswer) -> dict[str, float]:
    """Read a written verdict; each code named has the verdict's score.

    Raises:
        ScoreError: the answer is neither of the three, or unsafe without saying how.
    """
    if re.search(answer.unsafe, written):
        score = 1.0
    elif answer.doubtful is not None and re.search(answer.doubtful, written):
        score = answer.doubtful_score
    elif re.search(answer.safe, written):
        return {}
    else:
        raise ScoreError("an answer that is no verdict")
    codes = dict.fromkeys(re.findall(answer.code, written))
    if not codes:
        raise ScoreError("a verdict without a code")
    return dict.fromkeys(codes, score)
