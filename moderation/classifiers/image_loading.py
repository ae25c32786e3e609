"""Choose what looks at pictures, as the settings say. What cannot be loaded lets nothing pass."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import structlog

from moderation.classifiers.base import ImageClassifier
from moderation.classifiers.image import PictureCheck, SmallCheck
from moderation.classifiers.loading import MODELS, NONE, NOT_LOADED
from moderation.classifiers.screen_files import ModelError
from moderation.hashes import DenyList

log = structlog.get_logger()

SMALL = "small"

PICTURE_MODELS = MODELS / "pictures"
"""Descriptions of models of the hub that are known by their id alone."""


class UnloadedImageClassifier:
    """Stand for a model that should be there and is not: asking it fails, so pictures wait."""

    version = NOT_LOADED

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, images: Sequence[Any]) -> NoReturn:
        """Fail.

        Raises:
            ModelError: always.
        """
        raise ModelError(f"{self.name}: {NOT_LOADED} for {len(images)} pictures")


def picture_check_or_hold(
    source: str, category_map: Path | None, deny_list: DenyList
) -> ImageClassifier | None:
    """Load what a setting names; where that fails, give what holds every picture for a person.

    Args:
        source: `small`, `none`, a folder, or an id of the hub. A model never replaces the small
            check and its deny list: both are asked.
        category_map: A description of the model. An id for which one is shipped needs none.
        deny_list: Pictures that are refused by sight.
    """
    if source == NONE:
        log.warning("picture_check_none")
        return None
    small = SmallCheck(deny_list)
    if source == SMALL:
        return small
    try:
        model = load_image_classifier(source, category_map)
    except ModelError as error:
        log.error("picture_check_not_loaded", classifier=source, reason=str(error))  # noqa: TRY400 - the reason is all there is to say.
        return PictureCheck(small, UnloadedImageClassifier(Path(source).name))
    log.info("picture_check_loaded", classifier=model.name, version=model.version)
    return PictureCheck(small, model)


def load_image_classifier(source: str, category_map: Path | None = None) -> ImageClassifier:
    """Load a model of the hub or of a folder.

    Raises:
        ModelError: it cannot be loaded, whatever the reason.
    """
    path = category_map or _shipped_map(source)
    if path is None:
        raise ModelError(f"{source}: no category map")
    try:
        hub = import_module("moderation.classifiers.image_hub")
        is_local = Path(source).is_dir()
        told = {"model": source, "is_local": is_local}
        model: ImageClassifier = hub.HubImageClassifier(
            hub.load_picture_model(path).model_copy(update=told)
        )
    except Exception as error:
        # The libraries of models raise whatever they like; to us all of it means the same.
        raise ModelError(f"{Path(source).name}: {type(error).__name__}") from error
    return model


def _shipped_map(source: str) -> Path | None:
    for path in sorted(PICTURE_MODELS.glob("*.yaml")):
        if f"\nmodel: {source}\n" in path.read_text("utf-8"):
            return path
    return None
