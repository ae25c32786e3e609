"""Say in words what a scene shows."""

from random import Random

from worker.train.colours import word_for
from worker.train.concepts import TrainedConcept, plural_of

_LIKE_CONSONANTS = ("unic", "uf", "eu")
_OWN_COLOURS = ("red ", "green ", "yellow ", "orange ", "blue ")

SIDE_BY_SIDE = (
    *["{0} and {1}"] * 4,
    "{0} next to {1}",
    "{0} beside {1}",
    "{0} left of {1}",
    "{0} to the left of {1}",
    "{1} right of {0}",
    "{1} to the right of {0}",
    "{0}, {1}",
    "{0} with {1}",
)
"""How a thing on the left {0} and one on the right {1} are asked for."""

STACKED = (
    "{0} above {1}",
    "{0} over {1}",
    "{0} on top of {1}",
    "{1} below {0}",
    "{1} under {0}",
)
"""How a thing above {0} and one below {1} are asked for."""

SMALL = ("small", "tiny", "little")
BIG = ("big", "large", "huge", "giant")
NUMBERS = {2: ("two", "2"), 3: ("three", "3"), 4: ("four", "4")}
OPENINGS = (
    "a picture of ",
    "an image of ",
    "a drawing of ",
    "an icon of ",
    "an emoji of ",
    "draw ",
)


def with_article(words: str) -> str:
    """Put the indefinite article before a noun."""
    sounds_open = words[0] in "aeiou" and not words.startswith(_LIKE_CONSONANTS)
    return f"{'an' if sounds_open else 'a'} {words}"


def noun_for(concept: TrainedConcept, chance: Random) -> str:
    """Choose among the words for one thing; its name is chosen more often than any other."""
    return concept.name if chance.random() < 0.5 else chance.choice(concept.words)  # noqa: PLR2004


def called(concept: TrainedConcept, noun: str) -> str:
    """Say one thing with its article, if it takes one."""
    return noun if concept.is_mass and noun == concept.name else with_article(noun)


def tinted(concept: TrainedConcept, noun: str, tint: str, chance: Random) -> str:
    """Say a thing in another colour, whatever colour its own words name."""
    bare = noun
    for colour in _OWN_COLOURS:
        bare = bare.removeprefix(colour)
    words = f"{word_for(tint, chance)} {bare}"
    return words if concept.is_mass and noun == concept.name else with_article(words)


def sized(concept: TrainedConcept, noun: str, adjective: str) -> str:
    """Say a thing with its size."""
    words = f"{adjective} {noun}"
    return words if concept.is_mass and noun == concept.name else with_article(words)


def counted(concept: TrainedConcept, count: int, chance: Random) -> str:
    """Say how many there are of a thing, by any of its words."""
    noun = concept.name if concept.is_mass else noun_for(concept, chance)
    plural = concept.plural if noun == concept.name else plural_of(noun)
    return f"{chance.choice(NUMBERS[count])} {plural}"


def opened(caption: str, chance: Random) -> str:
    """Open a caption, now and then, as people open a request."""
    return chance.choice(OPENINGS) + caption if chance.random() < 0.05 else caption  # noqa: PLR2004
