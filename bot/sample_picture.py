"""Draw the picture of label checks: always the same, neutral, and named in its own pixels."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1280, 1024)
"""Larger than every preview that is asked for, so that each is a smaller picture than this."""
TEXT = "Easel label check"
_SEED = 20260802
_GRAINS = (160, 128)
_SHAPES = (
    ("ellipse", (120, 150, 560, 620), (214, 108, 74)),
    ("rectangle", (520, 420, 1000, 860), (70, 128, 150)),
    ("ellipse", (820, 120, 1180, 480), (232, 190, 96)),
    ("polygon", (200, 900, 420, 560, 660, 920), (96, 142, 92)),
)


def draw_sample() -> Image.Image:
    """Draw soft shapes on a grained gradient.

    The same each time, so that two checks differ in what the platform did; with edges, areas and
    grain, so that marks and fingerprints have something to hold on to.
    """
    rows = np.linspace(0, 1, SIZE[1])[:, None, None]
    columns = np.linspace(0, 1, SIZE[0])[None, :, None]
    corners = np.array([(52, 66, 98), (206, 176, 148)], np.float64)
    ground = corners[0] + (corners[1] - corners[0]) * (0.6 * rows + 0.4 * columns)
    image = Image.fromarray(ground.astype(np.uint8), "RGB")
    draw = ImageDraw.Draw(image)
    for shape, box, colour in _SHAPES:
        getattr(draw, shape)(box, fill=colour)
    image = _grained(image.filter(ImageFilter.GaussianBlur(6)))
    ImageDraw.Draw(image).text(
        (40, SIZE[1] - 90), TEXT, font=ImageFont.load_default(48), fill=(245, 245, 245)
    )
    return image


def _grained(image: Image.Image) -> Image.Image:
    """Lay soft grain over it: a photograph has some, and a mark hides in it."""
    noise = np.random.default_rng(_SEED).normal(0, 6, (_GRAINS[1], _GRAINS[0]))
    grain = Image.fromarray(noise.astype(np.float32), "F").resize(SIZE, Image.Resampling.BICUBIC)
    pixels = np.asarray(image, np.float64) + np.asarray(grain)[:, :, None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")
