"""Hold every policy to the floor: what no community can lower."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from moderation.policy import DEFAULT_POLICY, FLOOR_CATEGORIES, SHIPPED_POLICIES, Floor
from moderation.policy_errors import Fault
from moderation.policy_faults import Document
from moderation.term_files import read_terms

FLOOR_FILE = SHIPPED_POLICIES / "floor.yaml"

_LOWERED = "`{}` has a floor that no policy can lower"

_THRESHOLDS = ("thresholds", "age_restricted_thresholds")

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


def floor_faults(document: Document, floor: Floor, *, is_whole: bool = True) -> Iterator[Fault]:
    """List whatever in a policy, or in a part of one, would lower the floor or change it."""
    for code in FLOOR_CATEGORIES:
        yield from _category_faults(document, code, is_whole=is_whole)
        yield from _threshold_faults(document, code)
        yield from _profile_faults(document, code)
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


def _category_faults(document: Document, code: str, *, is_whole: bool) -> Iterator[Fault]:
    entry = document.mapping("categories", code)
    if not entry:  # Reported as a missing category.
        return
    must_say = _MUST_SAY.get(code, {})
    for key, value in (_FIXED[code] | must_say).items():
        shown = str(value).lower()
        if key in entry and entry[key] != value:
            hint = f"`{key}` must be `{shown}`"
            yield document.value_fault(("categories", code, key), _LOWERED.format(code), hint)
        elif is_whole and key in must_say and key not in entry:
            hint = f"say `{key}: {shown}`"
            yield document.fault(("categories", code), _LOWERED.format(code), hint)


def _threshold_faults(document: Document, code: str) -> Iterator[Fault]:
    """Hold a classifier's thresholds to the shipped ones: only lower ones may be set."""
    most = _shipped_thresholds().get(code)
    for block in _THRESHOLDS if most else ():
        said = document.mapping("categories", code, block)
        for key, value in said.items():
            limit = (most or {}).get(key)
            if limit is not None and isinstance(value, int | float) and value > limit:
                hint = f"`{key}` may be at most {limit}"
                place = ("categories", code, block, key)
                yield document.value_fault(place, _LOWERED.format(code), hint)


def _profile_faults(document: Document, code: str) -> Iterator[Fault]:
    for name in document.mapping("profiles"):
        if code in document.mapping("profiles", name):
            place = ("profiles", name, code)
            hint = "no profile can change it"
            yield document.fault(place, _LOWERED.format(code), hint)


@cache
def _shipped_thresholds() -> dict[str, dict[str, float]]:
    """Read the thresholds of the shipped policy: the floor's highest."""
    tree: dict[str, Any] = yaml.safe_load(DEFAULT_POLICY.read_text("utf-8"))  # Ours, and plain.
    categories = tree["categories"]
    return {code: categories[code].get("thresholds") or {} for code in FLOOR_CATEGORIES}


def _rule_faults(
    document: Document, at: int, rule: dict[str, Any], floor_ids: set[str]
) -> Iterator[Fault]:
    if rule.get("id") in floor_ids:
        yield document.value_fault(
            ("rules", at, "id"),
            f"the rule `{rule['id']}` belongs to the floor",
            "no policy can change it; give your rule another id",
        )
