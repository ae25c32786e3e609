"""Say what changes from one effective policy to another, and what of it loosens grave ones."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.contracts.actors import Role
from core.contracts.verdicts import Decision
from moderation.inquiry import rank
from moderation.policy import (
    FLOOR_CATEGORIES,
    Category,
    MissingCheck,
    Policy,
    Rule,
    Severity,
    Thresholds,
    WordList,
)
from moderation.policy_house import Mode, Penalty, Sanctions

GRAVE = frozenset({Severity.HIGH, Severity.CRITICAL})
"""Whoever loosens what the policy says about these needs a second person."""

_FINDING_KEYS = ("lists", "first", "second", "removed")
_EXCUSING_KEYS = ("unless",)
_ROLES = tuple(Role)
_PENALTIES = tuple(Penalty)
_MISSING = (MissingCheck.RULES_ONLY, MissingCheck.REVIEW, MissingCheck.BLOCK)
_WORDS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is another one now."""

    path: str
    before: str
    after: str
    loosens: str | None = None
    """The grave category that this loosens, or `everything`."""


def differences(before: Policy, after: Policy) -> list[Difference]:
    """List what changes, value by value, in the policy's order."""
    return [
        *_plain(before, after),
        *_categories(before, after),
        *_lists(before, after),
        *_rules(before, after),
    ]


def loosened(before: Policy, after: Policy) -> list[str]:
    """Name what grows milder about grave categories; nothing means that one person may do it."""
    found = (each.loosens for each in differences(before, after))
    return list(dict.fromkeys(each for each in found if each is not None))


_LOOSE = "everything"


def _plain(before: Policy, after: Policy) -> Iterator[Difference]:
    left_out = {"categories", "lists", "rules", "version"}
    old = dict(_leaves("", before.model_dump(mode="json", exclude=left_out)))
    new = dict(_leaves("", after.model_dump(mode="json", exclude=left_out)))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            yield _difference(path, old, new, _loosened_by_house(path, before, after))


def _loosened_by_house(path: str, before: Policy, after: Policy) -> str | None:
    if path == "review.second_person":  # Whose approval one person alone may give from now on.
        freed = set(before.review.second_person) - set(after.review.second_person)
        return min(freed - set(FLOOR_CATEGORIES), default=None)
    return _LOOSE if _is_looser_house(path, before, after) else None


def _is_looser_house(path: str, before: Policy, after: Policy) -> bool:
    if path == "mode":
        return after.mode is Mode.SHADOW
    if path in {"classifier_missing", "image_check_missing"}:
        return _MISSING.index(getattr(after, path)) < _MISSING.index(getattr(before, path))
    if path.startswith("roles."):
        name = path.removeprefix("roles.")
        ranks = [_ROLES.index(getattr(each.roles, name)) for each in (before, after)]
        return ranks[1] < ranks[0]
    if path.startswith("sanctions."):
        return _is_looser_ladder(path, before.sanctions, after.sanctions)
    return False


def _is_looser_ladder(path: str, was: Sanctions, now: Sanctions) -> bool:
    """Tell whether less comes of the same refusals; a breaker that opens sooner is no help."""
    match path:
        case "sanctions.steps":
            return any(
                _harshness(now, step.at) < _harshness(was, step.at)
                for step in (*was.steps, *now.steps)
            )
        case "sanctions.breaker.per_hour":
            return now.breaker.per_hour < was.breaker.per_hour
    name = path.removeprefix("sanctions.")
    return bool(getattr(now, name) < getattr(was, name))


def _harshness(sanctions: Sanctions, weight: float) -> tuple[int, float]:
    """Say how hard the step is on which a member of so many strikes stands."""
    step = sanctions.step_at(weight)
    return (0, 0) if step is None else (_PENALTIES.index(step.penalty) + 1, step.hours or 0)


def _categories(before: Policy, after: Policy) -> Iterator[Difference]:
    for code, category in after.categories.items():
        was = before.categories[code]
        old = dict(_leaves(f"categories.{code}.", was.model_dump(mode="json")))
        new = dict(_leaves(f"categories.{code}.", category.model_dump(mode="json")))
        is_grave = was.severity in GRAVE
        for path in dict.fromkeys((*old, *new)):
            if old.get(path) != new.get(path):
                key = path.removeprefix(f"categories.{code}.").partition(".")[0]
                is_looser = is_grave and _is_looser_category(key, was, category)
                yield _difference(path, old, new, code if is_looser else None)


def _is_looser_category(  # noqa: PLR0911 - one for each key.
    key: str, was: Category, now: Category
) -> bool:
    match key:
        case "severity":
            return now.severity not in GRAVE
        case "strikes":
            return now.strikes < was.strikes
        case "action":
            return rank(now.action) < rank(was.action)
        case "age_restricted_action":
            pair = [each.action_in(is_age_restricted=True) for each in (was, now)]
            return rank(pair[1]) < rank(pair[0])
        case "thresholds":
            return _are_higher(was.thresholds, now.thresholds)
        case "age_restricted_thresholds":
            limits = [each.thresholds_in(is_age_restricted=True) for each in (was, now)]
            return _are_higher(*limits)
    return False


def _are_higher(was: Thresholds | None, now: Thresholds | None) -> bool:
    """Tell whether a score must be higher now; without thresholds every score is a review."""
    if was is None or now is None:
        return was is not now
    return now.review > was.review or now.block > was.block


def _lists(before: Policy, after: Policy) -> Iterator[Difference]:
    for name in dict.fromkeys((*before.lists, *after.lists)):
        was, now = (each.lists.get(name, WordList()) for each in (before, after))
        for key in ("terms", "patterns", "allow"):
            old, new = set(getattr(was, key)), set(getattr(now, key))
            if old == new:
                continue
            code = _loosened_by_list(before, name, gone=old - new, come=new - old, key=key)
            yield Difference(
                f"lists.{name}.{key}", _words("-", old - new), _words("+", new - old), code
            )


def _loosened_by_list(
    policy: Policy, name: str, *, gone: set[str], come: set[str], key: str
) -> str | None:
    """Find the grave category whose rules find less once a list has changed."""
    finds_less, excuses_more = (gone, come) if key != "allow" else (come, gone)
    for rule in policy.rules:
        if policy.categories[rule.category].severity not in GRAVE:
            continue
        if finds_less and name in _named(rule, _FINDING_KEYS):
            return rule.category
        if excuses_more and name in _named(rule, _EXCUSING_KEYS):
            return rule.category
    return None


def _rules(before: Policy, after: Policy) -> Iterator[Difference]:
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    for rule_id in dict.fromkeys((*old, *new)):
        was, now = old.get(rule_id), new.get(rule_id)
        if was is None and now is not None:
            yield Difference(f"rules.{rule_id}", "", f"added: {_summary(now)}")
        elif was is not None and now is None:
            code = was.category if _is_binding(before, was) else None
            yield Difference(f"rules.{rule_id}", _summary(was), "removed", code)
        elif was is not None and now is not None and was != now:
            yield from _changed_rule(before, after, was, now)


def _changed_rule(before: Policy, after: Policy, was: Rule, now: Rule) -> Iterator[Difference]:
    place = f"rules.{was.id}."
    old = dict(_leaves(place, was.model_dump(mode="json")))
    new = dict(_leaves(place, now.model_dump(mode="json")))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) == new.get(path):
            continue
        key = path.removeprefix(place)
        is_looser = _is_binding(before, was) and _is_looser_rule(key, (before, was), (after, now))
        yield _difference(path, old, new, was.category if is_looser else None)


def _is_binding(policy: Policy, rule: Rule) -> bool:
    return rule.is_enforced and policy.categories[rule.category].severity in GRAVE


def _is_looser_rule(  # noqa: PLR0911 - one for each kind of key.
    key: str, was: tuple[Policy, Rule], now: tuple[Policy, Rule]
) -> bool:
    """Tell whether a rule finds less or asks for less; what cannot be compared counts as looser."""
    old, new = was[1], now[1]
    match key:
        case "decision":
            return rank(_decision(*now)) < rank(_decision(*was))
        case "allow" | "unless":
            return not set(getattr(new, key)) <= set(getattr(old, key))
        case "lists" | "first" | "second" | "removed":
            return not set(getattr(new, key, ())) >= set(getattr(old, key, ()))
        case "within_words":
            limits = [getattr(each, key, None) for each in (old, new)]
            return limits[1] is not None and (limits[0] is None or limits[1] < limits[0])
        case "in_negatives":
            return old.in_negatives
        case _ if key.startswith("examples"):
            return False
    return True


def _decision(policy: Policy, rule: Rule) -> Decision:
    return rule.decision or policy.categories[rule.category].action


def _named(rule: Rule, keys: tuple[str, ...]) -> set[str]:
    return {name for key in keys for name in getattr(rule, key, ())}


def _summary(rule: Rule) -> str:
    named = sorted(_named(rule, _FINDING_KEYS))
    return f"{rule.kind} for {rule.category}{' in ' if named else ''}{', '.join(named)}"


def _words(sign: str, words: set[str]) -> str:
    shown = sorted(words)[:_WORDS_SHOWN]
    more = len(words) - len(shown)
    told = ", ".join(f"{sign}{word}" for word in shown)
    return f"{told} and {more} more" if more else told


def _difference(
    path: str, old: Mapping[str, object], new: Mapping[str, object], loosens: str | None
) -> Difference:
    return Difference(path, _shown(old, path), _shown(new, path), loosens)


def _shown(values: Mapping[str, object], path: str) -> str:
    if path not in values:
        return "unset"
    value = values[path]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _leaves(place: str, value: Any) -> Iterator[tuple[str, object]]:  # Any: JSON.
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            inside = inner if isinstance(inner, dict) and inner else None
            if inside is None:
                yield f"{place}{key}", inner
            else:
                yield from _leaves(f"{place}{key}.", inside)
    else:
        yield place.rstrip("."), value
