"""Tell members what their conduct led to, and moderators what stands against whom."""

from collections.abc import Sequence
from datetime import datetime

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.pages import FIELDS_MOST
from bot.wording.phrases import ended, lines_of
from core.contracts.actors import Actor
from core.contracts.sanctions import Sanction, SanctionKind, SanctionNews
from moderation.policy_house import Penalty, Sanctions, Step
from moderation.sanctions import weight_of_strikes

KINDS = {
    SanctionKind.NOTE: "note",
    SanctionKind.WARNING: "warning",
    SanctionKind.STRIKE: "strike",
    SanctionKind.SLOW: "slow-down",
    SanctionKind.COOL_DOWN: "cool-down",
    SanctionKind.BAN: "ban",
}
"""What people call each kind."""

_MEANS = {
    SanctionKind.WARNING: "Nothing is taken from you. More refused requests may lead to more.",
    SanctionKind.STRIKE: "Strikes add up; /standing shows yours and what comes next.",
    SanctionKind.SLOW: "Until then fewer requests of yours may wait at a time.",
    SanctionKind.COOL_DOWN: "Until then you cannot ask for new pictures.",
    SanctionKind.BAN: "You cannot ask for new pictures.",
}

APPEAL = (
    "If you think that this is wrong, ask a moderator of this community to look at it again and "
    "name its id, {value}."
)
"""Where a member turns to. Also the end of `member_barred`."""

STILL_OPEN = "Your pictures, /history, /standing and /privacy stay open to you."

LADDER_S_OWN = "Several requests of yours were refused within a short time."

_STEPS = {
    Penalty.NOTE: "moderators look at it",
    Penalty.WARN: "a warning",
    Penalty.SLOW: "fewer requests at a time for {hours:g} h",
    Penalty.PAUSE: "no new requests for {hours:g} h",
    Penalty.BAN: "a ban",
}


def sanction_news(sanction: Sanction, news: SanctionNews) -> Reply:
    """Tell a member that they were sanctioned, or that it is over."""
    kind = KINDS[sanction.kind]
    if news is SanctionNews.GIVEN:
        until = "" if sanction.expires_at is None else f" until {_moment(sanction.expires_at)}"
        is_warning = sanction.kind in {SanctionKind.WARNING, SanctionKind.STRIKE}
        return _private(
            f"A {kind} for you" if is_warning else f"A {kind} for you{until}",
            _reason(sanction),
            _MEANS[sanction.kind],
            STILL_OPEN if sanction.kind in {SanctionKind.COOL_DOWN, SanctionKind.BAN} else None,
            APPEAL.format(value=sanction.sanction_id),
        )
    if news is SanctionNews.ENDED:
        return _private(f"Your {kind} is over", "You can ask for pictures again as before.")
    return _private(
        f"Your {kind} was taken back",
        ended(sanction.lift_reason) if sanction.lift_reason else None,
        "It counts for nothing any more.",
    )


def sanctioned(member: Actor, given: Sequence[Sanction], rests_until: datetime | None) -> Reply:
    """Say to a moderator what a member was given, the ladder's own too."""
    first = given[0]
    until = "" if first.expires_at is None else f" until {_moment(first.expires_at)}"
    reached = [each for each in given[1:] if each.is_automatic]
    return _private(
        f"{member.display_name} has a {KINDS[first.kind]}{until}",
        f"Reason: {ended(first.reason)}",
        "They are told within seconds." if first.is_told else "They are told nothing.",
        f"With it they reached a step of the ladder: a {KINDS[reached[0].kind]}."
        if reached
        else None,
        _resting(rests_until),
        f"Take it back with /pardon {first.sanction_id}",
    )


def pardoned(sanction: Sanction, member: Actor | None) -> Reply:
    """Say to a moderator that a sanction is lifted."""
    return _private(
        f"The {KINDS[sanction.kind]} of {_name(sanction, member)} is taken back",
        "They are told within seconds." if sanction.is_told else "They are told nothing.",
    )


def pardon_asked(sanction: Sanction, member: Actor | None) -> Reply:
    """Say that a second person has to agree."""
    return _private(
        f"The ban of {_name(sanction, member)} is lifted once a second person says so",
        f"Somebody else who may ban writes: /pardon {sanction.sanction_id}",
    )


def own_standing(
    live: Sequence[Sanction], ladder: Sanctions, rests_until: datetime | None
) -> Reply:
    """Show a member what counts against them; notes are the moderators' own."""
    shown = [each for each in live if each.kind is not SanctionKind.NOTE]
    steps = [step for step in ladder.steps if step.penalty is not Penalty.NOTE]
    return _standing(
        "Your standing",
        shown,
        ladder.model_copy(update={"steps": tuple(steps)}),
        rests_until,
        is_own=True,
    )


def standing_of(
    member: Actor, live: Sequence[Sanction], ladder: Sanctions, rests_until: datetime | None
) -> Reply:
    """Show a moderator what counts against a member, and who gave it."""
    title = f"The standing of {member.display_name} ({member.member_id})"
    return _standing(title, live, ladder, rests_until, is_own=False)


def _standing(
    title: str,
    live: Sequence[Sanction],
    ladder: Sanctions,
    rests_until: datetime | None,
    *,
    is_own: bool,
) -> Reply:
    # What holds a member up first, then the newest: that is what is asked about.
    order = sorted(live, key=lambda each: (each.kind is SanctionKind.STRIKE, -each.at.timestamp()))
    weight = weight_of_strikes(list(live))
    left = len(order) - FIELDS_MOST
    return _private(
        title,
        "Nothing counts against you." if is_own and not live else None,
        "Nothing counts against them." if not is_own and not live else None,
        f"Strikes add up to {weight:g}." if weight else None,
        next_step(ladder.step_above(weight)),
        _resting(rests_until),
        f"{left:,} more are not shown here." if left > 0 else None,
        "If you think that one is wrong, ask a moderator and name its id."
        if is_own and live
        else None,
    ).model_copy(
        update={"fields": tuple(_field(each, is_own=is_own) for each in order[:FIELDS_MOST])}
    )


def _field(sanction: Sanction, *, is_own: bool) -> ReplyField:
    until = "for good" if sanction.expires_at is None else f"until {_moment(sanction.expires_at)}"
    weight = f" of {sanction.weight:g}" if sanction.kind is SanctionKind.STRIKE else ""
    by = "" if sanction.is_automatic else f"by {sanction.by_name}"
    facts = (
        _reason(sanction),
        f"for request {sanction.job_id}" if sanction.job_id else None,
        "automatic" if sanction.is_automatic and not is_own else None,
        by if not is_own else None,
        f"id {sanction.sanction_id}",
    )
    return ReplyField(
        name=f"{KINDS[sanction.kind].capitalize()}{weight}, {until}",
        value=" · ".join(lines_of(*facts)),
    )


def next_step(step: Step | None) -> str | None:
    """Say what a member comes to next, and at which weight."""
    if step is None:
        return None
    what = _STEPS[step.penalty].format(hours=step.hours or 0)
    return f"The next step comes at {step.at:g}: {what}."


def _resting(until: datetime | None) -> str | None:
    """Warn those who run the house that the ladder has stopped."""
    if until is None:
        return None
    return (
        f"Automatic sanctions rest until {_moment(until)}: there were too many within an hour. "
        "See whether the policy refuses what it should not."
    )


def _reason(sanction: Sanction) -> str:
    return ended(sanction.reason) if sanction.reason else LADDER_S_OWN


def _name(sanction: Sanction, member: Actor | None) -> str:
    return sanction.member_id if member is None else member.display_name


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _private(title: str, *lines: str | None) -> Reply:
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=lines_of(*lines),
    )
