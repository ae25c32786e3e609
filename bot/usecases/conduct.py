"""Show how a member stands: to themselves all but notes, to moderators everything."""

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases.members import find_member
from bot.usecases.policy_desk import may, require
from bot.usecases.sanctions import policy_of
from core.contracts.actors import Actor, ReplyAddress
from moderation.sanctions import breaker_open_until


def standing_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do what stands after `/standing`: nothing, or for moderators a member.

    Raises:
        NotFound: `member_not_found`.
        UserError: `policy_not_permitted`, `member_ambiguous`.
    """
    policy, now = policy_of(services, actor), services.clock()
    if rest:
        require(services, actor, "sanction")
    with services.store.reading() as unit:
        member = find_member(unit, actor.community_id, rest) if rest else actor
        live = unit.sanctions.live_of(actor.community_id, member.member_id, now=now)
        rests_until = breaker_open_until(unit, actor.community_id, policy, now)
    if rest:
        return wording.standing_of(member, live, policy.sanctions, rests_until)
    is_trusted = may(services, actor, "sanction")
    return wording.own_standing(live, policy.sanctions, rests_until if is_trusted else None)
