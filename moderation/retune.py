"""Move a policy's thresholds to what people decided afterwards; only a draft comes of it.

Each category with enough rows gets the factor on both of its thresholds, within bounds, that costs
least on them: what is missed, what is harmless and blocked, and half as much what is harmless and
held. The rows are those that somebody looked at, not all requests: mostly near the thresholds. So
the steps are small, and the report gives counts and intervals. Floor categories stay as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts.labels import Label
from core.contracts.verdicts import Decision
from moderation.policy import FLOOR_CATEGORIES, Policy, Thresholds
from moderation.policy_diff import GRAVE
from moderation.weighing import EVASION, Scale

MIN_ROWS = 20
"""Of each kind: with fewer, a 95 % interval is wider than 40 points and says nothing."""

_FACTORS = tuple(round(0.7 + 0.05 * step, 2) for step in range(13))
"""From 0.7 to 1.3: one retuning is a step, not a leap."""

_HELD_COSTS = 0.5
_Z = 1.959964
"""The normal distribution's 97.5 % point, for intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's 95 % interval."""

    hits: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """Give the ends of the interval."""
        if not self.total:
            return 0.0, 1.0
        share, spread = self.hits / self.total, _Z**2 / self.total
        centre = share + spread / 2
        away = _Z * math.sqrt(share * (1 - share) / self.total + spread / (4 * self.total))
        low, high = ((centre + side * away) / (1 + spread) for side in (-1, 1))
        return max(0.0, low), min(1.0, high)


@dataclass(frozen=True, slots=True)
class Measured:
    """What thresholds do with the rows of a category."""

    thresholds: Thresholds
    caught: Share
    """Of what breaks the category: held or blocked."""
    blocked_benign: Share
    held_benign: Share

    @property
    def cost(self) -> float:
        """Add up what goes wrong."""
        missed = 1 - self.caught.hits / self.caught.total
        blocked = self.blocked_benign.hits / self.blocked_benign.total
        held = (self.held_benign.hits) / self.held_benign.total
        return missed + blocked + _HELD_COSTS * held


@dataclass(frozen=True, slots=True)
class Retuned:
    """One category, before and after."""

    category: str
    before: Measured
    after: Measured
    needs_second_person: bool
    """It loosens a grave category."""

    @property
    def is_changed(self) -> bool:
        """Tell whether other thresholds are better."""
        return self.before.thresholds != self.after.thresholds


def retune(policy: Policy, labels: Sequence[Label]) -> list[Retuned]:
    """Find better thresholds for each category with enough rows, in the policy's order.

    Rows of age-restricted channels are left aside: those have thresholds of their own.
    """
    rows = [label for label in labels if not label.is_age_restricted and label.scores]
    lifted = [(label, Scale(policy).lifted(label.scores)) for label in rows]
    benign = [scores for label, scores in lifted if label.right is Decision.ALLOW]
    found = []
    for code, category in policy.categories.items():
        limits = category.thresholds
        if code in FLOOR_CATEGORIES or code == EVASION or limits is None:
            continue
        harmful = [scores.get(code, 0.0) for label, scores in lifted if _breaks(label, code)]
        harmless = [scores.get(code, 0.0) for scores in benign]
        if min(len(harmful), len(harmless)) < MIN_ROWS:
            continue
        tried = {factor: _measured(limits, factor, harmful, harmless) for factor in _FACTORS}
        before = tried[1.0]
        best = min(_FACTORS, key=lambda factor: (tried[factor].cost, abs(factor - 1)))
        after = tried[best]
        is_looser = after.thresholds != before.thresholds and best > 1
        found.append(Retuned(code, before, after, is_looser and category.severity in GRAVE))
    return found


def _breaks(label: Label, code: str) -> bool:
    return label.right is not Decision.ALLOW and label.category == code


def _measured(
    limits: Thresholds, factor: float, harmful: Sequence[float], harmless: Sequence[float]
) -> Measured:
    moved = Thresholds(
        review=min(1.0, round(limits.review * factor, 4)),
        block=min(1.0, round(limits.block * factor, 4)),
    )
    blocked = sum(score >= moved.block for score in harmless)
    held = sum(moved.review <= score < moved.block for score in harmless)
    return Measured(
        moved,
        Share(sum(score >= moved.review for score in harmful), len(harmful)),
        Share(blocked, len(harmless)),
        Share(held, len(harmless)),
    )
