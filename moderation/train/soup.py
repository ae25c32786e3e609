"""Make token soup: strings as optimisers find them, which no person types."""

import random
from collections.abc import Sequence

_SHORTEST, _LONGEST = 6, 22
_GLUE_CHANCE = 0.25
_CUT_CHANCE = 0.3


def soup(pieces: Sequence[str], chance: random.Random, carried: str = "") -> str:
    """String random word pieces together, some glued, perhaps with a carried phrase between."""
    parts = [chance.choice(pieces) for _ in range(chance.randrange(_SHORTEST, _LONGEST))]
    text = parts[0]
    for part in parts[1:]:
        text += ("" if chance.random() < _GLUE_CHANCE else " ") + part
    if not carried:
        return text
    words = text.split(" ")
    at = chance.randrange(len(words) + 1)
    return " ".join([*words[:at], carried, *words[at:]])


def shuffled(text: str, chance: random.Random) -> str:
    """Shuffle the words of a text, and cut some of them."""
    words = text.split()
    chance.shuffle(words)
    return " ".join(
        word[: chance.randrange(3, 9)] if chance.random() < _CUT_CHANCE else word for word in words
    )
