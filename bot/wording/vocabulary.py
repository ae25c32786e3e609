"""Say honestly what a small model knows, when a prompt has none of it."""

from collections.abc import Sequence

from bot.wording.phrases import joined, lines_of, shortened
from core.catalog import ModelProfile

_SHOWN = 12
"""Concepts that are named: enough to see the kind, few enough to read."""

_QUOTED_MAX = 80
_IRREGULAR = {
    "sun": "the sun",
    "moon": "the moon",
    "snowman": "snowmen",
    "maple leaf": "maple leaves",
    "mouse": "mice",
}
_ALIKE = frozenset(
    ("fish", "sheep", "corn", "broccoli", "cheese", "popcorn", "coffee", "fire", "dice")
)
"""Names that are their own plural, or have none."""


def vocabulary_note(prompts: Sequence[str], profile: ModelProfile) -> str | None:
    """Name what the model knows, where one of the prompts has no word of it."""
    if profile.vocabulary is None:
        return None
    unknown = [
        prompt for prompt in dict.fromkeys(prompts) if not profile.vocabulary.known_concepts(prompt)
    ]
    if not unknown:
        return None
    if len(unknown) == len(set(prompts)):
        opening = "The small model knows none of these words, so it drew at random."
    else:
        quoted = joined([f"“{shortened(prompt, _QUOTED_MAX)}”" for prompt in unknown])
        opening = f"The small model knows no word of {quoted} and drew that at random."
    return " ".join(
        lines_of(
            opening,
            _meant(profile.vocabulary.nearest(" ".join(unknown))),
            f"It knows about {known_things(profile)}; set a larger model with EASEL_MODEL.",
        )
    )


def _meant(words: Sequence[str]) -> str | None:
    """Ask about misspelt words."""
    return f"Did you mean {joined([f'“{word}”' for word in words], 'or')}?" if words else None


def known_things(profile: ModelProfile) -> str:
    """Name a dozen concepts from all over a vocabulary, whose order goes by kinds."""
    names = [concept.name for concept in profile.vocabulary.concepts] if profile.vocabulary else []
    shown = min(_SHOWN, len(names))
    spread = [names[place * len(names) // shown] for place in range(shown)]
    rest = len(names) - shown
    return joined([_plural(name) for name in spread] + ([f"{rest} more"] if rest else []))


def _plural(name: str) -> str:
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    if name in _ALIKE or (name.endswith("s") and not name.endswith(("us", "ss"))):
        return name
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"
