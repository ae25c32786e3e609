"""Say of each value of an effective policy what it is and which level set it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from core.errors import UserError
from moderation.policy_file import Effective
from moderation.policy_levels import Origin
from moderation.policy_levels import Path as Place

_SHOWN = 160
"""Characters of a value: the texts of the card run to hundreds."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One value."""

    path: str
    value: str
    origin: Origin


def explain(found: Effective, path: str = "") -> list[Explained]:
    """List the values at and below a path, such as `categories.gore_graphic`; all without one.

    Raises:
        UserError: `policy_path_unknown`, with the nearest path.
    """
    values = {".".join(map(str, place)): (place, value) for place, value in _values(found)}
    wanted = {
        name: each
        for name, each in values.items()
        if not path or name == path or name.startswith(f"{path}.")
    }
    if not wanted:
        near = get_close_matches(path[:80], [*values, *_stems(values)], 1)
        raise UserError(
            "policy_path_unknown", value=path[:80], suggestion=near[0] if near else None
        )
    return [
        Explained(name, _in_words(value), found.origin(place))
        for name, (place, value) in wanted.items()
    ]


def _stems(names: dict[str, tuple[Place, object]]) -> set[str]:
    return {name.rsplit(".", times)[0] for name in names for times in (1, 2)}


def _values(found: Effective) -> Iterator[tuple[Place, object]]:
    tree = found.policy.model_dump(mode="json", exclude={"lists", "rules"})
    yield from _leaves((), tree)
    for name, words in found.policy.lists.items():
        counted = f"{len(words.terms)} terms, {len(words.patterns)} patterns"
        yield (
            ("lists", name),
            f"{counted}, {len(words.allow)} allowed" if words.allow else counted,
        )
    for rule in found.policy.rules:
        said = rule.model_dump(mode="json", exclude={"id", "examples"}, exclude_defaults=True)
        for key, value in {"kind": rule.kind, **said}.items():
            yield ("rules", rule.id, key), value


def _leaves(place: Place, value: object) -> Iterator[tuple[Place, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*place, key), inner)
    else:
        yield place, value


def _in_words(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
