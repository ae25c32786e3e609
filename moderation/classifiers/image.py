"""Look at pictures with what every installation has, and with a model where one is set.

What the small check sees, and nothing else: a picture that cannot be read, one that is all of one
colour, one that is on the deny list. It does not know what a picture shows. Counting skin-like
colours was tried and left out: at a share of 30 % it would have held 22 of 165 pictures that the
shipped model draws (a pizza, a fox, a croissant), see docs/pictures.md. So it is a `BlindCheck`:
the policy's `image_check_missing` says what happens to what it finds nothing in.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import structlog

from moderation.classifiers.base import (
    PICTURE_BLANK,
    PICTURE_DENIED,
    PICTURE_UNREADABLE,
    WORST_IN_PICTURES,
    BlindCheck,
    ImageClassifier,
    Scores,
    checked,
)
from moderation.hashes import DenyList, picture_hash

log = structlog.get_logger()

_SAME = 8
"""Levels of 255 that JPEG's rounding moves an even area by, at most."""
_BLANK_SHARE = 0.995
"""Of the pixels. The emptiest of 165 pictures of the shipped model has .85 of one colour."""


class SmallCheck(BlindCheck):
    """Refuse what cannot be read and what is denied; hold what is empty. Needs numpy alone."""

    name = "small-picture-check"
    version = "1"

    def __init__(self, deny_list: DenyList | None = None) -> None:
        self._deny_list = deny_list or DenyList()

    def score(self, images: Sequence[Any]) -> list[Scores]:
        """Look at each picture."""
        return [self._of_one(image) for image in images]

    def _of_one(self, image: Any) -> Scores:  # Any: a PIL image.
        try:
            rgb = image.convert("RGB")
            is_blank = _is_blank(rgb)
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises, nobody saw it.
            log.warning("picture_unreadable", error=type(error).__name__)
            return {WORST_IN_PICTURES: 1.0, PICTURE_UNREADABLE: 1.0}
        if is_blank:
            return {PICTURE_BLANK: 1.0}
        denied = {each.category: 1.0 for each in self._deny_list.matches(picture_hash(rgb))}
        return {**denied, PICTURE_DENIED: 1.0} if denied else {}


class PictureCheck:
    """A model behind the small check: of the two the stricter counts, always."""

    def __init__(self, small: SmallCheck, model: ImageClassifier) -> None:
        self._small = small
        self._model = model

    @property
    def name(self) -> str:
        """Name the model: it is what knows what a picture shows."""
        return self._model.name

    @property
    def version(self) -> str:
        """Tell the state of both."""
        return f"{self._model.version}+{self._small.version}"

    def score(self, images: Sequence[Any]) -> list[Scores]:
        """Ask both; the model is spared what nobody can read.

        Raises:
            ScoreError: the model's answer cannot be trusted.
        """
        seen = self._small.score(images)
        asked = [at for at, scores in enumerate(seen) if PICTURE_UNREADABLE not in scores]
        pictures = [images[at] for at in asked]
        answers = checked(self._model.score(pictures), len(pictures)) if pictures else ()
        for at, scores in zip(asked, answers, strict=True):
            both = {**scores}
            for code, score in seen[at].items():
                both[code] = max(score, both.get(code, 0.0))
            seen[at] = both
        return seen


def _is_blank(rgb: Any) -> bool:
    """Tell whether nearly all of a picture is one colour.

    Raises:
        ValueError: it has no pixels.
    """
    pixels = np.asarray(rgb, np.int16).reshape(-1, 3)
    if not len(pixels):
        raise ValueError("no pixels")
    away = np.abs(pixels - np.median(pixels, axis=0)).max(axis=1)
    return bool((away <= _SAME).mean() >= _BLANK_SHARE)
