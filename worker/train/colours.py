"""Name the colours that the model is taught."""

from random import Random

RGB = tuple[int, int, int]

COLOURS: dict[str, RGB] = {
    "red": (220, 30, 35),
    "blue": (35, 90, 215),
    "green": (40, 160, 60),
    "yellow": (250, 215, 40),
    "orange": (250, 140, 20),
    "purple": (130, 50, 180),
    "pink": (250, 150, 190),
    "brown": (130, 80, 45),
    "black": (15, 15, 18),
    "white": (255, 255, 255),
    "gray": (140, 140, 145),
    "light blue": (150, 210, 250),
    "dark blue": (15, 30, 95),
    "teal": (20, 160, 160),
}
"""What backgrounds and shapes are painted with; a background may have any of them."""

TINTS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "gray", "black")
"""The colours that a thing may be repainted in."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    "gray": ("gray", "grey"),
    "teal": ("teal", "turquoise"),
    "light blue": ("light blue", "sky blue"),
    "dark blue": ("dark blue", "navy"),
    "purple": ("purple", "violet"),
}
"""Every word for a colour that has more than one."""


def word_for(colour: str, chance: Random) -> str:
    """Choose among the words for a colour."""
    return chance.choice(SYNONYMS.get(colour, (colour,)))
