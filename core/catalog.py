"""Say which models are on offer and what each can do, without loading any of them.

A model folder may carry an `easel.json` beside its `model_index.json`: its profile. A hub id or
a folder without one gets a profile with nothing assumed; the worker then follows the pipeline's
own configuration.
"""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.contracts.base import Contract
from core.contracts.generation import LORA_NAME, Aspect
from core.errors import UserError

SHIPPED_MODELS = Path(__file__).resolve().parent.parent / "worker" / "models"
"""Data, not code: `core` reads the shipped profiles but imports nothing of the worker."""

_COMPARED_MIN, _COMPARED_MAX, _LETTERS_MAX = 4, 24, 24
"""Letters a word must have to resemble another, words of a prompt and letters of a word that are
compared: enough for any sentence, and no prompt takes long."""

_NEAR = 0.75
"""How alike spellings must be, by difflib's ratio: `hause` and `house` are, `mouse` is too."""

_STEPS_UNKNOWN = 30
"""Where a profile names no steps for a quality: what `ModelProfile` itself takes as standard."""

_NAME = re.compile(r"[^a-z0-9._-]+")


class Concept(Contract):
    """One thing that a small model can draw, with the words that call it."""

    name: str
    aliases: tuple[str, ...] = ()


class Vocabulary(Contract):
    """The words that a small model was trained on."""

    concepts: tuple[Concept, ...]
    modifiers: tuple[str, ...] = Field(
        default=(), description="Colours, backgrounds, scenes, layouts and counts it understands."
    )

    def known_concepts(self, prompt: str) -> tuple[str, ...]:
        """Name the concepts that a prompt calls, in the vocabulary's order.

        Longer words are looked for first and are then used up: a hot dog is no dog.
        """
        words = f" {_words(prompt)} "
        called: set[str] = set()
        for form, name in self._forms():
            if f" {form} " in words:
                called.add(name)
                words = words.replace(f" {form} ", " | ")
        return tuple(concept.name for concept in self.concepts if concept.name in called)

    def nearest(self, prompt: str, count: int = 3) -> tuple[str, ...]:
        """Name the words of the vocabulary that a prompt's own come nearest to in spelling."""
        known = [word for concept in self.concepts for word in (concept.name, *concept.aliases)]
        asked = [word for word in _words(prompt).split() if len(word) >= _COMPARED_MIN]
        near = [
            match
            for word in dict.fromkeys(asked[:_COMPARED_MAX])
            for match in get_close_matches(word[:_LETTERS_MAX], known, n=1, cutoff=_NEAR)
        ]
        return tuple(dict.fromkeys(near))[:count]

    def _forms(self) -> list[tuple[str, str]]:
        """List every word and its plural with the concept that it calls, the longest first."""
        forms = {
            form: concept.name
            for concept in self.concepts
            for word in map(_words, (concept.name, *concept.aliases))
            for form in (word, *_plurals(word))
        }
        return sorted(forms.items(), key=lambda form: -len(form[0]))


def _plurals(word: str) -> Iterator[str]:
    yield f"{word}s"
    if word.endswith(("s", "x", "ch", "sh")):
        yield f"{word}es"
    if word.endswith("y"):
        yield f"{word[:-1]}ies"


def _words(text: str) -> str:
    """Keep the words alone, so that `T-shirt` is called by `t shirt` and by `T-Shirt!`."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


LoraName = Annotated[str, Field(pattern=LORA_NAME, max_length=64)]
LoraFile = Annotated[str, Field(pattern=r"^(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.safetensors$")]
"""A path below the model's folder, and never out of it."""


class ModelProfile(Contract):
    """What one model on offer is and can do."""

    name: str = Field(description="What `--model` takes.")
    source: str = Field(description="A local folder or a Hugging Face id, for from_pretrained.")
    title: str = ""
    native_size: int | None = Field(default=None, description="Pixels a side; None: ask the model.")
    aspects: tuple[Aspect, ...] | None = Field(
        default=None, description="The only aspects it can draw; None: any."
    )
    steps: dict[str, int] = Field(
        default={"draft": 12, "standard": 30, "hd": 50}, description="Default steps per quality."
    )
    guidance_scale: float = 7.0
    guidance_range: tuple[float, float] = Field(
        default=(1.0, 15.0), description="What --stylize 0 and 1000 map to."
    )
    post_size: int = Field(default=512, description="Smaller pictures are enlarged to this side.")
    vocabulary: Vocabulary | None = None
    styles: dict[str, str] = Field(
        default={}, description="Named styles: what each appends to the prompt."
    )
    loras: dict[LoraName, LoraFile] = Field(
        default={}, description="What `--lora` takes: each name's file in the model's folder."
    )

    @property
    def queue(self) -> str:
        """The Celery queue of this model's generation tasks."""
        return f"generate.{self.name}"

    def steps_for(self, steps: int | None, quality: str) -> int:
        """Settle the number of steps: `--steps` wins, then the quality's, then the usual."""
        return steps or self.steps.get(quality, _STEPS_UNKNOWN)

    def lora_path(self, name: str) -> str:
        """Say where a LoRA's file lies; for a name that is gone, where it would."""
        return str(Path(self.source) / self.loras.get(name, f"{name}.safetensors"))

    def guidance_for(self, guidance_scale: float | None, stylize: int | None) -> float:
        """Settle the guidance scale: `--cfg` wins, then `--stylize`, then the default.

        `--stylize` 0 to 1000 maps linearly onto the range, with 100 (Midjourney's own default)
        at this model's default scale: two straight lines that meet there.
        """
        if guidance_scale is not None:
            return guidance_scale
        if stylize is None:
            return self.guidance_scale
        low, high = self.guidance_range
        if stylize <= 100:  # noqa: PLR2004 - Midjourney's default.
            return low + (self.guidance_scale - low) * stylize / 100
        return self.guidance_scale + (high - self.guidance_scale) * (stylize - 100) / 900


class Catalog(Contract):
    """The models on offer, the default first."""

    profiles: tuple[ModelProfile, ...] = Field(min_length=1)

    @property
    def default(self) -> ModelProfile:
        """The model in force where a request names none."""
        return self.profiles[0]

    @property
    def names(self) -> tuple[str, ...]:
        """What `--model` takes."""
        return tuple(profile.name for profile in self.profiles)

    def get(self, name: str | None) -> ModelProfile:
        """Find a model by its name; None means the default.

        Raises:
            UserError: `model_unknown`.
        """
        if name is None:
            return self.default
        for profile in self.profiles:
            if profile.name == name:
                return profile
        raise UserError("model_unknown", value=name, allowed=list(self.names))


def load_profile(model: str) -> ModelProfile:
    """Describe a model: a shipped name, a local folder or a Hugging Face id."""
    folder = SHIPPED_MODELS / model if (SHIPPED_MODELS / model).is_dir() else Path(model)
    name = _NAME.sub("-", Path(model).name.lower()).strip("-.") or "model"
    card = folder / "easel.json"
    if card.is_file():
        fields = {"name": name, **json.loads(card.read_text("utf-8"))}
        return ModelProfile.model_validate({**fields, "source": str(folder.resolve())})
    source = str(folder.resolve()) if folder.is_dir() else model
    return ModelProfile(name=name, source=source, title=model)


def load_catalog(*models: str) -> Catalog:
    """List the models on offer; the first is the default.

    Raises:
        UserError: `models_alike`: two have the same name, so that `--model` could mean either.
    """
    profiles = tuple(load_profile(model) for model in dict.fromkeys(models))
    names = [profile.name for profile in profiles]
    for name in names:
        if names.count(name) > 1:
            raise UserError("models_alike", value=name)
    return Catalog(profiles=profiles)
