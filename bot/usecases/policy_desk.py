"""Sit down at the policy of one scope: what is in force, which version is meant, who may."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.bootstrap import Services
from bot.permissions import RANK
from core.contracts.actors import Actor, Role
from core.contracts.ids import ChannelId
from core.contracts.policies import InForce, PolicyDeed, PolicyVersion, Scope
from core.contracts.records import Fact
from core.errors import UserError
from core.storage import Unit
from moderation.policy import Policy
from moderation.policy_errors import PolicyError
from moderation.policy_file import Effective

_VERSIONS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at one scope's policy, as it stood a moment ago."""

    services: Services
    actor: Actor
    scope: Scope
    chain: tuple[InForce, ...]
    """What is in force, the widest scope first; the last is this scope."""

    @property
    def held(self) -> InForce:
        """What is in force in this scope itself."""
        return self.chain[-1]

    @property
    def fault(self) -> str | None:
        """Tell what is wrong with the policy in force, if it cannot be read."""
        place = self.services.gates.place(self.scope.community_id, self.scope.channel_id)
        return place.fault

    def effective(self, version: PolicyVersion | None = None) -> Effective:
        """Put the policy together as it holds, or as it would with a version in force.

        Raises:
            PolicyError: it has faults.
        """
        return self.services.gates.effective(list(self.chain), version)

    def standing(self) -> Policy:
        """Find what a draft is compared with: where that cannot be read, the wider policy."""
        try:
            return self.effective().policy
        except PolicyError:
            alone = InForce(scope=self.scope)
            return self.services.gates.effective([*self.chain[:-1], alone]).policy

    def version(self, number: str) -> PolicyVersion:
        """Find the version that is meant: by its number, or without one the newest.

        Raises:
            NotFound: `policy_version_not_found`.
            UserError: `policy_version_invalid`.
        """
        bare = number.strip().removeprefix("v")
        if bare and not (bare.isascii() and bare.isdigit() and len(bare) <= 6):  # noqa: PLR2004 - a million versions.
            raise UserError("policy_version_invalid", value=number[:40])
        with self.services.store.reading() as unit:
            if bare:
                return unit.policies.numbered(self.scope, int(bare))
            newest = unit.policies.versions(self.scope, limit=1)
        if not newest:
            raise UserError("policy_version_missing")
        return newest[0]

    def own_draft(self) -> PolicyVersion | None:
        """Find the person's newest proposal that came after what is in force."""
        with self.services.store.reading() as unit:
            versions = unit.policies.versions(self.scope, limit=_VERSIONS_LOOKED_AT)
        active = self.held.active
        for version in versions:
            if active is not None and version.number <= active.number:
                return None
            if version.proposed_by == self.actor.member_id:
                return version
        return None

    def note(
        self,
        unit: Unit,
        deed: PolicyDeed,
        version: PolicyVersion | None,
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        """Write down who did what, for the scope's history and for the audit trail."""
        now = self.services.clock()
        told: dict[str, Fact] = {
            "community": self.scope.community_id,
            "channel": self.scope.channel_id,
            "version": version.number if version else None,
            "sha256": version.sha256 if version else None,
            **(facts or {}),
        }
        version_id = version.version_id if version else None
        unit.policies.note(self.scope, deed, version_id, by=self.actor, facts=told, now=now)
        unit.audit.add(
            f"policy_{deed}",
            job_id=None,
            by=self.actor.member_id,
            facts=told,
            now=now,
            community_id=self.scope.community_id or None,
        )

    def record(
        self, deed: PolicyDeed, version: PolicyVersion | None, facts: Mapping[str, Fact]
    ) -> None:
        """Write down what was done in a unit of its own."""
        with self.services.store.unit() as unit:
            self.note(unit, deed, version, facts)


def sit_down(services: Services, actor: Actor, scope: Scope) -> Desk:
    """Read what is in force in a scope."""
    with services.store.reading() as unit:
        return Desk(services, actor, scope, tuple(unit.policies.chain(scope)))


def require(services: Services, actor: Actor, deed: str) -> None:
    """Let a person pass whose role the community's policy names for this.

    A channel's part has no say in it.

    Raises:
        UserError: `policy_not_permitted`.
    """
    policy = services.gates.of(actor.community_id, ChannelId("")).policy
    least: Role = getattr(policy.roles, deed)
    if RANK.index(actor.role) < RANK.index(least):
        raise UserError("policy_not_permitted", value=deed, allowed=[least.value])


def may(services: Services, actor: Actor, deed: str) -> bool:
    """Tell whether to offer something to a person; doing it asks `require` again."""
    try:
        require(services, actor, deed)
    except UserError:
        return False
    return True
