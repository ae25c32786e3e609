"""Say honestly what a small model knows, when a prompt has none of it."""

from collections.abc import Sequence

from bot.wording.phrases import joined, shortened
from core.catalog import ModelProfile

_SHOWN = 12
"""Concepts that are named: enough to see the kind, few enough to read."""

_QUOTED_MAX = 80
_IRREGULAR = {"fish": "fish", "sun": "the sun", "moon": "the moon", "sheep": "sheep"}


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
    return f"{opening} It knows about {known_things(profile)}; set a larger model with EASEL_MODEL."


def known_things(profile: ModelProfile) -> str:
    """Name a dozen concepts from all over a vocabulary, whose order goes by kinds."""
    names = [concept.name for concept in profile.vocabulary.concepts] if profile.vocabulary else []
    shown = min(_SHOWN, len(names))
    spread = [names[place * len(names) // shown] for place in range(shown)]
    return joined([_plural(name) for name in spread] + ["more"] * (shown < len(names)))


def _plural(name: str) -> str:
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"
