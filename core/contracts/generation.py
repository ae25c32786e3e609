"""Say what is to be drawn: the platform-neutral, model-neutral request."""

from enum import StrEnum
from typing import Self

from pydantic import Field

from core.contracts.base import Contract
from core.prompts import PromptPart, expand, weigh

SEED_MAX = 2**32 - 1
"""The largest seed, as Midjourney's `--seed` has it."""

IMAGE_WEIGHT_MAX = 3.0
"""The largest `--iw`, as Midjourney has it."""

LORA_WEIGHT_MAX = 2.0
"""How strongly a LoRA applies at most, for it or against it: beyond, pictures fall apart."""

LORA_NAME = r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$"
"""What a LoRA is called, so that its name needs no quotes beside its weight."""

FORGOTTEN = "\ufffc"
"""Stands for the words of a request that were deleted: the character for an object left out."""

UPSCALES = (2, 4)
"""By how much a picture can be enlarged."""


class Quality(StrEnum):
    """How much work one picture is worth: `--draft`, nothing, `--hd`."""

    DRAFT = "draft"
    STANDARD = "standard"
    HD = "hd"


class Aspect(Contract):
    """A ratio of width to height in lowest terms is not required: `16:9` stays `16:9`."""

    width: int = Field(ge=1, le=64)
    height: int = Field(ge=1, le=64)

    def __str__(self) -> str:
        """Write it as the flag takes it."""
        return f"{self.width}:{self.height}"


class LoraChoice(Contract):
    """Name one of the model's LoRAs: small changes to its weights, such as a manner of drawing."""

    name: str = Field(pattern=LORA_NAME, max_length=64)
    weight: float = Field(default=1.0, ge=-LORA_WEIGHT_MAX, le=LORA_WEIGHT_MAX)


class GenerationSpec(Contract):
    """One `/imagine`, parsed: `bot.grammar.parse` makes it and `bot.grammar.format` writes it back.

    Fields that are None follow the model's own default at the worker.
    """

    prompt: str = Field(
        min_length=1,
        max_length=6000,
        description="As typed, without flags: may hold `{a,b}` permutations and `::` weights.",
    )
    negative: tuple[str, ...] = Field(default=(), description="`--no`: what to keep out.")
    aspect: Aspect = Aspect(width=1, height=1)
    seed: int | None = Field(default=None, ge=0, le=SEED_MAX)
    steps: int | None = Field(default=None, ge=1, le=150)
    guidance_scale: float | None = Field(default=None, ge=0, le=30, description="`--cfg`.")
    stylize: int | None = Field(default=None, ge=0, le=1000, description="`--stylize`.")
    count: int = Field(default=1, ge=1, le=4, description="`--n`: pictures per permutation.")
    is_tile: bool = Field(default=False, description="`--tile`: edges that meet.")
    model: str | None = Field(default=None, description="A name from the catalog.")
    style: str | None = Field(default=None, description="A named style.")
    loras: tuple[LoraChoice, ...] = Field(
        default=(), max_length=4, description="`--lora`: which of the model's LoRAs apply."
    )
    quality: Quality = Quality.STANDARD
    image: str | None = Field(
        default=None,
        max_length=32,
        description="`--image`: the picture to go on from, a verify id or an upload's id.",
    )
    image_weight: float | None = Field(
        default=None,
        ge=0,
        le=IMAGE_WEIGHT_MAX,
        description="`--iw`: how much of that picture stays; None: 1, the default.",
    )
    mask: str | None = Field(
        default=None,
        max_length=32,
        description="`--mask`: an upload's id; what is white in it is drawn anew, the rest stays.",
    )
    upscale: int | None = Field(
        default=None, description="`--upscale`: only enlarge `image`, by 2 or 4; nothing is drawn."
    )

    @property
    def is_forgotten(self) -> bool:
        """Tell whether its words were deleted, so that it can be asked for no more."""
        return self.prompt == FORGOTTEN

    def forgotten(self) -> Self:
        """Leave the numbers, and take the words away: those of others too, such as a style's."""
        return self.model_copy(update={"prompt": FORGOTTEN, "negative": (), "style": None})

    @property
    def strength(self) -> float:
        """How far the picture to go on from is noised, from 0 (kept) to 1 (ignored).

        A straight line from `--iw` 0, which ignores it, over 1, which gives 0.72, to 3, which
        gives 0.16: beyond that nothing would be left to draw at the usual number of steps.
        """
        weight = 1.0 if self.image_weight is None else self.image_weight
        return round(1.0 - 0.28 * weight, 4)

    @property
    def variants(self) -> tuple[str, ...]:
        """List the prompt once per permutation."""
        return expand(self.prompt)

    @property
    def parts(self) -> tuple[tuple[PromptPart, ...], ...]:
        """List each permutation as weighted parts."""
        return tuple(weigh(variant) for variant in self.variants)

    @property
    def picture_count(self) -> int:
        """Count the pictures that this request asks for."""
        return len(self.variants) * self.count
