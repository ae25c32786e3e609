"""Choose what the model is asked to draw in its evaluation, and render what it ought to draw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

import numpy as np

from worker.train import captions
from worker.train.artwork import Artwork
from worker.train.backgrounds import plain
from worker.train.colours import COLOURS, word_for
from worker.train.concepts import TrainedConcept
from worker.train.evaluation import SHAPE_COLOURS, Pixels
from worker.train.scenes import (
    ABOVE,
    BELOW,
    CENTRE,
    LEFT,
    PAIR_JITTER,
    PAIR_SIZES,
    RIGHT,
    SINGLE_JITTER,
    SINGLE_SIZES,
    SIZE_STEP,
    Slot,
    is_held_out,
    place,
)
from worker.train.shapes import SHAPES, TAKEN, draw_shape

SINGLE, PAIR, HELD_OUT, SHAPE = "single", "pair", "heldout_pair", "shape"
"""What a case asks for: one thing, two things, two that were never taught together, a shape."""

ON_COLOUR, PAIRS, HELD_OUT_PAIRS, SHAPES_ASKED = 40, 30, 30, 40
"""Cases of each kind for one seed, besides every concept alone on white."""

_STACKED = 0.3  # Of the pairs, as in training; the others lie side by side.


@dataclass(frozen=True, slots=True)
class Case:
    """One prompt and what a picture of it has to show."""

    kind: str
    prompt: str
    background: str
    seed: int
    things: tuple[tuple[str, Slot], ...] = ()
    """The concepts by slot; none for a shape."""
    shape: tuple[str, str] = ("", "")
    """Kind and colour."""

    @property
    def sizes(self) -> tuple[int, int]:
        """The least and the greatest side that the layout gives a thing."""
        return PAIR_SIZES if len(self.things) > 1 else SINGLE_SIZES


def cases_for(
    concepts: Sequence[TrainedConcept], seed: int, *, asked: Sequence[TrainedConcept]
) -> list[Case]:
    """List the cases of one seed.

    Args:
        concepts: All that the model was taught.
        seed: Other seeds ask for other colours, pairs and shapes.
        asked: The concepts that are asked for alone: all, or a part when time is short.
    """
    chance = Random(seed)  # noqa: S311 - pictures, not secrets.
    share = len(asked) / len(concepts)
    return [
        *(_single(concept, "white", concept.name, chance) for concept in asked),
        *_on_colours(asked, round(ON_COLOUR * share), chance),
        *_pairs(concepts, round(PAIRS * share), chance, is_unseen=False),
        *_pairs(concepts, round(HELD_OUT_PAIRS * share), chance, is_unseen=True),
        *(_shape(chance) for _ in range(round(SHAPES_ASKED * share))),
    ]


def true_picture(case: Case, artwork: Artwork) -> Pixels:
    """Render what a case asks for, with the jitter of training."""
    chance = Random(case.seed)  # noqa: S311 - pictures, not secrets.
    canvas = plain(case.background)
    side = chance.randrange(case.sizes[0], case.sizes[1] + 1, SIZE_STEP)
    jitter = PAIR_JITTER if len(case.things) > 1 else SINGLE_JITTER
    cuts = [(artwork.picture(name, side), slot) for name, slot in case.things]
    if not cuts:
        cuts = [(draw_shape(*case.shape, side), CENTRE)]
    for cut, (across, down) in cuts:
        at = (across + chance.uniform(-jitter, jitter), down + chance.uniform(-jitter, jitter))
        place(canvas, cut, at)
    return np.asarray(canvas)


def _on(background: str, chance: Random) -> str:
    """Ask for a background; white is what comes unasked."""
    return "" if background == "white" else f" on a {word_for(background, chance)} background"


def _case_seed(chance: Random) -> int:
    return chance.randrange(2**31)


def _single(concept: TrainedConcept, background: str, noun: str, chance: Random) -> Case:
    prompt = captions.called(concept, noun) + _on(background, chance)
    return Case(SINGLE, prompt, background, _case_seed(chance), ((concept.name, CENTRE),))


def _on_colours(asked: Sequence[TrainedConcept], count: int, chance: Random) -> Iterator[Case]:
    """Ask for things by any of their words, on any colour but white."""
    for _ in range(count):
        concept = chance.choice(asked)
        background = chance.choice([colour for colour in COLOURS if colour != "white"])
        yield _single(concept, background, chance.choice(concept.words), chance)


def _pairs(
    concepts: Sequence[TrainedConcept], count: int, chance: Random, *, is_unseen: bool
) -> Iterator[Case]:
    kind = HELD_OUT if is_unseen else PAIR
    pairs = [
        pair
        for pair in permutations(concepts, 2)
        if is_held_out(pair[0].name, pair[1].name) is is_unseen
    ]
    for first, second in chance.choices(pairs, k=count) if pairs else ():
        is_stacked = chance.random() < _STACKED
        sentence = chance.choice(captions.STACKED if is_stacked else captions.SIDE_BY_SIDE)
        slots = (ABOVE, BELOW) if is_stacked else (LEFT, RIGHT)
        background = chance.choice(list(COLOURS))
        words = [captions.called(concept, concept.name) for concept in (first, second)]
        prompt = sentence.format(*words) + _on(background, chance)
        things = ((first.name, slots[0]), (second.name, slots[1]))
        yield Case(kind, prompt, background, _case_seed(chance), things)


def _shape(chance: Random) -> Case:
    background = chance.choice(list(COLOURS))
    free = [
        (kind, colour)
        for kind in SHAPES
        for colour in SHAPE_COLOURS
        if colour != background and (kind, colour) not in TAKEN
    ]
    kind, colour = chance.choice(free)
    prompt = captions.with_article(f"{word_for(colour, chance)} {kind}") + _on(background, chance)
    return Case(SHAPE, prompt, background, _case_seed(chance), shape=(kind, colour))
