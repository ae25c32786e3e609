"""Say in numbers what the moderation of a community did, and of nobody what was done to them."""

from typing import Any

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.phrases import lines_of
from bot.wording.sanctions import KINDS
from core.contracts.transparency import FEWEST, CategoryTally, Tally, Transparency
from moderation.policy import Policy

FEW = "a few"
"""What stands for a number that is not told."""

PERIODS = {
    "week": "the last 7 days",
    "month": "the last 30 days",
    "quarter": "the last 91 days",
    "year": "the last 365 days",
}
"""What each word after /transparency means, for autocomplete and for the docs."""

UNCHECKED = "A check failed"
"""Where no category decided."""

_COUNTED = {
    "requests": "requests",
    "refused": "refused",
    "held": "held for a person",
    "appealed": "appealed",
    "overturned": "overturned",
    "lapsed": "not decided in time",
}
"""What is told of each category, by the tally's name."""


def transparency_card(word: str, counted: Transparency, policy: Policy) -> Reply:
    """Show a period's counts by category, for everybody in the channel."""
    days = (counted.until - counted.since).days
    kept = policy.retention.verdicts_days
    fields = tuple(
        ReplyField(name=category_title(each.category, policy), value=_told(each))
        for each in counted.categories
    )
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PUBLIC,
        title=f"How this community was moderated: {PERIODS[word]}",
        lines=lines_of(
            f"{_number(counted.requests)} requests up to {counted.until:%d %B %Y}, midnight UTC. "
            "By what the checks found in them:",
            None if fields else "Nothing was found in any of them.",
            f"“{FEW.capitalize()}” stands for any number of fewer than {FEWEST} members.",
            f"Decisions are kept for {kept:g} days here, so older ones are not counted."
            if kept is not None and kept < days
            else None,
        ),
        fields=(*fields, ReplyField(name="Sanctions", value=_sanctions(counted))),
    )


def transparency_facts(counted: Transparency) -> dict[str, Any]:  # Any: what JSON takes.
    """List the same numbers for a program; null: not told."""
    return {
        "since": counted.since.isoformat(),
        "until": counted.until.isoformat(),
        "requests": counted.requests.shown,
        "categories": [
            {
                "category": each.category,
                **{name: getattr(each, name).shown for name in _COUNTED},
                "reversal_rate": each.reversal_rate,
                "median_wait_s": each.shown_wait_s,
            }
            for each in counted.categories
        ],
        "sanctions": {kind.value: tally.shown for kind, tally in counted.sanctions.items()},
    }


def category_title(code: str | None, policy: Policy) -> str:
    """Name a category as the community's policy does."""
    if code is None:
        return UNCHECKED
    category = policy.categories.get(code)
    return code if category is None else category.title


def _told(tally: CategoryTally) -> str:
    rate, wait_s = tally.reversal_rate, tally.shown_wait_s
    counted = {what: getattr(tally, name) for name, what in _COUNTED.items()}
    told = [f"{_number(each)} {what}" for what, each in counted.items() if each.count]
    if rate is not None:
        told.append(f"{rate:.0%} of answered appeals overturned")
    if wait_s is not None:
        told.append(f"a person decided within {wait_in_words(wait_s)} (median)")
    return " · ".join(told)


def wait_in_words(wait_s: float) -> str:
    """Write a time out, in the unit that says the most of it."""
    for unit_s, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if wait_s >= 2 * unit_s:  # From two on: 90 min says more than 2 h.
            return f"{round(wait_s / unit_s)} {unit}"
    return f"{round(wait_s)} s"


def _sanctions(counted: Transparency) -> str:
    told = [
        f"{name}: {_number(counted.sanctions[kind])}"
        for kind, name in KINDS.items()
        if kind in counted.sanctions
    ]
    return " · ".join(told) or "none"


def _number(tally: Tally) -> str:
    shown = tally.shown
    return FEW if shown is None else f"{shown:,}"
