"""Lay the parts of a policy over each other: organisation, community, channel.

The first layer is a whole policy, the others say only what they change: a value replaces the
wider level's, mappings are merged key by key, a list of words takes `add` and `remove`, a rule of
the same id is changed in the keys that are given, `without_rules` leaves rules out. All of it is
plain data; the contract looks at what comes out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.contracts.policies import Level

# Parsed YAML is untyped until the contract has validated it, hence Any in this module.
Tree = dict[str, Any]
Path = tuple[str | int, ...]

ADD, REMOVE, WITHOUT_RULES = "add", "remove", "without_rules"
"""What only a part of a policy can say."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One text of a policy, whole by itself: its term files were read when it was made."""

    level: Level
    name: str
    """What faults and explanations call it."""
    source: str
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said a value: a layer, or the name of what is shipped."""

    level: str
    name: str = ""


FLOOR = Origin("floor")
UNSAID = Origin("default")
"""Nobody said it, so the contract's own value holds."""


def laid_over(below: Tree, part: Tree) -> Tree:
    """Merge a part of a policy into what holds on the wider level."""
    tree = {**below}
    for key, value in part.items():
        match key:
            case "lists" if isinstance(value, dict):
                tree[key] = {**_mapping(below, key), **_lists(_mapping(below, key), value)}
            case "rules" if isinstance(value, list):
                tree[key] = _rules(below.get(key, []), value)
            case "without_rules":
                pass  # After the rules, so that one part may replace a rule under a new id.
            case _:
                tree[key] = _merged(below.get(key), value)
    gone = part.get(WITHOUT_RULES)
    if isinstance(gone, list):
        kept = tree.get("rules", [])
        tree["rules"] = [each for each in kept if id_of(each) not in gone]
    return tree


def with_profile(tree: Tree) -> Tree:
    """Put the chosen profile's changes into the categories."""
    profile = _mapping(_mapping(tree, "profiles"), tree.get("profile"))
    categories = _mapping(tree, "categories")
    changed = {
        code: _merged(categories[code], changes)
        for code, changes in profile.items()
        if code in categories and isinstance(changes, dict)
    }
    return {**tree, "categories": {**categories, **changed}} if changed else tree


def id_of(rule: object) -> str | None:
    """Tell a rule's id, if it has one."""
    found = rule.get("id") if isinstance(rule, dict) else None
    return found if isinstance(found, str) else None


def said_in(part: Tree) -> Iterator[Path]:
    """List what a text says: each value of a mapping, each list of words, each key of a rule."""
    for key, value in part.items():
        if key == "lists" and isinstance(value, dict):
            yield from ((key, name) for name in value)
        elif key == "rules" and isinstance(value, list):
            for rule in value:
                rule_id = id_of(rule)
                if rule_id is not None:
                    yield from (("rules", rule_id, each) for each in rule if each != "id")
        elif key != WITHOUT_RULES:
            yield from _leaves((key,), value)


def _leaves(path: Path, value: object) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    else:
        yield path


def _merged(below: object, value: object) -> object:
    if isinstance(below, dict) and isinstance(value, dict):
        return {**below, **{key: _merged(below.get(key), each) for key, each in value.items()}}
    return value


def _mapping(tree: object, key: object) -> Tree:
    value = tree.get(key) if isinstance(tree, dict) else None
    return value if isinstance(value, dict) else {}


def _lists(below: Tree, part: Tree) -> Tree:
    return {name: _list(below.get(name), entry) for name, entry in part.items()}


def _list(below: object, entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    kept = below if isinstance(below, dict) else {}
    said = {key: value for key, value in entry.items() if key not in {ADD, REMOVE}}
    merged = {**kept, **said}
    add, remove = entry.get(ADD), entry.get(REMOVE)
    if isinstance(add, list) or isinstance(remove, list):
        terms = [*merged.get("terms", [])]
        gone = remove if isinstance(remove, list) else []
        terms = [term for term in terms if term not in gone]
        merged["terms"] = [*terms, *(add if isinstance(add, list) else [])]
    return merged


def _rules(below: object, part: list[Any]) -> list[Any]:
    rules = {id_of(rule): rule for rule in below} if isinstance(below, list) else {}
    unnamed: list[Any] = []
    for rule in part:
        rule_id = id_of(rule)
        known = rules.get(rule_id)
        if rule_id is None:
            unnamed.append(rule)
        elif isinstance(known, dict) and rule.get("kind", known.get("kind")) == known.get("kind"):
            rules[rule_id] = {**known, **rule}
        else:
            rules[rule_id] = rule
    return [*rules.values(), *unnamed]
