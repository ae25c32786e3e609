"""Make versions of a policy's parts and read them back, unless somebody changed them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from core.contracts.actors import Actor
from core.contracts.ids import new_id
from core.contracts.policies import InForce, PolicyVersion, PolicyVersionId
from moderation.policy_errors import PolicyError
from moderation.policy_levels import Layer

NOTE_MAX = 300
"""Characters of what a version is for."""


def new_version(
    held: InForce, number: int, layer: Layer, *, by: Actor, note: str, now: datetime
) -> PolicyVersion:
    """Make the version of a layer that was checked, for the scope of what is in force."""
    return PolicyVersion(
        version_id=PolicyVersionId(new_id()),
        scope=held.scope,
        number=number,
        sha256=digest_of(layer.source, layer.files),
        source=layer.source,
        files=dict(layer.files),
        note=note[:NOTE_MAX],
        proposed_by=by.member_id,
        proposer=by.display_name,
        based_on=held.active.version_id if held.active else None,
        created_at=now,
    )


def layer_of(version: PolicyVersion) -> Layer:
    """Read a version back.

    Raises:
        PolicyError: `policy_corrupt`, when it is not what was proposed.
    """
    name = f"{version.scope.level} version {version.number}" if version.number else "proposal"
    if digest_of(version.source, version.files) != version.sha256:
        raise PolicyError("policy_corrupt", file=name, faults=[])
    return Layer(version.scope.level, name, version.source, version.files)


def digest_of(source: str, files: Mapping[str, tuple[str, ...]]) -> str:
    """Hash a text and its term files."""
    whole = json.dumps([source, {name: list(files[name]) for name in sorted(files)}])
    return hashlib.sha256(whole.encode()).hexdigest()
