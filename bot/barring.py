"""Hold a request against what its author's conduct led to: nothing, fewer at a time, or none."""

from datetime import datetime

from core.contracts.actors import Actor
from core.contracts.sanctions import BARRING, Sanction
from core.errors import UserError
from core.storage import Unit


def require_welcome(unit: Unit, actor: Actor, *, now: datetime) -> Sanction | None:
    """Let a person pass who may ask for pictures; say what slows them down, if anything does.

    Raises:
        UserError: `member_barred`.
    """
    limits = unit.sanctions.limiting(actor.community_id, actor.member_id, now=now)
    barring = longest([each for each in limits if each.kind in BARRING])
    if barring is not None:
        raise UserError(
            "member_barred",
            value=barring.sanction_id,
            kind=barring.kind.value,
            until=moment_of(barring.expires_at),
            reason=barring.reason,
        )
    return longest(limits)


def longest(sanctions: list[Sanction]) -> Sanction | None:
    """Pick the one that holds longest; one without an end is that."""
    lasting = [each for each in sanctions if each.expires_at is None]
    if lasting:
        return lasting[0]
    return max(sanctions, key=lambda each: each.expires_at or each.at, default=None)


def moment_of(moment: datetime | None) -> str | None:
    """Write a time as an error's fact; None: there is no such time."""
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
