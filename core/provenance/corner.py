"""Draw the words "AI" or "AI生成" into a picture's corner, where a community or a region asks.

The four signs are drawn as strokes of our own making: no font with Chinese signs is shipped with
any package that Easel needs, and a host's fonts are not to be relied on.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

WORDS, WORDS_CN = "AI", "AI生成"

HEIGHT_SHARE = 0.05
"""Of the shorter side, the least that GB 45438-2025 allows for text in a picture."""
_LEAST_PX = 12
"""Below, the strokes of the Chinese signs run together."""

_FINE = 4
"""Drawn larger and brought down, which softens the edges."""
_STROKE = 0.085
_GAP = 0.22
_PAD = 0.35
"""Thickness of a stroke, space between signs and around them, as shares of their height."""
_INK, _GROUND = (255, 255, 255), (0, 0, 0, 150)

_SIGNS: dict[str, tuple[float, tuple[tuple[tuple[int, int], ...], ...]]] = {
    "A": (0.78, (((0, 100), (39, 0), (78, 100)), ((14, 66), (64, 66)))),
    "I": (0.12, (((6, 0), (6, 100)),)),
    "生": (
        1.0,
        (
            ((27, 4), (20, 24), (6, 42)),
            ((20, 24), (92, 24)),
            ((16, 58), (86, 58)),
            ((2, 97), (98, 97)),
            ((52, 0), (52, 97)),
        ),
    ),
    "成": (
        1.0,
        (
            ((14, 22), (96, 22)),
            ((14, 22), (14, 58), (2, 98)),
            ((14, 48), (42, 48), (40, 80), (30, 76)),
            ((56, 0), (60, 44), (74, 80), (90, 98), (96, 74)),
            ((86, 38), (70, 68), (44, 96)),
            ((72, 2), (86, 12)),
        ),
    ),
}
"""Each sign's width, and its strokes as lines on a square of 100, both relative to its height."""


def with_corner(image: "Image.Image", words: str = WORDS) -> "Image.Image":
    """Draw the words into the lower right corner of a copy, light on a dark ground.

    The letters are `HEIGHT_SHARE` of the shorter side high, and so they are in a tile of a grid.
    """
    from PIL import Image

    height = max(_LEAST_PX, round(HEIGHT_SHARE * min(image.size) + 0.5))
    plate = _plate(words, height)
    if plate.width > image.width or plate.height > image.height:
        plate.thumbnail(image.size, Image.Resampling.LANCZOS)
    corner = (image.width - plate.width, image.height - plate.height)
    marked = image.copy()
    marked.paste(plate.convert("RGB").convert(image.mode), corner, plate.getchannel("A"))
    return marked


def _plate(words: str, height: int) -> "Image.Image":
    """Draw the words on their ground: colours as they are, and how far they cover."""
    from PIL import Image, ImageDraw

    size = height * _FINE
    pad, gap = round(_PAD * size), round(_GAP * size)
    width = sum(round(_SIGNS[sign][0] * size) for sign in words) + gap * (len(words) - 1)
    ink = Image.new("L", (width + 2 * pad, size + 2 * pad))
    pen, left = ImageDraw.Draw(ink), pad
    for sign in words:
        share, strokes = _SIGNS[sign]
        for stroke in strokes:
            points = [(left + x * size / 100, pad + y * size / 100) for x, y in stroke]
            _draw(pen, points, round(_STROKE * size))
        left += round(share * size) + gap
    ink = ink.resize((ink.width // _FINE, ink.height // _FINE), Image.Resampling.BOX)
    colours = Image.composite(
        Image.new("RGB", ink.size, _INK), Image.new("RGB", ink.size, _GROUND[:3]), ink
    )
    cover = ink.point(lambda value: max(value, _GROUND[3]))
    colours.putalpha(cover)
    return colours


def _draw(pen: "ImageDraw.ImageDraw", points: list[tuple[float, float]], width: int) -> None:
    """Draw one stroke with round ends and joints."""
    pen.line(points, fill=255, width=width)
    for x, y in points:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
