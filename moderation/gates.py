"""Hand out the gate of each place: the organisation's policy with what is laid over it there.

What is in force may change at any time, in another process. A counter in the store says whether
anything did; it is read once in a while, so that a request pays for a look at a clock. A stored
part that cannot be read holds every request of its place for a person: nobody knows what it
forbade.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import structlog

from core.contracts.ids import ChannelId, CommunityId
from core.contracts.policies import InForce, PolicyVersion, Scope
from core.errors import AppError
from core.storage import Store
from core.telemetry import POLICIES_UNREADABLE
from moderation.engine import Gate
from moderation.policy import DEFAULT_POLICY, Policy
from moderation.policy_errors import PolicyError
from moderation.policy_file import Effective, effective, file_layer
from moderation.policy_levels import Layer
from moderation.policy_versions import layer_of
from moderation.replay import Judge, prints_of

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
"""How long a change in another process may go unseen."""

UNREADABLE = "policy_unreadable"
"""The note of a verdict where the policy in force could not be read."""


@dataclass(slots=True)
class Place:
    """What holds in one place."""

    gate: Gate
    fault: str | None = None
    """The code of what is wrong with the policy; then the gate lets nothing through."""
    candidate: PolicyVersion | None = None
    """The version in shadow, of the narrowest scope that has one."""
    judge: Judge | None = None
    """Decides by the effective policy with that version in force."""
    prints: dict[str, str] = field(default_factory=dict)
    """What each rule of the policy in force matches."""
    _is_noted: bool = False

    def takes_note(self) -> bool:
        """Tell once that the prints are to be written down."""
        is_first, self._is_noted = not self._is_noted, True
        return is_first


class Gates:
    """The gates of one process. Safe to share by threads."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        policy_file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the organisation's gate, made of this file.

        Args:
            store: Where versions are kept.
            gate: The gate of the file alone, with this process's classifiers.
            policy_file: The organisation's policy; None: the shipped one.
            clock: Seconds that only grow.
        """
        self._store = store
        self._base = gate
        self._file = policy_file or DEFAULT_POLICY
        self._clock = clock
        self._lock = Lock()
        self._looked_at: float | None = None
        self._revision = -1
        self._places: dict[tuple[str, str], Place] = {}
        self._gates: dict[tuple[str, ...], Gate] = {(): gate}

    def of(self, community_id: CommunityId, channel_id: ChannelId) -> Gate:
        """Find the gate of a channel.

        Raises:
            Unavailable: `database_away`, and nobody knows what is in force.
        """
        return self.place(community_id, channel_id).gate

    def place(self, community_id: CommunityId, channel_id: ChannelId) -> Place:
        """Find what holds in a channel; raises as `of` does."""
        self._look()
        key = (community_id, channel_id)
        found = self._places.get(key)
        if found is None:
            with self._lock:
                found = self._places.get(key) or self._read(
                    Scope(community_id=community_id, channel_id=channel_id)
                )
                self._places[key] = found
                faulty = [each for each in self._places.values() if each.fault]
                POLICIES_UNREADABLE.set(len(faulty))
        return found

    def look_again(self) -> None:
        """Forget when the store was last looked at: this process has changed what is in force."""
        self._looked_at = None

    def effective(self, chain: list[InForce], instead: PolicyVersion | None = None) -> Effective:
        """Put the policy of a chain of scopes together.

        Args:
            chain: What is in force, the widest scope first.
            instead: A version to take the place of the one in force in its scope.

        Raises:
            PolicyError: with every fault of the last part.
        """
        return effective(self._layers(chain, instead))

    def _look(self) -> None:
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY_S:
            return
        with self._store.reading() as unit:
            revision = unit.policies.revision()
        if revision != self._revision:
            self._places = {}
            self._revision = revision
        self._looked_at = now

    def _read(self, scope: Scope) -> Place:
        with self._store.reading() as unit:
            chain = unit.policies.chain(scope)
        versions = [each.active for each in chain if each.active is not None]
        key = tuple(version.version_id for version in versions)
        try:
            if key not in self._gates:
                self._gates[key] = self._base.with_policy(self._policy(chain))
            candidate = next((each.shadow for each in reversed(chain) if each.shadow), None)
            policy = self._gates[key].policy
            prints = prints_of(policy)
            judge = None
            if candidate is not None:
                judge = Judge(self._policy(chain, candidate), {policy.version: prints})
        except Exception as error:  # noqa: BLE001 - fails closed: the place is held.
            return self._held(scope, error)
        return Place(self._gates[key], candidate=candidate, judge=judge, prints=prints)

    def _held(self, scope: Scope, error: Exception) -> Place:
        """Let nothing pass; the log has the code alone, for a fault quotes the policy's words."""
        code = error.code if isinstance(error, AppError) else "policy_invalid"
        log.error(
            UNREADABLE,
            community_id=scope.community_id,
            channel_id=scope.channel_id,
            cause=type(error).__name__,
            code=code,
        )
        return Place(self._base.with_policy(self._base.policy, held_because=UNREADABLE), code)

    def _policy(self, chain: list[InForce], instead: PolicyVersion | None = None) -> Policy:
        return self.effective(chain, instead).policy

    def _layers(self, chain: list[InForce], instead: PolicyVersion | None) -> list[Layer]:
        base = file_layer(self._file)
        if effective((base,)).policy.version != self._base.policy.version:
            # The file was changed since this process started: what is in force is not in it.
            raise PolicyError("policy_file_changed", file=self._file.name, faults=[])
        parts = []
        for each in chain:
            is_its = instead is not None and instead.scope == each.scope
            version = instead if is_its else each.active
            if version is not None:
                parts.append(layer_of(version))
        return [base, *parts]
