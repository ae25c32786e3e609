"""Put a version of a policy in force, or go back; loosening a grave category takes two people."""

from collections.abc import Iterator

from bot.usecases.policy_desk import Desk
from core.contracts.policies import InForce, PolicyDeed, PolicyVersion, PolicyVersionId, Scope
from core.errors import UserError
from core.storage import Unit
from moderation.policy_diff import loosened
from moderation.policy_errors import PolicyError

_IN_FORCE = frozenset({PolicyDeed.ACTIVATED, PolicyDeed.ROLLED_BACK})


def activate(desk: Desk, version: PolicyVersion) -> tuple[str, ...]:
    """Let a version hold in its scope from now on; say which grave categories it loosens.

    Raises:
        PolicyError: it has faults by now.
        UserError: `policy_in_force`; `policy_second_person`; `policy_breaks_channel`;
            `policy_moved_on`.
    """
    if desk.held.active is not None and desk.held.active.version_id == version.version_id:
        raise UserError("policy_in_force", value=version.number)
    loosens = _require_second_person(desk, version)
    _put_in_force(desk, version, PolicyDeed.ACTIVATED, loosens)
    return loosens


def roll_back(desk: Desk) -> PolicyVersion | None:
    """Let hold again what did before the version in force; None: the wider levels alone do.

    Raises:
        UserError: `policy_nothing_before`, and what `activate` raises.
    """
    active = desk.held.active
    if active is None:
        raise UserError("policy_nothing_before")
    with desk.services.store.reading() as unit:
        before = _before(unit, desk.scope, active.version_id)
        version = unit.policies.get(before) if before else None
    loosens = _require_second_person(desk, version)
    _put_in_force(desk, version, PolicyDeed.ROLLED_BACK, loosens)
    return version


def _before(unit: Unit, scope: Scope, active_id: PolicyVersionId) -> PolicyVersionId | None:
    """Find what held before the version in force was activated the last time."""
    events = [each for each in unit.policies.events(scope, limit=500) if each.deed in _IN_FORCE]
    for at, event in enumerate(events):
        if event.deed is PolicyDeed.ACTIVATED and event.version_id == active_id:
            return events[at + 1].version_id if at + 1 < len(events) else None
    return None


def _require_second_person(desk: Desk, version: PolicyVersion | None) -> tuple[str, ...]:
    """Refuse to let one person alone loosen what the policy says about grave categories."""
    narrow = desk.held.model_copy(update={"active": version})
    after = desk.services.gates.effective([*desk.chain[:-1], narrow]).policy
    loosens = tuple(loosened(desk.standing(), after))
    is_alone = version is None or version.proposed_by == desk.actor.member_id
    if loosens and is_alone:
        raise UserError("policy_second_person", allowed=list(loosens))
    return loosens


def _put_in_force(
    desk: Desk, version: PolicyVersion | None, deed: PolicyDeed, loosens: tuple[str, ...]
) -> None:
    services = desk.services
    with services.store.unit() as unit:
        now_held = unit.policies.chain(desk.scope)
        if tuple(now_held) != desk.chain:
            raise UserError("policy_moved_on")
        for scope, chain in _narrower(unit, desk, version):
            try:
                services.gates.effective(chain)
            except PolicyError as error:
                raise UserError("policy_breaks_channel", value=scope.channel_id) from error
        version_id = version.version_id if version else None
        unit.policies.put_in_force(desk.scope, version_id, now=services.clock())
        if desk.held.shadow is not None and desk.held.shadow.version_id == version_id:
            unit.policies.put_in_shadow(desk.scope, None, now=services.clock())
        desk.note(unit, deed, version, {"loosens": ", ".join(loosens) or None})
    services.gates.look_again()


def _narrower(
    unit: Unit, desk: Desk, version: PolicyVersion | None
) -> Iterator[tuple[Scope, list[InForce]]]:
    """List the scopes inside this one that have a part of their own, as they would then be."""
    community = desk.scope.community_id or None
    for scope in unit.policies.places(community):
        if desk.scope in scope.chain[:-1]:
            chain = unit.policies.chain(scope)
            yield (
                scope,
                [
                    each.model_copy(update={"active": version})
                    if each.scope == desk.scope
                    else each
                    for each in chain
                ],
            )
