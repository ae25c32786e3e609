"""Bound how much one member may have waiting, so that one person cannot fill the queue."""

from core.contracts.actors import Actor
from core.errors import UserError
from core.storage import Unit


def require_room(unit: Unit, actor: Actor, limit: int) -> None:
    """Let a member pass who has fewer than `limit` jobs waiting.

    Raises:
        UserError: `too_many_waiting`.
    """
    waiting = unit.jobs.waiting_count(actor.community_id, actor.member_id)
    if waiting >= limit:
        raise UserError("too_many_waiting", value=waiting, allowed=[str(limit)])
