"""Read the two notations inside a prompt: `{a,b}` permutations and `::` weights.

Both the grammar (which reports mistakes) and the gate and the worker (which must see every
variant and every part) read a prompt through these functions, so nobody screens one text and
draws another.

`{a,b}` makes one variant for each choice; groups multiply and may nest; `\\{`, `\\}` and `\\,`
stand for themselves. `red apple::2 blue sky::1` splits into weighted parts as Midjourney's
multi-prompts do; a part without a number weighs 1, `::-0.5` is allowed.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_VARIANTS = 8
"""The most permutations one request may hold. Midjourney's tiers have 4 to 40; a job is one
message here, and Discord's media gallery shows at most ten pictures."""


class PromptSyntaxError(ValueError):
    """Say what is wrong with a prompt's notation and where (an offset in characters)."""

    def __init__(self, code: str, offset: int) -> None:
        super().__init__(code)
        self.code = code
        self.offset = offset


@dataclass(frozen=True, slots=True)
class PromptPart:
    """One weighted part of a prompt."""

    text: str
    weight: float


_WEIGHT = re.compile(r"::[ ]?(?P<weight>[+-]?(?:\d{1,4}(?:\.\d{0,4})?|\.\d{1,4}))?(?=\s|$|[^\d.])")


def expand(prompt: str, limit: int = MAX_VARIANTS) -> tuple[str, ...]:
    """List the variants of a prompt in reading order.

    Raises:
        PromptSyntaxError: `unbalanced_brace`, `empty_choice` or `too_many_variants`.
    """
    raise NotImplementedError


def weigh(variant: str) -> tuple[PromptPart, ...]:
    """Split one variant into weighted parts; without `::` it is one part of weight 1.

    Raises:
        PromptSyntaxError: `empty_part`, or `weights_not_positive` when the sum is not above zero.
    """
    raise NotImplementedError
