"""Draw what lies behind the things, with the words that ask for it."""

from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from worker.train.colours import COLOURS, RGB, word_for

SIZE = 128
"""Pixels a side of every scene."""

PLACES: dict[str, tuple[str, ...]] = {
    "night": (" at night", " in the night", " under a starry night sky"),
    "space": (" in space", " in outer space"),
    "sky": (" in the sky", " in a blue sky with clouds"),
    "grass": (" on the grass", " in a field", " in a meadow"),
    "beach": (" on the beach", " at the beach"),
}
"""The drawn places and the words that ask for each."""

# The shares of each kind of background. White goes unnamed: it is what a prompt that asks for none
# gets. The rest are drawn places.
_WHITE, _PLAIN, _GRADED = 0.28, 0.50, 0.09

_PLAIN_WORDS = (
    *[" on a {} background"] * 5,
    ", {} background",
    " with a {} background",
    " in front of a {} background",
)
_GRADED_WORDS = (
    " on a {} to {} gradient",
    " on a {} and {} gradient background",
    ", {} to {} gradient background",
)


@dataclass(frozen=True, slots=True)
class Background:
    """A canvas, the words that ask for it, and its colour where it has but one."""

    canvas: Image.Image
    words: str
    colour: str | None = None


def choose_background(chance: Random) -> Background:
    """Choose what lies behind a scene."""
    draw = chance.random()
    if draw < _WHITE:
        return Background(plain("white"), "", "white")
    if draw < _WHITE + _PLAIN:
        colour = chance.choice(list(COLOURS))
        words = _said(chance.choice(_PLAIN_WORDS), word_for(colour, chance))
        return Background(plain(colour), words, colour)
    if draw < _WHITE + _PLAIN + _GRADED:
        top, bottom = chance.sample(list(COLOURS), 2)
        colours = (word_for(top, chance), word_for(bottom, chance))
        words = _said(chance.choice(_GRADED_WORDS), *colours)
        return Background(graded(top, bottom), words)
    place = chance.choice(list(PLACES))
    return Background(drawn(place, chance), chance.choice(PLACES[place]))


def _said(words: str, *colours: str) -> str:
    return words.format(*colours).replace(" a orange", " an orange")


def plain(colour: str) -> Image.Image:
    """Fill a canvas with one colour."""
    return Image.new("RGB", (SIZE, SIZE), COLOURS[colour])


def graded(top: str, bottom: str) -> Image.Image:
    """Fill a canvas with a gradient from the top to the bottom."""
    share = np.linspace(0, 1, SIZE, dtype=np.float32)[:, None, None]
    first, last = (np.array(COLOURS[name], np.float32) for name in (top, bottom))
    pixels = np.broadcast_to(first * (1 - share) + last * share, (SIZE, SIZE, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def drawn(place: str, chance: Random) -> Image.Image:
    """Draw one of the places."""
    if place in {"night", "space"}:
        return _starry((12, 18, 60) if place == "night" else (8, 6, 18), chance)
    if place == "sky":
        return _cloudy(chance)
    bands: list[tuple[int, RGB]] = [(0, (140, 205, 250)), (80, (85, 170, 60))]
    if place == "beach":
        bands = [(0, (130, 205, 250)), (58, (30, 125, 200)), (84, (240, 215, 150))]
    canvas = Image.new("RGB", (SIZE, SIZE))
    draw = ImageDraw.Draw(canvas)
    for top, colour in bands:
        draw.rectangle((0, top, SIZE, SIZE), fill=colour)
    return canvas


def _starry(colour: RGB, chance: Random) -> Image.Image:
    canvas = Image.new("RGB", (SIZE, SIZE), colour)
    draw = ImageDraw.Draw(canvas)
    for _ in range(26):
        left, top, width = chance.randrange(SIZE), chance.randrange(SIZE), chance.choice((1, 1, 2))
        draw.ellipse((left, top, left + width, top + width), fill=(255, 250, 220))
    return canvas


def _cloudy(chance: Random) -> Image.Image:
    canvas = Image.new("RGB", (SIZE, SIZE), (125, 195, 245))
    draw = ImageDraw.Draw(canvas)
    for _ in range(3):
        left, top = chance.randrange(-10, SIZE - 20), chance.randrange(SIZE - 15)
        for puff, rise in enumerate((0, 6, 0)):
            at = left + puff * 12
            draw.ellipse((at, top - rise, at + 24, top + 16), fill=(250, 252, 255))
    return canvas
