"""List the flags of `/imagine` once: the parser, the docs, autocomplete and /help read this table.

A flag's kind knows how its value is read, how it is written back and what is allowed, so a new
flag is one more row.
"""

from dataclasses import dataclass

from bot.flag_kinds import (
    PICTURE_ID,
    UPLOAD_ID,
    FlagKind,
    Listing,
    Loras,
    Name,
    Number,
    OneOf,
    PictureName,
    Ratio,
    Switch,
    Whole,
)
from core.contracts.generation import (
    IMAGE_WEIGHT_MAX,
    SEED_MAX,
    UPSCALES,
    GenerationSpec,
    Quality,
)


@dataclass(frozen=True, slots=True)
class Flag:
    """One row of the table; names are without their dashes."""

    name: str
    field: str
    """The field of `GenerationSpec` that it sets."""
    kind: FlagKind
    summary: str
    default: str
    """What is in force without it, in words."""
    example: str
    aliases: tuple[str, ...] = ()
    needs: str = ""
    """The flag without which it means nothing."""
    excludes: tuple[str, ...] = ()
    """The flags that would do nothing beside it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by."""
        return (self.name, *self.aliases)

    @property
    def takes(self) -> str:
        """What follows it, for a usage line; empty where nothing does."""
        return self.kind.takes

    @property
    def allowed(self) -> str:
        """What it accepts, in words."""
        return self.kind.allowed

    @property
    def usage(self) -> str:
        """Show how it is typed."""
        return f"--{self.name} {self.takes}".strip()

    def write(self, spec: GenerationSpec) -> str | None:
        """Write it as this spec needs it; None where the spec has the default."""
        value = getattr(spec, self.field)
        if value == GenerationSpec.model_fields[self.field].default:
            return None
        text = self.kind.write(value)
        return None if text is None else f"--{self.name} {text}".strip()


FLAGS: tuple[Flag, ...] = (
    Flag(
        "ar",
        "aspect",
        Ratio(),
        "Shape of the picture, width to height.",
        "your settings, else 1:1",
        "--ar 16:9",
        aliases=("aspect",),
    ),
    Flag(
        "no",
        "negative",
        Listing(),
        "What to keep out: everything up to the next flag.",
        "nothing",
        "--no text, people",
    ),
    Flag(
        "seed",
        "seed",
        Whole(0, SEED_MAX),
        "Where chance starts: the same prompt, flags and seed draw the same picture.",
        "drawn by chance and shown with the picture",
        "--seed 7",
    ),
    Flag(
        "stylize",
        "stylize",
        Whole(0, 1000),
        "How strongly the prompt steers the picture; it sets the guidance scale.",
        "the model's own guidance, which is also what 100 gives",
        "--stylize 250",
        aliases=("s",),
    ),
    Flag(
        "steps",
        "steps",
        Whole(1, 150),
        "How many denoising steps to take.",
        "the model's own, by --draft, standard or --hd",
        "--steps 30",
    ),
    Flag(
        "cfg",
        "guidance_scale",
        Number(0, 30),
        "The guidance scale itself; it wins over --stylize.",
        "from --stylize, else the model's own",
        "--cfg 7.5",
    ),
    Flag(
        "n",
        "count",
        Whole(1, 4),
        "How many pictures to draw, each with the next seed.",
        "your settings, else 1",
        "--n 4",
        aliases=("repeat", "r"),
    ),
    Flag(
        "tile",
        "is_tile",
        Switch(says=True),
        "Edges that meet, for patterns and textures.",
        "off",
        "--tile",
    ),
    Flag(
        "model",
        "model",
        Name("the names of the models on offer"),
        "Which model draws.",
        "the one that is set up here",
        "--model easel-small",
    ),
    Flag(
        "style",
        "style",
        Name("the names of the model's styles, of your own, and none"),
        "A named style: words that the model's profile, or you yourself, add to the prompt.",
        "your settings, else none",
        "--style watercolour",
    ),
    Flag(
        "lora",
        "loras",
        Loras(),
        "LoRAs of the model, a manner of drawing for example, and how strongly each applies.",
        "none",
        "--lora ink:0.8,lace",
    ),
    Flag(
        "hd",
        "quality",
        Switch(says=Quality.HD),
        "More steps: slower, finer. Not together with --draft.",
        "your settings, else standard",
        "--hd",
    ),
    Flag(
        "draft",
        "quality",
        Switch(says=Quality.DRAFT),
        "Fewer steps: faster, rougher. Not together with --hd.",
        "your settings, else standard",
        "--draft",
    ),
    Flag(
        "standard",
        "quality",
        Switch(says=Quality.STANDARD),
        "The usual number of steps, whatever your settings say.",
        "your settings, else standard",
        "--standard",
    ),
    Flag(
        "image",
        "image",
        PictureName(PICTURE_ID, "the id of a picture drawn here, or of one you uploaded"),
        "The picture to go on from; it is cropped to the shape of --ar.",
        "none",
        "--image 3f0c58d1e2a94b67",
        aliases=("img",),
    ),
    Flag(
        "iw",
        "image_weight",
        Number(0, int(IMAGE_WEIGHT_MAX)),
        "How much of that picture stays, from 0 (nothing) to 3 (almost all).",
        "1",
        "--image 3f0c58d1e2a94b67 --iw 2.25",
        needs="image",
    ),
    Flag(
        "mask",
        "mask",
        PictureName(UPLOAD_ID, "the id of a mask you uploaded, such as up-3k7fq2m9x0ab"),
        "Where to draw anew: what is white in the mask; the rest of the picture stays.",
        "everywhere",
        "--image 3f0c58d1e2a94b67 --mask up-3k7fq2m9x0ab",
        needs="image",
    ),
    Flag(
        "upscale",
        "upscale",
        OneOf(UPSCALES),
        "Only enlarge that picture, so many times; nothing is drawn anew.",
        "drawing anew",
        "--image 3f0c58d1e2a94b67 --upscale 2",
        needs="image",
        excludes=(
            *("ar", "no", "stylize", "steps", "cfg", "n", "style", "lora", "hd", "draft"),
            *("iw", "mask"),
        ),
    ),
)
"""Every flag, in the order in which docs list them and `format` writes them."""

BY_NAME: dict[str, Flag] = {name: flag for flag in FLAGS for name in flag.names}

ELSEWHERE: dict[str, str] = {
    "c": "",
    "chaos": "",
    "cref": "",
    "cw": "",
    "exp": "",
    "fast": "",
    "motion": "",
    "niji": "--model",
    "oref": "",
    "ow": "",
    "p": "",
    "profile": "",
    "q": "--hd or --draft",
    "quality": "--hd or --draft",
    "raw": "--stylize 0",
    "relax": "",
    "sref": "--style",
    "stealth": "",
    "stop": "--steps",
    "sv": "",
    "sw": "",
    "turbo": "--draft",
    "v": "--model",
    "version": "--model",
    "video": "",
    "w": "",
    "weird": "",
}
"""Midjourney's parameters that Easel does not have, with what comes nearest, if anything does.

From its parameter list of June 2026; people type them by habit and should not be told that they
misspelt something.
"""
