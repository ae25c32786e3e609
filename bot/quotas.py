"""Bound what waits and what is drawn in a day, so that no one person takes it all.

Waiting requests are bounded for a member and for the community, GPU-seconds of a day (UTC) too.
Moderators and admins have limits of their own, never lower than a member's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.barring import moment_of, require_welcome
from core.contracts.actors import Actor
from core.contracts.ids import MemberId
from core.errors import UserError
from core.settings import CoreSettings
from core.storage import Unit

UNLIMITED = 0.0
"""The setting that means that there is no limit."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be drawn today, and how much of it is gone or spoken for."""

    allowed_gpu_s: float
    used_gpu_s: float
    resets_at: datetime

    @property
    def is_limited(self) -> bool:
        """Tell whether there is a limit at all."""
        return self.allowed_gpu_s != UNLIMITED

    @property
    def left_gpu_s(self) -> float:
        """What may still be asked for today."""
        return max(0.0, self.allowed_gpu_s - self.used_gpu_s)


def require_room(
    unit: Unit,
    actor: Actor,
    settings: CoreSettings,
    *,
    now: datetime,
    price_gpu_s: float | None = None,
) -> None:
    """Let a request pass that fits into every limit, as they stand in this unit.

    Raises:
        UserError: `member_barred`, `member_slowed`, `too_many_waiting`, `community_queue_full`,
            `gpu_allowance_spent`, `community_allowance_spent`.
    """
    slowed_by = require_welcome(unit, actor, now=now)
    own, everybody_count = unit.usage.waiting(actor.community_id, actor.member_id)
    if slowed_by is not None and own.count >= settings.max_waiting_jobs_slowed:
        raise UserError(
            "member_slowed",
            value=own.count,
            allowed=[str(settings.max_waiting_jobs_slowed)],
            until=moment_of(slowed_by.expires_at),
        )
    _require_places(actor, settings, own.count, everybody_count)
    allowance = _allowance_of(unit, actor, settings, own.gpu_s, now)
    _require_allowance("gpu_allowance_spent", allowance, price_gpu_s, now)
    if settings.daily_gpu_s_community != UNLIMITED:
        waiting_gpu_s = unit.usage.waiting_gpu_s(actor.community_id)
        allowed = settings.daily_gpu_s_community
        allowance = _allowance(unit, actor, None, allowed, waiting_gpu_s, now)
        _require_allowance("community_allowance_spent", allowance, price_gpu_s, now)


def allowance_of(unit: Unit, actor: Actor, settings: CoreSettings, now: datetime) -> Allowance:
    """Tell what a person may still have drawn today."""
    own, _ = unit.usage.waiting(actor.community_id, actor.member_id)
    return _allowance_of(unit, actor, settings, own.gpu_s, now)


def _require_places(actor: Actor, settings: CoreSettings, own: int, everybody: int) -> None:
    limit = settings.max_waiting_jobs
    if actor.is_moderator:
        limit = max(limit, settings.max_waiting_jobs_moderator)
    if own >= limit:
        raise UserError("too_many_waiting", value=own, allowed=[str(limit)])
    limit = settings.max_waiting_jobs_community
    if everybody >= limit:
        raise UserError("community_queue_full", value=everybody, allowed=[str(limit)])


def _allowance_of(
    unit: Unit, actor: Actor, settings: CoreSettings, waiting_gpu_s: float, now: datetime
) -> Allowance:
    allowed = settings.daily_gpu_s
    if actor.is_moderator and allowed != UNLIMITED:
        theirs = settings.daily_gpu_s_moderator
        allowed = UNLIMITED if theirs == UNLIMITED else max(allowed, theirs)
    return _allowance(unit, actor, actor.member_id, allowed, waiting_gpu_s, now)


def _allowance(
    unit: Unit,
    actor: Actor,
    member_id: MemberId | None,
    allowed: float,
    waiting_gpu_s: float,
    now: datetime,
) -> Allowance:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    used = 0.0
    if allowed != UNLIMITED:
        drawn_gpu_s = unit.usage.drawn_gpu_s(actor.community_id, now.date(), member_id)
        used = drawn_gpu_s + waiting_gpu_s
    return Allowance(allowed, used, midnight + timedelta(days=1))


def _require_allowance(
    code: str, allowance: Allowance, price_gpu_s: float | None, now: datetime
) -> None:
    """Refuse what does not fit; what has no price yet passes while anything is left."""
    if not allowance.is_limited:
        return
    fits = allowance.left_gpu_s > 0 and (price_gpu_s or 0.0) <= allowance.left_gpu_s
    if not fits:
        minutes = round((allowance.resets_at - now).total_seconds() / 60)
        raise UserError(
            code,
            value=None if price_gpu_s is None else round(price_gpu_s, 1),
            left=round(allowance.left_gpu_s, 1),
            allowed=f"{allowance.allowed_gpu_s:g}",
            resets_in=f"{minutes // 60} h {minutes % 60} min",
        )
