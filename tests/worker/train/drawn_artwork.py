"""Artwork that needs no font: a few plain drawings under the names of concepts."""

from PIL import Image, ImageDraw

from worker.train.artwork import Artwork
from worker.train.concepts import CONCEPTS

SIDE = 136
_BOXES = [(8, 8, 128, 128), (30, 4, 106, 132), (4, 44, 132, 92), (40, 40, 132, 132)]
_INKS = ["crimson", "gold", "seagreen", "navy", "orchid", "saddlebrown"]
NAMES = tuple(concept.name for concept in CONCEPTS[:24])


def drawn_artwork(names=NAMES):
    """Give every name a form and colours of its own."""
    originals = {}
    for place, name in enumerate(names):
        picture = Image.new("RGBA", (SIDE, SIDE))
        draw = ImageDraw.Draw(picture)
        box, inner = _BOXES[place % 4], _BOXES[(place // 4 + 1) % 4]
        draw.ellipse(box, fill=_INKS[place % 6])
        draw.rectangle([side // 2 + 20 for side in inner], fill=_INKS[(place // 4 + place + 1) % 6])
        originals[name] = picture
    return Artwork(originals)
