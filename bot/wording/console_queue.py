"""Word what the console's queue says of an item: what it is, how it stands, who has it."""

from core.contracts.reviews import ReviewItem, ReviewKind, ReviewState, Ruling
from core.contracts.verdicts import Decision

KINDS: dict[ReviewKind, str] = {
    ReviewKind.HELD_PROMPT: "Held prompt",
    ReviewKind.HELD_PICTURE: "Held picture",
    ReviewKind.FAILED_CHECK: "Failed check",
    ReviewKind.APPEAL: "Appeal",
    ReviewKind.REPORT: "Report",
}
"""What moderators call each kind."""

WHOSE: dict[str, str] = {
    "all": "All that waits",
    "free": "Free",
    "mine": "Mine",
    "escalated": "Escalated",
    "second": "Need a second",
    "decided": "Can be undone",
}
"""The parts of the queue."""

ORDERS: dict[str, str] = {"urgent": "Due first", "newest": "Newest", "oldest": "Oldest"}

SEVERITIES: dict[str, str] = {
    "critical": "Critical",
    "high": "High",
    "medium": "Medium",
    "low": "Low",
}

NO_CATEGORY = "No category"
"""What nothing was found in by itself: a check failed, or its author asks."""

APPROVES: dict[ReviewKind, str] = {
    ReviewKind.HELD_PROMPT: "It is drawn.",
    ReviewKind.HELD_PICTURE: "It is posted.",
    ReviewKind.FAILED_CHECK: "It goes on.",
    ReviewKind.APPEAL: "It is drawn after all.",
    ReviewKind.REPORT: "It stays.",
}
"""What an approval leads to."""

REJECTS: dict[ReviewKind, str] = {
    ReviewKind.HELD_PROMPT: "It is refused.",
    ReviewKind.HELD_PICTURE: "It is destroyed.",
    ReviewKind.FAILED_CHECK: "It ends here.",
    ReviewKind.APPEAL: "It stays refused.",
    ReviewKind.REPORT: "It is taken down.",
}
"""What a rejection leads to."""

DECISIONS: dict[Decision, str] = {
    Decision.ALLOW: "allows it",
    Decision.REVIEW: "leaves it to people",
    Decision.BLOCK: "refuses it",
}
"""What the policy in force makes of it."""

RULED: dict[Ruling, str] = {Ruling.APPROVE: "approved", Ruling.REJECT: "rejected"}

_ENDED: dict[ReviewState, str] = {
    ReviewState.SETTLED: "settled",
    ReviewState.LAPSED: "lapsed",
    ReviewState.WITHDRAWN: "withdrawn",
    ReviewState.OPEN: "waits",
    ReviewState.SECOND: "waits for a second person",
    ReviewState.DECIDED: "decided",
}

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def how_long(seconds: float) -> str:
    """Write a length of time in the two units that matter."""
    whole = int(abs(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        hours, rest = divmod(whole, _HOUR)
        minutes = rest // _MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, rest = divmod(whole, _DAY)
    hours = rest // _HOUR
    return f"{days} d {hours} h" if hours else f"{days} d"


def due_line(seconds_left: float) -> str:
    """Say how an item stands against its deadline."""
    length = how_long(seconds_left)
    return f"{length} left" if seconds_left >= 0 else f"{length} late"


def outcome(item: ReviewItem) -> str:
    """Say in a word or two what became of an item."""
    return RULED[item.ruling] if item.ruling else _ENDED[item.state]
