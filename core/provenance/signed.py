"""Hold a signed file and what is known of its time.

Apart from `native`, which the process that reads strangers' manifests loads: contracts would
double what it takes to start that.
"""

from dataclasses import dataclass

from core.contracts.registry import TimeState


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed file; nothing may touch its bytes, or the signature breaks."""

    data: bytes
    time_state: TimeState = TimeState.NONE
