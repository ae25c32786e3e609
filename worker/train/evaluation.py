"""Read pictures without any weights: find the artwork that their pixels come nearest to.

The check knows nothing of the model. Around each place where the layout puts a thing it tries
every size and small shifts, brings what it sees to 24 x 24 pixels and ranks all the rendered
artwork, laid on the background that was asked for, by squared difference. The background itself
is read off the corners.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from worker.train.artwork import Artwork
from worker.train.colours import COLOURS
from worker.train.scenes import CENTRE, SIZE, SIZE_STEP, Slot
from worker.train.shapes import SHAPES, draw_shape

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""Height, width, RGB: a picture of `SIZE` pixels a side."""
Patches = np.ndarray[tuple[Any, ...], np.dtype[np.float32]]
"""Any number of small pictures, each flattened to one row of values from 0 to 1."""

COMPARED = 24
"""Pixels a side that are compared: enough to know a thing, too few for texture to count."""
RENDERED = 4 * COMPARED
"""Pixels a side at which artwork is rendered before it is averaged down."""
SHIFTS = (-4, 0, 4)
"""Pixels by which a thing may lie off its place; training jitters it by up to 3."""
CORNER = 10
"""Pixels a side of each corner whose median is the background: no layout reaches into it."""

SHAPE_COLOURS = tuple(colour for colour in COLOURS if colour != "white")
"""The colours that plain shapes are taught in."""


class Gallery:
    """Pictures with their transparency, ready to be laid on any colour and compared."""

    def __init__(self, pictures: Sequence[Image.Image]) -> None:
        pixels = np.stack([_unit(picture) for picture in pictures])
        alpha = pixels[..., 3:]
        # Averaging and laying on a plain colour are both linear, so that averaging once will do.
        self._paint = _averaged(pixels[..., :3] * alpha)
        self._bare = _averaged(1 - alpha)
        self._laid: dict[str, Patches] = {}

    def on(self, colour: str) -> Patches:
        """Lay all of them on a colour."""
        if colour not in self._laid:
            ground = np.array(COLOURS[colour], np.float32) / np.float32(255)
            laid = self._paint + self._bare * ground
            self._laid[colour] = laid.reshape(len(laid), -1)
        return self._laid[colour]


class Check:
    """Say what a picture shows."""

    def __init__(self, artwork: Artwork, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._things = Gallery([artwork.picture(name, RENDERED) for name in names])
        self._kinds = [(kind, colour) for kind in SHAPES for colour in SHAPE_COLOURS]
        self._shapes = Gallery([draw_shape(kind, colour, RENDERED) for kind, colour in self._kinds])

    def things(
        self, picture: Pixels, slot: Slot, sizes: tuple[int, int], background: str
    ) -> tuple[str, ...]:
        """Rank every concept by its likeness to what lies in a slot, the nearest first."""
        order = self._ranked(self._things.on(background), picture, slot, sizes)
        return tuple(self._names[place] for place in order)

    def shape(self, picture: Pixels, sizes: tuple[int, int], background: str) -> tuple[str, str]:
        """Name the kind and the colour of the shape in the middle."""
        seen = [place for place, (_, colour) in enumerate(self._kinds) if colour != background]
        shapes = self._shapes.on(background)[seen]
        return self._kinds[seen[self._ranked(shapes, picture, CENTRE, sizes)[0]]]

    @staticmethod
    def background(picture: Pixels) -> str:
        """Name the colour nearest to the median of the corners."""
        near, far = slice(None, CORNER), slice(-CORNER, None)
        corners = [picture[down, across] for down in (near, far) for across in (near, far)]
        median = np.median(np.concatenate(corners).reshape(-1, 3), axis=0)
        distance = {name: np.square(median - COLOURS[name]).sum() for name in COLOURS}
        return min(distance, key=lambda name: float(distance[name]))

    @staticmethod
    def _ranked(
        known: Patches, picture: Pixels, slot: Slot, sizes: tuple[int, int]
    ) -> Sequence[int]:
        seen = patches(picture, slot, sizes)
        # |a - b|^2 = |a|^2 - 2ab + |b|^2, for all pairs at once.
        distance = (
            np.square(known).sum(1)[:, None] - 2 * known @ seen.T + np.square(seen).sum(1)[None]
        )
        return [int(place) for place in np.argsort(distance.min(1), kind="stable")]


def patches(picture: Pixels, slot: Slot, sizes: tuple[int, int]) -> Patches:
    """Cut out what may be the thing in a slot, at each size and shift, brought to one size."""
    margin = SIZE // 2  # What lies beyond the edge continues the edge.
    wide = Image.fromarray(np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), "edge"))
    cut = []
    for size in range(sizes[0], sizes[1] + 1, SIZE_STEP):
        for across in SHIFTS:
            for down in SHIFTS:
                left = slot[0] + across - size / 2 + margin
                top = slot[1] + down - size / 2 + margin
                box = (left, top, left + size, top + size)
                small = wide.resize((COMPARED, COMPARED), Image.Resampling.BOX, box)
                cut.append(_unit(small).ravel())
    return np.stack(cut)


def _unit(picture: Image.Image) -> Patches:
    """Give a picture's values from 0 to 1."""
    return np.asarray(picture, np.float32) / np.float32(255)


def _averaged(pixels: Patches) -> Patches:
    count, _, _, channels = pixels.shape
    step = RENDERED // COMPARED
    blocks = pixels.reshape(count, COMPARED, step, COMPARED, step, channels)
    averaged: Patches = blocks.mean(axis=(2, 4), dtype=np.float32)
    return averaged
