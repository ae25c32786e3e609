"""Draw the plain shapes that the model is taught, in any colour."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw

from worker.train.colours import COLOURS

Points = list[tuple[float, float]]
"""The corners of a shape in the unit square."""

_SAMPLES = 4  # Each pixel is drawn as 4 x 4 and averaged, so that edges are smooth.
_HOLE = 0.25  # Where the hole of a ring begins, as a share of its width.


def _star() -> Points:
    reach = [0.5 if corner % 2 == 0 else 0.21 for corner in range(10)]
    turn = [corner * math.pi / 5 for corner in range(10)]
    return [
        (0.5 + r * math.sin(a), 0.53 - r * math.cos(a)) for r, a in zip(reach, turn, strict=True)
    ]


def _heart() -> Points:
    turns = [step * math.pi / 40 for step in range(80)]
    return [
        (
            0.5 + 0.029 * 16 * math.sin(a) ** 3,
            0.45
            - 0.029
            * (13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)),
        )
        for a in turns
    ]


def _square() -> Points:
    return [(0.03, 0.03), (0.97, 0.03), (0.97, 0.97), (0.03, 0.97)]


def _rectangle() -> Points:
    return [(0.0, 0.25), (1.0, 0.25), (1.0, 0.75), (0.0, 0.75)]


def _triangle() -> Points:
    return [(0.5, 0.03), (1.0, 0.93), (0.0, 0.93)]


def _diamond() -> Points:
    return [(0.5, 0.0), (0.85, 0.5), (0.5, 1.0), (0.15, 0.5)]


_OUTLINES: dict[str, Callable[[], Points]] = {
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "diamond": _diamond,
    "rectangle": _rectangle,
}

SHAPES = ("circle", "square", "triangle", "star", "heart", "diamond", "ring", "rectangle")
"""The kinds of shape."""

TAKEN = frozenset({("heart", "red"), ("star", "yellow")})
"""Kinds and colours that call a concept: a red heart is the picture, not the plain shape."""


def draw_shape(kind: str, colour: str, size: int) -> Image.Image:
    """Draw a shape, RGBA, in a square of that many pixels."""
    side = size * _SAMPLES
    canvas = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(canvas)
    ink = (*COLOURS[colour], 255)
    if kind in {"circle", "ring"}:
        draw.ellipse((0, 0, side - 1, side - 1), fill=ink)
        if kind == "ring":
            near, far = side * _HOLE, side * (1 - _HOLE)
            draw.ellipse((near, near, far, far), fill=(0, 0, 0, 0))
    else:
        draw.polygon([(x * side, y * side) for x, y in _OUTLINES[kind]()], fill=ink)
    return canvas.resize((size, size), Image.Resampling.BOX)
