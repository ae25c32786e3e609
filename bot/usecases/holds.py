"""Name what must be kept, see what is, and let go of it: admins alone, all on record."""

from bot import permissions
from bot.bootstrap import Services
from bot.permissions import Deed
from core.contracts.actors import Actor
from core.contracts.ids import JobId, MemberId
from core.contracts.sanctions import LegalHold
from core.errors import NotFound, UserError

REASON_MAX = 500


def add(
    services: Services,
    actor: Actor,
    *,
    member_id: MemberId | None = None,
    job_id: JobId | None = None,
    reason: str,
) -> LegalHold:
    """Keep from now on everything of a member, or one request with all that came of it.

    Raises:
        NotFound: `job_not_found`; there is no such request in this community.
        UserError: `not_permitted`; `hold_target`, where not exactly one of both is named;
            `hold_member_unknown`; `hold_reason_missing`.
    """
    permissions.require(actor, Deed.HOLD)
    reason = reason.strip()[:REASON_MAX]
    if (member_id is None) == (job_id is None):
        raise UserError("hold_target")
    if not reason:
        raise UserError("hold_reason_missing")
    now = services.clock()
    with services.store.unit() as unit:
        if job_id is not None:
            if not permissions.is_of_community(actor, unit.jobs.get(job_id)):
                raise NotFound("job_not_found", value=job_id)
        elif member_id and not unit.jobs.recent(actor.community_id, member_id=member_id, limit=1):
            raise UserError("hold_member_unknown", value=member_id)
        hold = unit.holds.add(
            actor.community_id,
            member_id=member_id,
            job_id=job_id,
            reason=reason,
            by=actor.member_id,
            now=now,
        )
        unit.audit.add(
            "hold_added",
            job_id=job_id,
            by=actor.member_id,
            facts={"hold_no": hold.hold_no},
            now=now,
            community_id=actor.community_id,
            about=member_id,
        )
    return hold


def listed(services: Services, actor: Actor, *, is_all: bool = False) -> list[LegalHold]:
    """List the holds in force, or all that ever were.

    Raises:
        UserError: `not_permitted`.
    """
    permissions.require(actor, Deed.HOLD)
    with services.store.reading() as unit:
        return unit.holds.listed(actor.community_id, is_all=is_all)


def lift(services: Services, actor: Actor, hold_no: int) -> LegalHold:
    """Let go of what a hold named: what is due then goes with the next sweep.

    Raises:
        NotFound: `hold_not_found`.
        UserError: `not_permitted`.
    """
    permissions.require(actor, Deed.HOLD)
    now = services.clock()
    with services.store.unit() as unit:
        hold = unit.holds.lift(actor.community_id, hold_no, now)
        if hold.lifted_at == now:
            unit.audit.add(
                "hold_lifted",
                job_id=hold.job_id,
                by=actor.member_id,
                facts={"hold_no": hold.hold_no},
                now=now,
                community_id=actor.community_id,
                about=hold.member_id,
            )
    return hold
