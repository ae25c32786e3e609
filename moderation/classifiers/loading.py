"""Choose the text classifier that the settings name. What cannot be loaded lets nothing pass.

The classes are imported by name when one is asked for: a process that screens by rules alone never
loads what they need.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import structlog

from moderation.classifiers.base import TextClassifier
from moderation.classifiers.screen_files import MANIFEST, ModelError

log = structlog.get_logger()

SHIPPED = "shipped"
NONE = "none"

MODELS = Path(__file__).resolve().parents[1] / "models"
SHIPPED_SCREEN = MODELS / "easel-screen"
GUARDS = MODELS / "guards"
"""Descriptions of models of the hub that are known by their id alone."""

NOT_LOADED = "not loaded"
"""The version of a classifier that stands for one that could not be loaded."""


class UnloadedClassifier:
    """Stand for a classifier that should be there and is not: asking it fails, so prompts wait."""

    version = NOT_LOADED

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, texts: Sequence[str]) -> NoReturn:
        """Fail.

        Raises:
            ModelError: always.
        """
        raise ModelError(f"{self.name}: {NOT_LOADED} for {len(texts)} texts")


class ClassifierState(StrEnum):
    """What to tell operators of the classifier of a process."""

    OK = "ok"
    NONE = "none"
    """The settings say that there is none."""
    FAILED = "failed"
    """There should be one: every prompt waits for a moderator."""


def state_of(classifier: TextClassifier | None) -> ClassifierState:
    """Say how a process's classifier is."""
    if classifier is None:
        return ClassifierState.NONE
    is_loaded = not isinstance(classifier, UnloadedClassifier)
    return ClassifierState.OK if is_loaded else ClassifierState.FAILED


def load_classifier(source: str, category_map: Path | None = None) -> TextClassifier | None:
    """Load what a setting names; None where it says that there is none.

    Args:
        source: `shipped`, `none`, a folder, a description in YAML, or an id of the hub.
        category_map: A description of a model of the hub, with its categories. An id for which
            one is shipped needs none.

    Raises:
        ModelError: it cannot be loaded, whatever the reason.
    """
    if source == NONE:
        return None
    folder = SHIPPED_SCREEN if source == SHIPPED else Path(source)
    try:
        if source == SHIPPED or (folder / MANIFEST).is_file():
            return _made("moderation.classifiers.text", "EaselScreen", folder)
        return _of_the_hub(source, category_map)
    except ModelError:
        raise
    except Exception as error:
        # The libraries of models raise whatever they like; to us all of it means the same.
        raise ModelError(f"{folder.name}: {type(error).__name__}") from error


def classifier_or_hold(
    source: str, category_map: Path | None = None, load: Callable[..., Any] = load_classifier
) -> TextClassifier | None:  # Any: `load_classifier`, or a test's own.
    """Load what a setting names; where that fails, give what holds every prompt for a person."""
    try:
        classifier: TextClassifier | None = load(source, category_map)
    except ModelError as error:
        log.error("classifier_not_loaded", classifier=source, reason=str(error))  # noqa: TRY400 - the reason is all there is to say.
        return UnloadedClassifier(Path(source).name)
    if classifier is None:
        log.warning("classifier_none")
    else:
        log.info("classifier_loaded", classifier=classifier.name, version=classifier.version)
    return classifier


def _of_the_hub(source: str, category_map: Path | None) -> TextClassifier:
    is_description = Path(source).suffix == ".yaml"
    path = Path(source) if is_description else category_map or _shipped_map(source)
    if path is None:
        raise ModelError(f"{source}: no category map")
    described = import_module("moderation.classifiers.text_hub").load_hub_model(path)
    if is_description:
        source = described.model
    is_local = Path(source).is_dir()
    named = described.model_copy(update={"model": source, "is_local": is_local})
    return _made("moderation.classifiers.text_hub", "HubTextClassifier", named)


def _shipped_map(source: str) -> Path | None:
    for path in sorted(GUARDS.glob("*.yaml")):
        if f"\nmodel: {source}\n" in path.read_text("utf-8"):
            return path
    return None


def _made(module: str, name: str, *arguments: object) -> TextClassifier:
    classifier: TextClassifier = getattr(import_module(module), name)(*arguments)
    return classifier
