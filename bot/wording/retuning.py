"""Word what a retuning found: a table before and after, for people who decide about a draft."""

from collections.abc import Sequence

from moderation.retune import MIN_ROWS, Measured, Retuned, Share

NOTHING = (
    f"Nothing to retune: a category needs at least {MIN_ROWS} labelled requests that break it, and "
    f"there must be {MIN_ROWS} that may be drawn."
)
UNCHANGED = "No other thresholds are better on these requests; nothing is proposed."


def retuning(found: Sequence[Retuned]) -> str:
    """Say for each category what was caught and what was blocked in vain, before and after."""
    if not found:
        return NOTHING
    lines = ["category, thresholds: caught; harmless and blocked; harmless and held"]
    for each in found:
        lines.append(each.category)
        lines.append(f"  before {_measured(each.before)}")
        if each.is_changed:
            second = "  LOOSENS A GRAVE CATEGORY: a second person activates it"
            lines.append(
                f"  after  {_measured(each.after)}{second if each.needs_second_person else ''}"
            )
    if not any(each.is_changed for each in found):
        lines.append(UNCHANGED)
    return "\n".join(lines)


def _measured(one: Measured) -> str:
    limits = f"review {one.thresholds.review:g}, block {one.thresholds.block:g}"
    shares = "; ".join(map(_share, (one.caught, one.blocked_benign, one.held_benign)))
    return f"{limits}: {shares}"


def _share(one: Share) -> str:
    low, high = one.interval
    return f"{one.hits} of {one.total} ({100 * low:.0f}-{100 * high:.0f} %)"
