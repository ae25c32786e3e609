"""Define what the engine needs of a classifier, and map a model's labels to policy categories."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import Field

from core.contracts.base import Contract

Scores = Mapping[str, float]
"""Per policy category, from 0 to 1."""

UNSAFE = "unsafe"
"""What a classifier may tell beside the categories: unfit for the community, whatever the reason.
The likeliest category answers for it."""

PICTURE_UNREADABLE = "picture_unreadable"
PICTURE_DENIED = "picture_denied"
PICTURE_BLANK = "picture_blank"
PICTURE_MARKS = frozenset({PICTURE_UNREADABLE, PICTURE_DENIED, PICTURE_BLANK})
"""What a check of pictures may tell beside the categories. Each asks for a review at least, in any
policy: one that allows a category does not thereby allow what nobody could look at."""

WORST_IN_PICTURES = "sexual_explicit"
"""The category that answers for a picture that cannot be read: the worst that models of pictures
tell. None of the floor, because that would accuse its author of a crime."""


class TextClassifier(Protocol):
    """Score texts against the policy's categories; called on the screening worker."""

    @property
    def name(self) -> str:
        """Name the model in verdicts."""

    @property
    def version(self) -> str:
        """Tell this state of the weights from every other."""

    def score(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Score each text, in order; raise rather than guess."""


class ImageClassifier(Protocol):
    """Score pictures against the policy's categories; called on the generation worker."""

    @property
    def name(self) -> str:
        """Name the model in verdicts."""

    @property
    def version(self) -> str:
        """Tell this state of the weights from every other."""

    def score(self, images: Sequence[Any]) -> Sequence[Scores]:
        """Score each picture (`PIL.Image`, which nobody here imports), in order."""


class BlindCheck:
    """Mark a check of pictures that does not know what they show.

    Beside it the policy's `image_check_missing` still says what happens to pictures.
    """


class ScoreError(ValueError):
    """Say that a classifier's answer cannot be trusted: wrong length, not a probability."""


class CategoryMap(Contract):
    """Say what a model's own labels mean here, as data; `None` names a label to ignore."""

    labels: dict[str, str | None] = Field(min_length=1)

    def scores(self, raw: Scores) -> dict[str, float]:
        """Translate one answer; of two labels for one category the higher score counts.

        Raises:
            ScoreError: the model used a label that the map does not have.
        """
        mapped: dict[str, float] = {}
        for label, score in raw.items():
            if label not in self.labels:
                raise ScoreError(f"unmapped label {label!r}")
            category = self.labels[label]
            if category is not None:
                mapped[category] = max(score, mapped.get(category, 0.0))
        return mapped


def checked(answer: Sequence[Scores], count: int) -> Sequence[Scores]:
    """Refuse an answer of the wrong length or with a score that is no probability.

    Raises:
        ScoreError: the answer cannot be trusted.
    """
    if len(answer) != count:
        raise ScoreError(f"{len(answer)} answers for {count} inputs")
    for scores in answer:
        for score in scores.values():
            # A NaN compares false with every threshold, so it would pass as harmless.
            if not (math.isfinite(score) and 0 <= score <= 1):
                raise ScoreError("a score outside 0 to 1")
    return answer
