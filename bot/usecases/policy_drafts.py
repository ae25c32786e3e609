"""Draft a policy: propose a part, change one value, try it, replay it, keep it in shadow."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.usecases.policy_desk import Desk
from core.contracts.policies import PolicyDeed, PolicyVersion
from core.errors import UserError
from moderation.policy_diff import Difference, differences, loosened
from moderation.policy_file import part_layer
from moderation.policy_levels import ADD, REMOVE, WITHOUT_RULES, Layer, id_of
from moderation.policy_trial import Trial, try_policy
from moderation.policy_versions import new_version
from moderation.replay import Report, replay

SOURCE_MAX = 200_000
"""Characters of a part: the shipped policy with all its lists written out has half of that."""

REPLAY_DAYS = 30

Tree = dict[str, Any]  # YAML, before the contract has looked at it.


@dataclass(frozen=True, slots=True)
class Proposed:
    """A version that was kept, and what it would change."""

    version: PolicyVersion
    changes: tuple[Difference, ...]
    loosens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a version would have changed, and how long it took to find out."""

    version: PolicyVersion
    report: Report
    days: float
    took_s: float


def propose(desk: Desk, source: str, *, note: str = "", folder: Path | None = None) -> Proposed:
    """Keep a part as the scope's next version, if it has no fault; nothing comes into force.

    Raises:
        PolicyError: with every fault of the part.
        UserError: `policy_too_long`, or `policy_unchanged` where it would change nothing.
    """
    return _keep(desk, _layer(desk, source, folder), note)


def check(desk: Desk, source: str) -> Proposed:
    """Say what a part would change, and keep nothing.

    Raises:
        PolicyError: with every fault of the part.
        UserError: `policy_too_long`.
    """
    layer, now = _layer(desk, source), desk.services.clock()
    return changes_of(desk, new_version(desk.held, 0, layer, by=desk.actor, note="", now=now))


def set_value(desk: Desk, path: str, value: str) -> Proposed:
    """Propose one's last draft, or what is in force, with one value changed.

    Raises:
        PolicyError: the value or the path has a fault.
        UserError: `policy_value_missing`, or `policy_value_invalid` where it is no YAML.
    """
    base = desk.own_draft() or desk.held.active
    return set_values(desk, {path: value}, base, f"{path} = {value.strip()}")


def set_values(
    desk: Desk, values: Mapping[str, str], base: PolicyVersion | None, note: str
) -> Proposed:
    """Propose a version, or an empty part, with some values changed.

    Raises:
        PolicyError: a value or a path has a fault.
        UserError: `policy_value_missing`, or `policy_value_invalid` where one is no YAML.
    """
    if not all(path and value.strip() for path, value in values.items()):
        raise UserError("policy_value_missing")
    tree: Tree = yaml.safe_load(base.source) if base else {}
    for path, value in values.items():
        try:
            _put(tree, path, value)
        except (yaml.YAMLError, TypeError, AttributeError) as error:
            raise UserError("policy_value_invalid", value=path[:80]) from error
    source = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
    layer = part_layer(desk.scope.level, "proposal", source)
    files = {**(base.files if base else {}), **layer.files}
    return _keep(desk, Layer(layer.level, layer.name, source, files), note)


def changes_of(desk: Desk, version: PolicyVersion) -> Proposed:
    """Say what a version would change, and what of it loosens a grave category."""
    before, after = desk.standing(), desk.effective(version).policy
    return Proposed(version, tuple(differences(before, after)), tuple(loosened(before, after)))


def try_out(desk: Desk, version: PolicyVersion, labelled: Sequence[tuple[str, bool]] = ()) -> Trial:
    """Hold a version to its rules' examples and to a labelled set."""
    gate = desk.services.gate.with_policy(desk.effective(version).policy)
    trial = try_policy(gate, labelled=labelled)
    facts = {"examples": trial.examples, "missed": len(trial.misses)}
    desk.record(PolicyDeed.TESTED, version, facts)
    return trial


def replay_version(
    desk: Desk, version: PolicyVersion, *, days: float = REPLAY_DAYS, is_noted: bool = True
) -> Replayed:
    """Decide what was asked here lately again, under a version."""
    policy = desk.effective(version).policy
    since = desk.services.clock() - timedelta(days=days)
    scope = desk.scope
    started = time.perf_counter()
    with desk.services.store.reading() as unit:
        prints = unit.policies.prints()
        features = unit.features.since(scope.community_id or None, since)
        here = (each for each in features if scope.channel_id in {"", each.channel_id})
        report = replay(here, policy, prints)
    took_s = time.perf_counter() - started
    if is_noted:
        facts = {"requests": report.total, "changes": len(report.changes)}
        desk.record(PolicyDeed.REPLAYED, version, facts)
    return Replayed(version, report, days, took_s)


def put_in_shadow(desk: Desk, version: PolicyVersion | None) -> None:
    """Let a version be asked beside the policy in force, or none any more.

    Raises:
        PolicyError: it has faults by now.
    """
    if version is not None:
        desk.effective(version)
    deed = PolicyDeed.UNSHADOWED if version is None else PolicyDeed.SHADOWED
    with desk.services.store.unit() as unit:
        version_id = version.version_id if version else None
        unit.policies.put_in_shadow(desk.scope, version_id, now=desk.services.clock())
        desk.note(unit, deed, version)
    desk.services.gates.look_again()


def _layer(desk: Desk, source: str, folder: Path | None = None) -> Layer:
    if len(source) > SOURCE_MAX:
        raise UserError("policy_too_long", value=len(source), allowed=str(SOURCE_MAX))
    return part_layer(desk.scope.level, "proposal", source, folder)


def _keep(desk: Desk, layer: Layer, note: str) -> Proposed:
    services = desk.services
    draft = new_version(desk.held, 0, layer, by=desk.actor, note=note.strip(), now=services.clock())
    found = changes_of(desk, draft)
    if not found.changes:
        raise UserError("policy_unchanged")
    with services.store.unit() as unit:
        number = unit.policies.next_number(desk.scope)
        version = draft.model_copy(update={"number": number})
        unit.policies.add(version)
        desk.note(unit, PolicyDeed.PROPOSED, version, {"changes": len(found.changes)})
    return Proposed(version, found.changes, found.loosens)


def _put(tree: Tree, path: str, value: str) -> None:
    """Write a value at a path such as `categories.gore_graphic.action` or `lists.shock.add`."""
    first, _, rest = path.partition(".")
    if first == "rules" and rest:
        rule_id, _, key = rest.rpartition(".")
        _rule(tree, rule_id)[key] = yaml.safe_load(value)
        return
    *steps, last = path.split(".")
    if last in {ADD, REMOVE, WITHOUT_RULES}:
        words = [word.strip() for word in value.split(",") if word.strip()]
        inside = _inside(tree, steps)
        inside[last] = [*inside.get(last, []), *words]
        return
    _inside(tree, steps)[last] = yaml.safe_load(value)


def _inside(tree: Tree, steps: list[str]) -> Tree:
    for step in steps:
        tree = tree.setdefault(step, {})
    return tree


def _rule(tree: Tree, rule_id: str) -> Tree:
    rules: list[Tree] = tree.setdefault("rules", [])
    for rule in rules:
        if id_of(rule) == rule_id:
            return rule
    rules.append({"id": rule_id})
    return rules[-1]
