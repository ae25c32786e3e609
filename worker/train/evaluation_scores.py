"""Turn what was read off the pictures into figures, each with its chance level and its count."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from worker.train.colours import COLOURS
from worker.train.evaluation import SHAPE_COLOURS, Check, Pixels
from worker.train.evaluation_cases import HELD_OUT, PAIR, SHAPE, SINGLE, Case
from worker.train.scenes import CENTRE
from worker.train.shapes import SHAPES

TOP = 5
_SHUFFLES = 20
"""Shuffles of the prompts that are averaged: one of a hundred alone is off by a few hits."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the check saw in the picture of one case."""

    case: Case
    background: str
    things: tuple[tuple[str, ...], ...] = ()
    """For each thing that was asked for, the concepts by likeness, the nearest first."""
    shape: tuple[str, str] = ("", "")

    @property
    def slots(self) -> list[tuple[str, tuple[str, ...]]]:
        """Put what was asked for beside what was seen in its place."""
        names = (name for name, _ in self.case.things)
        return list(zip(names, self.things, strict=True))


@dataclass(frozen=True, slots=True)
class Score:
    """One figure: a share of so many cases, and what guessing would give."""

    value: float
    count: int
    chance: float


@dataclass(frozen=True, slots=True)
class ConceptScore:
    """How well one concept came out, alone and in pairs."""

    concept: str
    top1: float
    count: int
    single_top1: float | None
    taken_for: tuple[str, ...]


def read(check: Check, case: Case, picture: Pixels) -> Reading:
    """Look at one picture."""
    background = check.background(picture)
    if case.kind == SHAPE:
        shape = check.shape(picture, case.sizes, case.background)
        return Reading(case, background, shape=shape)
    things = tuple(
        check.things(picture, slot, case.sizes, case.background) for _, slot in case.things
    )
    return Reading(case, background, things)


def scores(readings: Sequence[Reading], concept_count: int) -> dict[str, Score]:
    """Work out the figures; one that no case speaks to is left out."""
    guess = 1 / concept_count
    of = _of_kind(readings)
    singles, shapes = of(SINGLE), of(SHAPE)
    on_white = [reading for reading in singles if reading.case.background == "white"]
    on_colour = [reading for reading in singles if reading.case.background != "white"]
    shares = {
        "single_top1": (_hits(singles, 1), guess),
        "single_top5": (_hits(singles, TOP), TOP * guess),
        "background": ([r.background == r.case.background for r in readings], 1 / len(COLOURS)),
        "pair_slot_top1": (_hits(of(PAIR), 1), guess),
        "heldout_pair_slot_top1": (_hits(of(HELD_OUT), 1), guess),
        "shape_kind": ([r.shape[0] == r.case.shape[0] for r in shapes], 1 / len(SHAPES)),
        "shape_colour": ([r.shape[1] == r.case.shape[1] for r in shapes], 1 / len(SHAPE_COLOURS)),
        "single_white_top1": (_hits(on_white, 1), guess),
        "single_colour_any_word_top1": (_hits(on_colour, 1), guess),
        "pair_both_top1": (_both(of(PAIR)), guess**2),
        "pair_stacked_slot_top1": (_hits(_stacked([*of(PAIR), *of(HELD_OUT)]), 1), guess),
    }
    return {
        key: Score(sum(hits) / len(hits), len(hits), chance)
        for key, (hits, chance) in shares.items()
        if hits
    }


def top1(readings: Iterable[Reading], concept_count: int) -> Score:
    """Score every slot of singles and pairs together, for the controls."""
    hits = _hits(readings, 1)
    return Score(sum(hits) / max(len(hits), 1), len(hits), 1 / concept_count)


def shuffled_top1(readings: Iterable[Reading], concept_count: int) -> Score:
    """Score the pictures of things alone against each other's prompts.

    The background stays the picture's own, so that nothing but the thing decides. A fair check
    falls to chance here, whatever the model draws.
    """
    singles = [reading for reading in readings if reading.case.kind == SINGLE]
    asked = [reading.case.things[0][0] for reading in singles]
    seen = [reading.things[0][0] for reading in singles]
    chance = Random(0)  # noqa: S311 - the same shuffles every time.
    hits = 0
    for _ in range(_SHUFFLES):
        chance.shuffle(asked)
        hits += sum(name == read for name, read in zip(asked, seen, strict=True))
    return Score(hits / max(_SHUFFLES * len(seen), 1), len(seen), 1 / concept_count)


def by_concept(readings: Iterable[Reading]) -> list[ConceptScore]:
    """Say for each concept how often it was read rightly and what else it was taken for."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for reading in readings:
        for name, ranked in reading.slots:
            seen.setdefault(name, []).append((ranked[0], reading.case.kind))
    scored = [_concept_score(name, looks) for name, looks in seen.items()]
    return sorted(scored, key=lambda score: (score.top1, score.single_top1 or 0, score.concept))


def _concept_score(name: str, looks: list[tuple[str, str]]) -> ConceptScore:
    hits = [read == name for read, _ in looks]
    alone = [read == name for read, kind in looks if kind == SINGLE]
    wrong = Counter(read for read, _ in looks if read != name)
    return ConceptScore(
        concept=name,
        top1=sum(hits) / len(hits),
        count=len(hits),
        single_top1=sum(alone) / len(alone) if alone else None,
        taken_for=tuple(read for read, _ in wrong.most_common(3)),
    )


def _of_kind(readings: Iterable[Reading]) -> Callable[[str], list[Reading]]:
    kept = list(readings)
    return lambda kind: [reading for reading in kept if reading.case.kind == kind]


def _hits(readings: Iterable[Reading], within: int) -> list[bool]:
    return [name in ranked[:within] for reading in readings for name, ranked in reading.slots]


def _both(readings: Iterable[Reading]) -> list[bool]:
    return [all(name == ranked[0] for name, ranked in reading.slots) for reading in readings]


def _stacked(readings: Iterable[Reading]) -> list[Reading]:
    return [r for r in readings if r.case.things[0][1][0] == CENTRE[0]]
