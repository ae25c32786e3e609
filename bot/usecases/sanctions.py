"""Sanction a member and take it back: by whom the policy's roles name, and never oneself."""

import difflib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import wording
from bot.bootstrap import Services
from bot.permissions import RANK
from bot.replies import Reply
from bot.usecases.members import find_member
from bot.usecases.policy_desk import require
from core.contracts.actors import Actor, ReplyAddress, Role
from core.contracts.ids import ChannelId, new_id
from core.contracts.sanctions import Sanction, SanctionId, SanctionKind
from core.errors import UserError
from moderation.policy import Policy
from moderation.sanctions import breaker_open_until, give_by_hand, lift, note

WORDS = {
    "note": SanctionKind.NOTE,
    "warning": SanctionKind.WARNING,
    "strike": SanctionKind.STRIKE,
    "slow": SanctionKind.SLOW,
    "cool-down": SanctionKind.COOL_DOWN,
    "ban": SanctionKind.BAN,
}
"""What a moderator may give, mildest first, as it is typed."""

HOURS_MOST = 8760
"""A year; longer is a ban without an end."""

_MOST_HOURS = [str(HOURS_MOST)]

REASON_MOST = 300

STRIKE = 1.0
"""What a strike by hand weighs: as much as most refusals do in the shipped policy."""

_TIMED = frozenset({SanctionKind.SLOW, SanctionKind.COOL_DOWN})
_MAYBE_TIMED = _TIMED | {SanctionKind.BAN}
_HOURS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?h?", re.ASCII)
_QUOTED = re.compile(r'\s*"([^"]*)"\s*(.*)', re.DOTALL)
_REPEATED_MAX = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """What a moderator typed, read."""

    member: str
    kind: SanctionKind
    hours: float | None
    reason: str


def sanction_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do what stands after `/sanction`: a member, a kind, hours where they belong, a reason.

    Raises:
        NotFound: `member_not_found`.
        UserError: `policy_not_permitted`; what `read` and `sanction` raise.
    """
    require(services, actor, "sanction")
    return sanction(services, actor, read(rest))


def read(text: str) -> Asked:
    """Read what stands after `/sanction`; a name of several words ends where a kind begins.

    Raises:
        UserError: `sanction_member_missing`, `sanction_kind_unknown`, `sanction_hours_missing`,
            `sanction_hours_invalid`, `sanction_reason_missing`, `sanction_reason_too_long`.
    """
    quoted = _QUOTED.fullmatch(text)
    names, words = ([quoted[1]], quoted[2].split()) if quoted else ([], text.split())
    if not quoted:
        at = next((at for at, word in enumerate(words) if at and _kind_of(word)), 1)
        names, words = words[:at], words[at:]
    if not any(names):
        raise UserError("sanction_member_missing")
    kind = _require_kind(words[0] if words else "")
    hours, words = _hours_of(kind, words[1:])
    return Asked(" ".join(names), kind, hours, _require_reason(" ".join(words)))


def asked_in_form(member: str, kind: str, hours: str, reason: str) -> Asked:
    """Read what the fields of a form hold; hours count only where the kind has any.

    Raises:
        UserError: what `read` raises.
    """
    if not member.strip():
        raise UserError("sanction_member_missing")
    known = _require_kind(kind.strip())
    typed = hours.strip()
    if known is SanctionKind.BAN and typed and not _HOURS.fullmatch(typed.casefold()):
        raise UserError("sanction_hours_invalid", value=typed[:_REPEATED_MAX], allowed=_MOST_HOURS)
    given, _ = _hours_of(known, [typed] if typed else [])
    return Asked(member.strip(), known, given, _require_reason(" ".join(reason.split())))


def _require_kind(typed: str) -> SanctionKind:
    kind = _kind_of(typed)
    if kind is None:
        near = difflib.get_close_matches(typed[:_REPEATED_MAX].casefold(), WORDS, n=1)
        raise UserError(
            "sanction_kind_unknown",
            value=typed[:_REPEATED_MAX],
            allowed=list(WORDS),
            suggestion=near[0] if near else None,
        )
    return kind


def _require_reason(reason: str) -> str:
    if not reason:
        raise UserError("sanction_reason_missing")
    if len(reason) > REASON_MOST:
        raise UserError("sanction_reason_too_long", value=len(reason), allowed=[str(REASON_MOST)])
    return reason


def sanction(services: Services, actor: Actor, asked: Asked) -> Reply:
    """Give a member what was asked for; the web console comes here, too.

    Raises:
        NotFound: `member_not_found`.
        UserError: `policy_not_permitted`, `member_ambiguous`, `sanction_own`, `sanction_rank`.
    """
    require(services, actor, "ban" if asked.kind is SanctionKind.BAN else "sanction")
    policy, now = policy_of(services, actor), services.clock()
    with services.store.unit() as unit:
        member = find_member(unit, actor.community_id, asked.member)
        _require_rank(actor, member)
        given = give_by_hand(unit, _new(actor, member, asked, policy, now), policy, now)
        rests_until = breaker_open_until(unit, actor.community_id, policy, now)
    return wording.sanctioned(member, given, rests_until)


def pardon_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do what stands after `/pardon`: a sanction's id, and why.

    Raises:
        NotFound: `sanction_not_found`.
        UserError: `sanction_id_missing`, `sanction_reason_too_long`; what `pardon` raises.
    """
    require(services, actor, "sanction")
    sanction_id, reason = (*rest.split(maxsplit=1), "", "")[:2]
    if not sanction_id:
        raise UserError("sanction_id_missing")
    return pardon(services, actor, SanctionId(sanction_id.lower()), " ".join(reason.split()))


def pardon(services: Services, actor: Actor, sanction_id: SanctionId, reason: str = "") -> Reply:
    """Take a sanction back; a ban goes once a second person says so, too.

    Raises:
        NotFound: `sanction_not_found`, also where it is another community's.
        UserError: `policy_not_permitted`, `sanction_own`, `sanction_over`,
            `sanction_second_same`, `sanction_reason_too_long`.
    """
    require(services, actor, "sanction")
    if len(reason) > REASON_MOST:
        raise UserError("sanction_reason_too_long", value=len(reason), allowed=[str(REASON_MOST)])
    community_id, now = actor.community_id, services.clock()
    with services.store.unit() as unit:
        found = unit.sanctions.get(sanction_id, community_id=community_id)
        is_ban = found.kind is SanctionKind.BAN
        if is_ban:
            require(services, actor, "ban")
        if found.member_id == actor.member_id:
            raise UserError("sanction_own")
        if not found.is_live(now):
            raise UserError("sanction_over", value=sanction_id)
        if is_ban and found.lift_asked_by == actor.member_id:
            raise UserError("sanction_second_same")
        member = unit.members.get(community_id, found.member_id)
        if is_ban and found.lift_asked_by is None:
            asked = unit.sanctions.ask_lift(
                sanction_id, community_id=community_id, by=actor.member_id
            )
            note(unit, "pardon_asked", asked, by=actor.member_id, now=now)
            return wording.pardon_asked(asked, member)
        lifted = lift(unit, found, by=actor.member_id, reason=reason, now=now)
    return wording.pardoned(lifted, member)


def policy_of(services: Services, actor: Actor) -> Policy:
    """Find the community's policy, whose ladder and roles count for what is given by hand."""
    return services.gates.of(actor.community_id, ChannelId("")).policy


def _kind_of(word: str) -> SanctionKind | None:
    written = word.casefold().replace("_", "-").replace("cooldown", "cool-down")
    return WORDS.get(written)


def _hours_of(kind: SanctionKind, words: list[str]) -> tuple[float | None, list[str]]:
    """Take the hours off the front; for a kind without any, a number belongs to the reason."""
    typed = words[0] if words else ""
    if kind not in _MAYBE_TIMED or not _HOURS.fullmatch(typed.casefold()):
        if kind in _TIMED:
            raise UserError("sanction_hours_missing", value=typed[:_REPEATED_MAX])
        return None, words
    hours = float(typed.casefold().removesuffix("h"))
    if not 0 < hours <= HOURS_MOST:
        raise UserError("sanction_hours_invalid", value=typed, allowed=_MOST_HOURS)
    return hours, words[1:]


def _require_rank(actor: Actor, member: Actor) -> None:
    if member.member_id == actor.member_id:
        raise UserError("sanction_own")
    is_below = RANK.index(member.role) < RANK.index(actor.role)
    if not is_below and actor.role is not Role.ADMIN:
        raise UserError("sanction_rank", value=member.role.value)


def _new(actor: Actor, member: Actor, asked: Asked, policy: Policy, now: datetime) -> Sanction:
    lasting: timedelta | None = timedelta(days=policy.sanctions.expire_days)
    if asked.hours is not None:
        lasting = timedelta(hours=asked.hours)
    elif asked.kind is SanctionKind.BAN:
        lasting = None
    return Sanction(
        sanction_id=SanctionId(new_id()),
        community_id=actor.community_id,
        member_id=member.member_id,
        kind=asked.kind,
        weight=STRIKE if asked.kind is SanctionKind.STRIKE else 0,
        reason=asked.reason,
        by=actor.member_id,
        by_name=actor.display_name,
        at=now,
        expires_at=None if lasting is None else now + lasting,
    )
