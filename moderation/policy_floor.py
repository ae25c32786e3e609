"""Hold every policy to the floor: what no community can lower."""

from collections.abc import Iterator
from typing import Any

import yaml

from moderation.policy import FLOOR_CATEGORIES, SHIPPED_POLICIES, Floor
from moderation.policy_errors import Fault
from moderation.policy_faults import Document
from moderation.term_files import read_terms

FLOOR_FILE = SHIPPED_POLICIES / "floor.yaml"

_LOWERED = "`{}` has a floor that no policy can lower"

# The values that the floor fixes: for both categories, and for minors besides.
_FIXED: dict[str, dict[str, str | bool]] = {
    code: {"action": "block", "age_restricted_action": "block"} for code in FLOOR_CATEGORIES
}
_FIXED["sexual_minors"] |= {"severity": "critical"}
# These have a default that would lower the floor, so they must be said.
_MUST_SAY: dict[str, dict[str, bool]] = {
    "sexual_minors": {"is_echoed": False, "appealable": False},
}


def read_floor() -> Floor:
    """Read the shipped floor; a fault in it is a bug and propagates."""
    tree: dict[str, Any] = yaml.safe_load(FLOOR_FILE.read_text("utf-8"))  # Untyped until validated.
    for entry in tree["lists"].values():
        if "file" in entry:
            entry["terms"] = read_terms(SHIPPED_POLICIES / entry["file"])
    context = {"categories": frozenset(FLOOR_CATEGORIES), "lists": frozenset(tree["lists"])}
    return Floor.model_validate(tree, context=context)


def floor_faults(document: Document, floor: Floor) -> Iterator[Fault]:
    """List whatever in a policy would lower the floor or change a part of it."""
    for code in FLOOR_CATEGORIES:
        yield from _category_faults(document, code)
    for name in document.mapping("lists").keys() & floor.lists.keys():
        yield document.fault(
            ("lists", name),
            f"the list `{name}` belongs to the floor",
            "no policy can change it; give your list another name",
        )
    rules = document.tree.get("rules")
    floor_ids = {rule.id for rule in floor.rules}
    for at, rule in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(rule, dict):
            yield from _rule_faults(document, at, rule, floor_ids)


def _category_faults(document: Document, code: str) -> Iterator[Fault]:
    entry = document.mapping("categories", code)
    if not entry:  # Reported as a missing category.
        return
    must_say = _MUST_SAY.get(code, {})
    for key, value in (_FIXED[code] | must_say).items():
        shown = str(value).lower()
        if key in entry and entry[key] != value:
            hint = f"`{key}` must be `{shown}`"
            yield document.value_fault(("categories", code, key), _LOWERED.format(code), hint)
        elif key in must_say and key not in entry:
            hint = f"say `{key}: {shown}`"
            yield document.fault(("categories", code), _LOWERED.format(code), hint)


def _rule_faults(
    document: Document, at: int, rule: dict[str, Any], floor_ids: set[str]
) -> Iterator[Fault]:
    if rule.get("id") in floor_ids:
        yield document.value_fault(
            ("rules", at, "id"),
            f"the rule `{rule['id']}` belongs to the floor",
            "no policy can change it; give your rule another id",
        )
    category = rule.get("category")
    if category in FLOOR_CATEGORIES and (rule.get("decision") or "block") != "block":
        yield document.value_fault(
            ("rules", at, "decision"),
            _LOWERED.format(category),
            "its rules always block; leave `decision` out",
        )
