"""Compose the scenes that the model is trained on, each with its caption.

A seed gives a scene: the same seed, artwork and weights give the same picture and words, so that
nothing but seeds has to be kept. The layout constants are public because the evaluation renders
its reference pictures in the very same places.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image

from worker.train import captions
from worker.train.artwork import Artwork
from worker.train.backgrounds import SIZE, Background, choose_background
from worker.train.colours import COLOURS, TINTS, word_for
from worker.train.concepts import CONCEPTS, TAUGHT_BEFORE, TrainedConcept
from worker.train.shapes import SHAPES, TAKEN, draw_shape

__all__ = [
    "COLOURS",
    "SHAPES",
    "SIZE",
    "Scene",
    "Stock",
    "compose",
    "draw_shape",
    "is_held_out",
    "place",
]

Slot = tuple[int, int]
"""Where the middle of a thing lies, in pixels from the left and the top."""

CENTRE: Slot = (64, 64)
LEFT, RIGHT = (33, 64), (95, 64)
ABOVE, BELOW = (64, 33), (64, 95)
COUNT_SLOTS: dict[int, tuple[Slot, ...]] = {
    2: (LEFT, RIGHT),
    3: ((33, 36), (95, 36), (64, 94)),
    4: ((33, 33), (95, 33), (33, 95), (95, 95)),
}

SINGLE_SIZES = (92, 104)
"""The least and the greatest side of a thing alone."""
PAIR_SIZES = (56, 60)
"""The least and the greatest side of each of two things or more."""
SMALL_SIZES, BIG_SIZES = (44, 56), (116, 124)
SIZE_STEP = 4
"""Sides are multiples of this, so that cut pictures can be kept."""
SINGLE_JITTER, PAIR_JITTER = 3, 2
"""How far a thing may lie from its slot: more of it costs training and teaches little."""

HELD_OUT_SHARE = 10
"""One ordered pair of concepts in this many, of those with a new one, is never shown."""

# The shares of the layouts; what is left are counts of one thing.
_SINGLE, _PAIR = 0.57, 0.37
# Among things: how many are plain shapes, and how many of the others are repainted.
_SHAPE, _TINT = 0.13, 0.08
_SIDE_BY_SIDE = 0.7  # Of the pairs; the others lie one above the other.
_SMALL, _BIG = 0.04, 0.04  # Of the things alone.
_BARE = 0.25  # Of the captions of things alone: no article.
_SHAPE_COLOURS = tuple(colour for colour in COLOURS if colour != "white")


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, what it shows in words, and the names of the concepts in it by slot."""

    picture: Image.Image
    caption: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Stock:
    """What scenes are made of: the pictures, the concepts and how often each is drawn."""

    artwork: Artwork
    concepts: Sequence[TrainedConcept] = CONCEPTS
    weights: Mapping[str, float] = field(default_factory=dict)

    def choose(self, chance: Random) -> TrainedConcept:
        """Choose a concept; one without a weight weighs 1."""
        weights = [self.weights.get(concept.name, 1.0) for concept in self.concepts]
        return chance.choices(self.concepts, weights)[0]


@dataclass(frozen=True, slots=True)
class _Thing:
    words: str
    noun: str
    concept: TrainedConcept | None
    tint: str | None = None
    kind: str = ""
    colour: str = ""

    def cut(self, artwork: Artwork, size: int) -> Image.Image:
        if self.concept is None:
            return draw_shape(self.kind, self.colour, size)
        return artwork.picture(self.concept.name, size, self.tint)

    @property
    def name(self) -> str:
        return "" if self.concept is None else self.concept.name


def is_held_out(first: str, second: str) -> bool:
    """Say whether a pair of concepts, left and right or above and below, is kept for testing.

    No pair is that the earlier model may have seen: one of the two must be new to this recipe.
    """
    if first in TAUGHT_BEFORE and second in TAUGHT_BEFORE:
        return False
    digest = hashlib.sha256(f"{first}|{second}".encode()).digest()
    return digest[0] * 256 + digest[1] < 65536 // HELD_OUT_SHARE


def place(canvas: Image.Image, picture: Image.Image, slot: tuple[float, float]) -> None:
    """Paste a picture with its middle in a slot."""
    corner = (round(slot[0] - picture.width / 2), round(slot[1] - picture.height / 2))
    canvas.paste(picture, corner, picture)


def compose(stock: Stock, seed: int) -> Scene:
    """Compose the scene of a seed."""
    chance = Random(seed)  # noqa: S311 - pictures, not secrets.
    background = choose_background(chance)
    draw = chance.random()
    if draw < _SINGLE:
        return _single(stock, background, chance)
    if draw < _SINGLE + _PAIR:
        return _pair(stock, background, chance)
    return _count(stock, background, chance)


def _single(stock: Stock, background: Background, chance: Random) -> Scene:
    thing = _choose_thing(stock, background, chance)
    size, words = _side(SINGLE_SIZES, chance), thing.words
    draw = chance.random()
    if thing.concept is not None and thing.tint is None and draw < _SMALL + _BIG:
        sizes, adjectives = (
            (SMALL_SIZES, captions.SMALL) if draw < _SMALL else (BIG_SIZES, captions.BIG)
        )
        size = _side(sizes, chance)
        words = captions.sized(thing.concept, thing.noun, chance.choice(adjectives))
    elif chance.random() < _BARE:
        words = thing.noun
    _put(stock, background, [(thing, CENTRE)], (size, SINGLE_JITTER), chance)
    return _scene(background, words, [thing], chance)


def _pair(stock: Stock, background: Background, chance: Random) -> Scene:
    first = _choose_thing(stock, background, chance)
    second = _choose_thing(stock, background, chance)
    while first.concept and second.concept and is_held_out(first.name, second.name):
        second = _choose_thing(stock, background, chance)
    is_side_by_side = chance.random() < _SIDE_BY_SIDE
    slots = (LEFT, RIGHT) if is_side_by_side else (ABOVE, BELOW)
    sentence = chance.choice(captions.SIDE_BY_SIDE if is_side_by_side else captions.STACKED)
    things = [first, second]
    layout = list(zip(things, slots, strict=True))
    _put(stock, background, layout, (_side(PAIR_SIZES, chance), PAIR_JITTER), chance)
    return _scene(background, sentence.format(first.words, second.words), things, chance)


def _count(stock: Stock, background: Background, chance: Random) -> Scene:
    concept = stock.choose(chance)
    thing = _Thing(concept.name, concept.name, concept)
    count = chance.choice(list(COUNT_SLOTS))
    layout = [(thing, slot) for slot in COUNT_SLOTS[count]]
    _put(stock, background, layout, (_side(PAIR_SIZES, chance), PAIR_JITTER), chance)
    words = captions.counted(concept, count, chance)
    return _scene(background, words, [thing] * count, chance)


def _choose_thing(stock: Stock, background: Background, chance: Random) -> _Thing:
    if chance.random() < _SHAPE:
        return _choose_shape(background, chance)
    concept = stock.choose(chance)
    noun = captions.noun_for(concept, chance)
    # A star or a heart in another colour is a shape; of both there is but one kind.
    if concept.name not in SHAPES and chance.random() < _TINT:
        tint = chance.choice([colour for colour in TINTS if colour != background.colour])
        words = captions.tinted(concept, noun, tint, chance)
        return _Thing(words, words.removeprefix("an ").removeprefix("a "), concept, tint)
    return _Thing(captions.called(concept, noun), noun, concept)


def _choose_shape(background: Background, chance: Random) -> _Thing:
    """Choose a shape that can be seen: never in its background's own colour."""
    kind = chance.choice(SHAPES)
    colour = chance.choice(
        [
            colour
            for colour in _SHAPE_COLOURS
            if colour != background.colour and (kind, colour) not in TAKEN
        ]
    )
    noun = f"{word_for(colour, chance)} {kind}"
    return _Thing(captions.with_article(noun), noun, None, kind=kind, colour=colour)


def _side(sizes: tuple[int, int], chance: Random) -> int:
    return chance.randrange(sizes[0], sizes[1] + 1, SIZE_STEP)


def _put(
    stock: Stock,
    background: Background,
    layout: Sequence[tuple[_Thing, Slot]],
    side_and_jitter: tuple[int, int],
    chance: Random,
) -> None:
    side, jitter = side_and_jitter
    for thing, (across, down) in layout:
        at = (across + chance.uniform(-jitter, jitter), down + chance.uniform(-jitter, jitter))
        place(background.canvas, thing.cut(stock.artwork, side), at)


def _scene(background: Background, words: str, things: Sequence[_Thing], chance: Random) -> Scene:
    caption = captions.opened(words + background.words, chance)
    return Scene(background.canvas, caption, tuple(thing.name for thing in things))
