"""Count what moderators do, for themselves: nothing is left out, and it is theirs alone."""

from datetime import UTC, datetime, time, timedelta

from bot.bootstrap import Services
from core.contracts.actors import Actor, Role
from core.contracts.statistics import Statistics
from core.errors import UserError

DAYS = 30
"""Whole days up to the end of this one, in UTC."""


def work_done(services: Services, actor: Actor) -> Statistics:
    """Count the community's last 30 days, today among them.

    Raises:
        UserError: `not_permitted` for members, who have `/transparency`.
    """
    if not actor.is_moderator:
        raise UserError("not_permitted", value="statistics", allowed=[Role.MODERATOR.value])
    now = services.clock()
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    until = today + timedelta(days=1)
    with services.store.reading() as unit:
        since = until - timedelta(days=DAYS)
        return unit.statistics.between(actor.community_id, since, until, now=now)
