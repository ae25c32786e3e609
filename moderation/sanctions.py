"""Climb the ladder: what refused requests add up to, and what comes of it.

A refusal adds strikes, which expire. Where their weight reaches a step of the policy's ladder, its
penalty is given, once each time the step is reached from below. A mistake in the policy must not
sanction a whole community, so what the ladder gives is counted: after `breaker.per_hour` in an hour
it rests for an hour, and nobody is told twice or punished afterwards for what fell into that time.
The breaker has no state of its own: the record says when it opened.

Everything here happens in the unit of the refusal, decision or command that it follows from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from core.contracts.ids import CommunityId, JobId, MemberId, new_id
from core.contracts.jobs import Job
from core.contracts.records import Fact
from core.contracts.reviews import ReviewItem, ReviewKind
from core.contracts.sanctions import SYSTEM, Sanction, SanctionId, SanctionKind
from core.contracts.verdicts import Decision, Verdict
from core.storage import Unit
from moderation.policy import Policy
from moderation.policy_house import Mode, Penalty, Step

log = structlog.get_logger()

EVASION = "evasion_signal"
"""The category whose weight comes on top where what was refused was hidden."""

BREAKER_S = 3600.0
"""The hour that the breaker counts, and the hour that it stays open."""

KINDS = {
    Penalty.NOTE: SanctionKind.NOTE,
    Penalty.WARN: SanctionKind.WARNING,
    Penalty.SLOW: SanctionKind.SLOW,
    Penalty.PAUSE: SanctionKind.COOL_DOWN,
    Penalty.BAN: SanctionKind.BAN,
}
"""What each penalty of a policy is on record."""

_PLACES = 6
"""Decimals of a weight that count: ten strikes of 0.1 reach a step at 1."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom something is given to, what for, and who gives it."""

    community_id: CommunityId
    member_id: MemberId
    job_id: JobId | None = None
    by: MemberId = SYSTEM
    by_name: str = ""


def on_refused(
    unit: Unit, job: Job, verdict: Verdict, policy: Policy, now: datetime
) -> list[Sanction]:
    """Give what a refusal by the policy leads to; nothing in shadow mode or for a failed check."""
    if verdict.decision is not Decision.BLOCK or verdict.category is None:
        return []
    codes = {verdict.category}
    deciding = verdict.deciding
    if deciding is not None and deciding.is_obfuscated:
        codes.add(EVASION)
    strikes = {code: policy.category(code).strikes for code in sorted(codes)}
    whose = Whose(job.actor.community_id, job.actor.member_id, job.job_id)
    return _strike(unit, whose, strikes, policy, now)


def on_rejected(unit: Unit, item: ReviewItem, policy: Policy, now: datetime) -> list[Sanction]:
    """Give what follows when people rejected a held, appealed or reported request.

    A refusal that was appealed in vain has its strikes already.
    """
    known = policy.categories.get(item.category or "")
    strikes: dict[str, float] = {}
    if item.category is not None and known is not None:
        strikes[item.category] = known.strikes
    elif item.kind is ReviewKind.REPORT:
        strikes[""] = policy.sanctions.taken_down
    by = SYSTEM if item.decided_by is None else item.decided_by
    whose = Whose(item.community_id, item.member_id, item.job_id, by, item.decided_name)
    reason = policy.review.reasons.get(item.reason_code)
    return _strike(unit, whose, strikes, policy, now, reason.member_text if reason else None)


def on_approved(unit: Unit, item: ReviewItem, now: datetime) -> list[Sanction]:
    """Take back what a refusal led to, once people overturned it; give what was lifted."""
    if item.kind is not ReviewKind.APPEAL:
        return []
    by = SYSTEM if item.decided_by is None else item.decided_by
    return take_back(unit, Whose(item.community_id, item.member_id, item.job_id, by), now)


def take_back(unit: Unit, whose: Whose, now: datetime) -> list[Sanction]:
    """Lift a job's strikes, and each penalty whose step would not have been reached without."""
    unit.sanctions.take_turns(whose.community_id)
    record = unit.sanctions.of_member(whose.community_id, whose.member_id)
    strikes = [each for each in record if _is_standing_strike(each)]
    wrong = [each for each in strikes if each.job_id == whose.job_id]
    if not wrong:
        return []
    right = [each for each in strikes if each.job_id != whose.job_id]
    undeserved = [
        each
        for each in record
        if _is_penalty(each) and each.is_live(now) and _weight_at(right, each.at) < each.weight
    ]
    return [lift(unit, each, by=whose.by, now=now) for each in (*wrong, *undeserved)]


def give_by_hand(unit: Unit, sanction: Sanction, policy: Policy, now: datetime) -> list[Sanction]:
    """Give what a moderator gives; a strike may reach a step of the ladder."""
    unit.sanctions.take_turns(sanction.community_id)
    before = weight_of(unit, sanction.community_id, sanction.member_id, now)
    _give(unit, sanction, now)
    if sanction.kind is not SanctionKind.STRIKE:
        return [sanction]
    whose = Whose(sanction.community_id, sanction.member_id)
    return [sanction, *_climb(unit, whose, before, sanction.weight, policy, now)]


def lift(
    unit: Unit, sanction: Sanction, *, by: MemberId, reason: str = "", now: datetime
) -> Sanction:
    """Lift a sanction, on record."""
    lifted = unit.sanctions.lift(
        sanction.sanction_id,
        community_id=sanction.community_id,
        by=by,
        reason=reason,
        now=now,
    )
    note(unit, "member_pardoned", lifted, by=by, now=now)
    return lifted


def weight_of(unit: Unit, community_id: CommunityId, member_id: MemberId, now: datetime) -> float:
    """Add up a member's live strikes."""
    return weight_of_strikes(unit.sanctions.live_of(community_id, member_id, now=now))


def weight_of_strikes(live: list[Sanction]) -> float:
    """Add up the strikes among what is live."""
    strikes = (each.weight for each in live if each.kind is SanctionKind.STRIKE)
    return round(sum(strikes), _PLACES)


def breaker_open_until(
    unit: Unit, community_id: CommunityId, policy: Policy, now: datetime
) -> datetime | None:
    """Tell until when the ladder gives nothing; None: it does."""
    most, hour = policy.sanctions.breaker.per_hour, timedelta(seconds=BREAKER_S)
    # Of those that count the oldest may be an hour older than the one that opened it.
    given = unit.sanctions.automatic_since(community_id, now - 2 * hour, limit=most)
    if len(given) < most or given[0] - given[-1] >= hour or now >= given[0] + hour:
        return None
    return given[0] + hour


def note(unit: Unit, kind: str, sanction: Sanction, *, by: MemberId, now: datetime) -> None:
    """Write down what was done to a member."""
    hours = None
    if sanction.expires_at is not None:
        hours = round((sanction.expires_at - sanction.at).total_seconds() / 3600, 2)
    facts: dict[str, Fact] = {
        "sanction": sanction.sanction_id,
        "kind": sanction.kind.value,
        "category": sanction.category,
        "weight": sanction.weight,
        "hours": hours,
    }
    unit.audit.add(
        kind,
        job_id=sanction.job_id,
        community_id=sanction.community_id,
        by=by,
        about=sanction.member_id,
        facts=facts,
        now=now,
    )


def _strike(
    unit: Unit,
    whose: Whose,
    weights: Mapping[str, float],
    policy: Policy,
    now: datetime,
    reason: str | None = None,
) -> list[Sanction]:
    """Give strikes by category, and what their sum leads to."""
    weights = {code: weight for code, weight in weights.items() if weight > 0}
    if not weights or policy.mode is Mode.SHADOW:
        return []
    unit.sanctions.take_turns(whose.community_id)
    known = unit.sanctions.of_member(whose.community_id, whose.member_id, job_id=whose.job_id)
    if any(_is_standing_strike(each) for each in known):
        return []
    rests_until = breaker_open_until(unit, whose.community_id, policy, now)
    if rests_until is not None and whose.by == SYSTEM:
        log.warning("strike_held_back", job_id=whose.job_id, until=rests_until.isoformat())
        return []
    before = weight_of(unit, whose.community_id, whose.member_id, now)
    given = []
    for code, weight in weights.items():
        category = policy.categories.get(code)
        strike = _new(whose, SanctionKind.STRIKE, now, _lasting(policy)).model_copy(
            update={
                "weight": weight,
                "category": code or None,
                "reason": reason or (category.member_text if category else ""),
            }
        )
        _give(unit, strike, now)
        given.append(strike)
    whose = Whose(whose.community_id, whose.member_id, whose.job_id)
    return [*given, *_climb(unit, whose, before, sum(weights.values()), policy, now)]


def _climb(
    unit: Unit, whose: Whose, before: float, added: float, policy: Policy, now: datetime
) -> list[Sanction]:
    """Give the penalty of the highest step that was reached just now."""
    step = policy.sanctions.step_at(round(before + added, _PLACES))
    if step is None or step.at <= before or policy.mode is Mode.SHADOW:
        return []
    penalty = _penalty(whose, step, policy, now)
    if breaker_open_until(unit, whose.community_id, policy, now) is not None:
        note(unit, "sanction_held_back", penalty, by=SYSTEM, now=now)
        return []
    _give(unit, penalty, now)
    until = breaker_open_until(unit, whose.community_id, policy, now)
    if until is not None:
        log.error("sanctions_breaker_opened", community_id=whose.community_id)
        unit.audit.add(
            "breaker_opened",
            job_id=None,
            community_id=whose.community_id,
            by=SYSTEM,
            facts={"per_hour": policy.sanctions.breaker.per_hour, "until": until.isoformat()},
            now=now,
        )
    return [penalty]


def _penalty(whose: Whose, step: Step, policy: Policy, now: datetime) -> Sanction:
    kind = KINDS[step.penalty]
    lasting: timedelta | None = _lasting(policy)
    if step.hours is not None:
        lasting = timedelta(hours=step.hours)
    elif kind is SanctionKind.BAN:
        lasting = None
    return _new(whose, kind, now, lasting).model_copy(update={"weight": step.at})


def _lasting(policy: Policy) -> timedelta:
    return timedelta(days=policy.sanctions.expire_days)


def _new(whose: Whose, kind: SanctionKind, now: datetime, lasting: timedelta | None) -> Sanction:
    return Sanction(
        sanction_id=SanctionId(new_id()),
        community_id=whose.community_id,
        member_id=whose.member_id,
        kind=kind,
        reason="",
        job_id=whose.job_id,
        by=whose.by,
        by_name=whose.by_name,
        at=now,
        expires_at=None if lasting is None else now + lasting,
    )


def _give(unit: Unit, sanction: Sanction, now: datetime) -> None:
    unit.sanctions.add(sanction)
    note(unit, "member_sanctioned", sanction, by=sanction.by, now=now)


def _is_standing_strike(sanction: Sanction) -> bool:
    return sanction.kind is SanctionKind.STRIKE and sanction.lifted_at is None


def _is_penalty(sanction: Sanction) -> bool:
    return sanction.is_automatic and sanction.kind is not SanctionKind.STRIKE


def _weight_at(strikes: list[Sanction], moment: datetime) -> float:
    """Add up what was live at a moment, without what was lifted since."""
    return weight_of_strikes(
        [
            each
            for each in strikes
            if each.at <= moment and (each.expires_at is None or each.expires_at > moment)
        ]
    )
