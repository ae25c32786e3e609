r"""Read the two notations inside a prompt: `{a,b}` permutations and `::` weights.

Both the grammar (which reports mistakes) and the gate and the worker (which must see every
variant and every part) read a prompt through these functions, so nobody screens one text and
draws another.

`{a,b}` makes one variant for each choice; groups multiply and may nest. As in a Unix shell a
group without a comma (`{a}`, `{}`) is plain text, braces and all. `\{`, `\}` and `\,` stand for
the bare character; a backslash before anything else is a backslash.

`red apple::2 blue sky::1` splits into weighted parts as Midjourney's multi-prompts do. A weight
stands directly after its `::`; a part without one weighs 1; `::-0.5` is allowed. `\:` is a colon
that weighs nothing, so `std\::vector` is one part.
"""

import math
import re
from dataclasses import dataclass, field
from itertools import product

MAX_VARIANTS = 8
"""The most permutations one request may hold. Midjourney's tiers have 4 to 40; a job is one
message here, and Discord's media gallery shows at most ten pictures."""

MAX_PARTS = 16
"""The most weighted parts of one variant: each costs the worker one pass of the text encoder."""

WEIGHT_DECIMALS = 4
"""How finely weights are read, and so how near to zero their sum is zero."""


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


_NOTATION = re.compile(r"\\[{},]|[{},]")
_COLONS = re.compile(r"\\:|::+")
_WEIGHT = re.compile(r"(?P<weight>[+-]?(?:\d{1,4}(?:\.\d{1,4})?|\.\d{1,4}))(?![\w:]|\.\d)")
_LOOKS_LIKE_WEIGHT = re.compile(r"[+-]?\.?\d")


@dataclass(slots=True)
class _Sequence:
    """Text being read, as every variant of it so far plus the literal tail all of them share."""

    variants: list[str] = field(default_factory=lambda: [""])
    tail: list[str] = field(default_factory=list)

    def settle(self) -> list[str]:
        """Join the tail on and list the variants."""
        tail = "".join(self.tail)
        return [variant + tail for variant in self.variants]

    def multiply(self, choices: list[str]) -> None:
        """Go on once for each choice."""
        self.variants = [head + choice for head, choice in product(self.settle(), choices)]
        self.tail = []


@dataclass(slots=True)
class _Group:
    """A `{` that waits for its `}`: the choices read so far, and where it stands."""

    offset: int
    before: _Sequence
    choices: list[str] = field(default_factory=list)


def expand(prompt: str, limit: int = MAX_VARIANTS) -> tuple[str, ...]:
    """List the variants of a prompt in reading order.

    Raises:
        PromptSyntaxError: `unbalanced_brace`, `empty_choice` or `too_many_variants`; the last
            before anything beyond the limit is built.
    """
    groups = _groups(prompt)
    open_groups: list[_Group] = []
    current, position = _Sequence(), 0
    for match in _NOTATION.finditer(prompt):
        current.tail.append(prompt[position : match.start()])
        position, mark, offset = match.end(), match[0], match.start()
        if offset not in groups:
            current.tail.append(mark[-1])  # An escape, or a brace or comma that is plain text.
        elif mark == "{":
            open_groups.append(_Group(offset, current))
            current = _Sequence()
        else:
            group = open_groups[-1]
            _close_choice(group, current, offset, limit)
            current = _Sequence()
            if mark == "}":
                open_groups.pop()
                current = group.before
                if len(current.variants) * len(group.choices) > limit:
                    raise PromptSyntaxError("too_many_variants", group.offset)
                current.multiply(group.choices)
    current.tail.append(prompt[position:])
    return tuple(current.settle())


def escape(text: str) -> str:
    """Write a plain text so that `expand` gives back exactly that text."""
    return re.sub(r"[{}]|(?<=\\),", r"\\\g<0>", text)


def weigh(variant: str) -> tuple[PromptPart, ...]:
    """Split one variant into weighted parts; without `::` it is one part of weight 1.

    Raises:
        PromptSyntaxError: `empty_part`, `weight_unclear` (three colons, or a number that is no
            weight), `too_many_parts`, or `weights_not_positive` when the sum is not above zero.
    """
    parts: list[PromptPart] = []
    text: list[str] = []
    position = 0
    for match in _COLONS.finditer(variant):
        text.append(variant[position : match.start()])
        position = match.end()
        if match[0] == "\\:":
            text.append(":")
            continue
        weight, position = _weight_after(variant, match)
        parts.append(_part("".join(text), weight, is_first=not parts, offset=match.start()))
        text = []
        if len(parts) > MAX_PARTS:
            raise PromptSyntaxError("too_many_parts", match.start())
    text.append(variant[position:])
    if "".join(text).strip(" ,.;") or not parts:
        parts.append(_part("".join(text), 1.0, is_first=not parts, offset=len(variant)))
    if len(parts) > MAX_PARTS:
        raise PromptSyntaxError("too_many_parts", len(variant))
    if round(math.fsum(part.weight for part in parts), WEIGHT_DECIMALS) <= 0:
        raise PromptSyntaxError("weights_not_positive", len(variant))
    return tuple(parts)


def _groups(prompt: str) -> frozenset[int]:
    """Find the offsets of the braces and commas that make choices; all others are plain text."""
    marks: set[int] = set()
    open_marks: list[list[int]] = []
    for match in _NOTATION.finditer(prompt):
        offset = match.start()
        if match[0] == "{":
            open_marks.append([offset])
        elif match[0] == "," and open_marks:
            open_marks[-1].append(offset)
        elif match[0] == "}":
            if not open_marks:
                raise PromptSyntaxError("unbalanced_brace", offset)
            group = open_marks.pop()
            if len(group) > 1:
                marks.update(group, [offset])
    if open_marks:
        raise PromptSyntaxError("unbalanced_brace", open_marks[-1][0])
    return frozenset(marks)


def _close_choice(group: _Group, choice: _Sequence, offset: int, limit: int) -> None:
    """Add one finished choice to its group."""
    variants = [variant.strip() for variant in choice.settle()]
    if not all(variants):
        raise PromptSyntaxError("empty_choice", offset)
    group.choices += variants
    if len(group.choices) > limit:
        raise PromptSyntaxError("too_many_variants", group.offset)


def _weight_after(variant: str, colons: re.Match[str]) -> tuple[float, int]:
    """Read the weight that follows a `::`, and say where the text goes on."""
    if len(colons[0]) > len("::"):
        raise PromptSyntaxError("weight_unclear", colons.start())
    if weight := _WEIGHT.match(variant, colons.end()):
        return float(weight["weight"]), weight.end()
    if _LOOKS_LIKE_WEIGHT.match(variant, colons.end()):
        raise PromptSyntaxError("weight_unclear", colons.start())
    return 1.0, colons.end()


def _part(text: str, weight: float, *, is_first: bool, offset: int) -> PromptPart:
    """Make one part; a comma that only separated it from the part before goes."""
    text = text.strip() if is_first else text.lstrip(" ,").rstrip()
    if not text:
        raise PromptSyntaxError("empty_part", offset)
    return PromptPart(text, weight)
