"""Find the emoji artwork on this machine and cut it to size.

The pictures come out of Noto Color Emoji, the font that Debian packages as
`fonts-noto-color-emoji` (the font under the SIL Open Font License 1.1).
"""

import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.train.colours import COLOURS
from worker.train.concepts import CONCEPTS, FURTHER_CONCEPTS, TrainedConcept

PACKAGE = "fonts-noto-color-emoji"
"""The Debian package that carries the pictures."""

INSTALLED = Path("/usr/share/fonts/truetype/noto")
"""Where that package puts its font."""

FONT_NAME = "NotoColorEmoji.ttf"

_STRIKE = 109  # The only size, in pixels an em, of the font's bitmaps.
_CANVAS = (160, 160)  # Larger than any bitmap: they are 136 x 128.
_OPAQUE = 16  # Fainter edges than this do not count as part of a picture when it is cropped.
_SOLID = 40  # Fainter pixels than this do not count when a tint's light and shade are measured.


def find_font(folder: Path | None = None) -> Path | None:
    """Look for the font in a folder, then where Debian installs it."""
    places = [INSTALLED] if folder is None else [folder, folder / INSTALLED.relative_to("/")]
    found = (place / FONT_NAME for place in [*places, INSTALLED])
    return next((path for path in found if path.is_file()), None)


def fetch_font(folder: Path) -> Path:
    """Find the font, or unpack Debian's package of it into a folder without installing it."""
    found = find_font(folder)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True)
        _run("apt-get", "download", PACKAGE, folder=folder)
        _run("dpkg", "-x", next(folder.glob(f"{PACKAGE}_*.deb")).name, ".", folder=folder)
        found = folder / INSTALLED.relative_to("/") / FONT_NAME
    return found


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - two fixed commands.


class Artwork:
    """One square picture a concept, at any size and in any tint."""

    def __init__(self, originals: dict[str, Image.Image]) -> None:
        self._originals = originals
        # One scene needs a handful of sizes of each picture, so that the cache stays small.
        self._cached = lru_cache(maxsize=20_000)(self._cut)

    @classmethod
    def load(
        cls,
        folder: Path | None = None,
        concepts: Iterable[TrainedConcept] = (*CONCEPTS, *FURTHER_CONCEPTS),
    ) -> Self:
        """Read the pictures of the concepts.

        Raises:
            FileNotFoundError: The font is neither in the folder nor installed.
        """
        path = find_font(folder)
        if path is None:
            raise FileNotFoundError(f"{FONT_NAME}: install {PACKAGE}, or name its folder")
        font = ImageFont.truetype(path, _STRIKE)
        return cls({concept.name: _drawn(font, concept.emoji) for concept in concepts})

    @property
    def names(self) -> tuple[str, ...]:
        """The concepts that there is a picture of."""
        return tuple(self._originals)

    def picture(self, name: str, size: int, tint: str | None = None) -> Image.Image:
        """Give a concept's picture, RGBA, in a square of that many pixels."""
        return self._cached(name, size, tint)

    def _cut(self, name: str, size: int, tint: str | None) -> Image.Image:
        picture = self._originals[name].resize((size, size), Image.Resampling.LANCZOS)
        return picture if tint is None else _tinted(picture, COLOURS[tint])


def _drawn(font: ImageFont.FreeTypeFont, emoji: str) -> Image.Image:
    """Draw a character, crop it to what can be seen and centre it in a square."""
    canvas = Image.new("RGBA", _CANVAS)
    ImageDraw.Draw(canvas).text((8, 8), emoji, font=font, embedded_color=True)
    picture = _unmultiplied(canvas)
    picture = picture.crop(picture.getchannel("A").point(_is_seen).getbbox())
    side = max(picture.size)
    square = Image.new("RGBA", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def _is_seen(alpha: int) -> int:
    return 255 if alpha > _OPAQUE else 0


def _unmultiplied(canvas: Image.Image) -> Image.Image:
    """Undo the multiplication by alpha that drawing on a transparent canvas does."""
    pixels = np.asarray(canvas).astype(np.float32)
    alpha = pixels[..., 3:]
    pixels[..., :3] = np.where(alpha > 0, pixels[..., :3] * 255 / np.maximum(alpha, 1), 0)
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def _tinted(picture: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Repaint a picture in one colour, keeping its light and shade."""
    pixels = np.asarray(picture).copy()
    luma = (pixels[..., :3].astype(np.float32) / 255) @ np.array([0.3, 0.59, 0.11], np.float32)
    low, high = np.percentile(luma[pixels[..., 3] > _SOLID], [2, 98])
    # A flat picture keeps most of its flatness: its range is stretched by no more than 1 / 0.15.
    light = ((luma - low) / max(high - low, 0.15)).clip(0, 1)[..., None]
    paint = np.array(colour, np.float32) / 255
    shade = paint * (0.35 + 1.3 * light)
    shine = paint + (1 - paint) * (light - 0.5) * 1.1
    painted = np.where(light < 0.5, shade, shine)  # noqa: PLR2004 - the middle of the range.
    pixels[..., :3] = (painted.clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels)
