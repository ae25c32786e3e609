"""Compose large scenes for the enlarger, and make of each the small pictures that it will be given.

The layouts are those that the denoiser draws, at four times the size.
"""

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from worker.train.colours import COLOURS
from worker.train.enlarger_artwork import VectorArtwork
from worker.train.scenes import (
    ABOVE,
    BELOW,
    CENTRE,
    COUNT_SLOTS,
    LEFT,
    PAIR_SIZES,
    RIGHT,
    SINGLE_SIZES,
    SIZE,
    Slot,
)
from worker.train.shapes import SHAPES, draw_shape

Pixels = np.ndarray[tuple[Any, ...], np.dtype[np.uint8]]
"""Height, width, RGB; or many of these."""

SCALE = 4
LARGE = SIZE * SCALE

_SINGLE, _PAIR = 0.65, 0.25  # Shares of the layouts; the others are several things.
_SHAPE = 0.15  # Of the things alone.
_PLAIN, _GRADED = 0.6, 0.2  # Shares of the backgrounds; the others are horizons and stars.
_SOFTEST = 0.8
"""The widest blur, in small pixels, that comes before shrinking: what a decoder's softness is."""


def large_scene(artwork: VectorArtwork, names: Sequence[str], seed: int) -> Image.Image:
    """Compose the scene of a seed out of the named drawings."""
    chance = Random(seed)  # noqa: S311 - pictures, not secrets.
    canvas = _background(chance)
    for slot, size in _layout(chance):
        side = size * SCALE
        if slot == CENTRE and chance.random() < _SHAPE:
            cut = draw_shape(chance.choice(SHAPES), chance.choice(list(COLOURS)), side)
        else:
            cut = artwork.picture(chance.choice(names), side)
        # Steps of one large pixel, so that edges fall anywhere within a small one.
        across, down = (round(at * SCALE + chance.uniform(-12, 12)) for at in slot)
        canvas.paste(cut, (across - side // 2, down - side // 2), cut)
    return canvas


def shrunk(scene: Image.Image, chance: Random | None = None) -> Image.Image:
    """Make the small picture of a scene: plainly, or with one of several kernels and a blur."""
    if chance is None:
        return scene.resize((SIZE, SIZE), Image.Resampling.BOX)
    kernel = chance.choice(
        (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
    )
    if chance.random() < 0.5:  # noqa: PLR2004 - half of them.
        scene = scene.filter(ImageFilter.GaussianBlur(chance.uniform(0, _SOFTEST) * SCALE))
    return scene.resize((SIZE, SIZE), kernel)


def _layout(chance: Random) -> list[tuple[Slot, int]]:
    draw = chance.random()
    slots: tuple[Slot, ...] = ()
    if _SINGLE < draw <= _SINGLE + _PAIR:
        slots = chance.choice(((LEFT, RIGHT), (ABOVE, BELOW)))
    elif draw > _SINGLE + _PAIR:
        slots = chance.choice(list(COUNT_SLOTS.values()))
    if slots:
        return [(slot, chance.randint(*PAIR_SIZES)) for slot in slots]
    return [(CENTRE, chance.randint(*SINGLE_SIZES))]


def _background(chance: Random) -> Image.Image:
    draw = chance.random()
    colours = [COLOURS[name] for name in chance.sample(list(COLOURS), 2)]
    if draw < _PLAIN:
        # White is what most pictures lie on.
        colour = COLOURS["white"] if chance.random() < 0.35 else colours[0]  # noqa: PLR2004
        return Image.new("RGB", (LARGE, LARGE), colour)
    if draw < _PLAIN + _GRADED:
        share = np.linspace(0, 1, LARGE, dtype=np.float32)[:, None, None]
        first, last = (np.array(colour, np.float32) for colour in colours)
        graded = np.broadcast_to(first * (1 - share) + last * share, (LARGE, LARGE, 3))
        return Image.fromarray(graded.astype(np.uint8))
    return _horizon(chance) if chance.random() < 0.5 else _stars(chance)  # noqa: PLR2004


def _horizon(chance: Random) -> Image.Image:
    canvas = Image.new("RGB", (LARGE, LARGE), (135, 205, 250))
    draw = ImageDraw.Draw(canvas)
    top = chance.randint(200, 340)
    if chance.random() < 0.5:  # noqa: PLR2004 - a beach, or a meadow.
        draw.rectangle((0, top, LARGE, LARGE), fill=(30, 125, 200))
        draw.rectangle((0, top + chance.randint(60, 120), LARGE, LARGE), fill=(240, 215, 150))
    else:
        draw.rectangle((0, top, LARGE, LARGE), fill=(85, 170, 60))
    for _ in range(chance.randint(0, 3)):
        left, high = chance.randrange(-40, LARGE), chance.randrange(0, 160)
        for puff, rise in enumerate((0, 24, 0)):
            at = left + puff * 48
            draw.ellipse((at, high - rise, at + 96, high + 64), fill=(250, 252, 255))
    return canvas


def _stars(chance: Random) -> Image.Image:
    canvas = Image.new("RGB", (LARGE, LARGE), chance.choice(((12, 18, 60), (8, 6, 18))))
    draw = ImageDraw.Draw(canvas)
    for _ in range(26):
        across, down = chance.randrange(LARGE), chance.randrange(LARGE)
        reach = SCALE * math.sqrt(chance.uniform(0.3, 1.5))
        draw.ellipse((across, down, across + reach, down + reach), fill=(255, 250, 220))
    return canvas
