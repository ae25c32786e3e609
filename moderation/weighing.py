"""Weigh a classifier's scores: what each asks for under a policy, in a place, of a hidden text.

A category's action is the most that a score may ask for, so a category that is turned off stays
off. Thresholds say from where on. A text that hides from readers meets lower ones.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.contracts.verdicts import Decision
from moderation.classifiers.base import PICTURE_MARKS, UNSAFE, Scores
from moderation.inquiry import rank
from moderation.policy import Policy, Thresholds

EVASION = "evasion_signal"
"""The category that is no violation: how sure it is that a text hides from readers."""

LOWERED = 0.5
"""How much of a threshold goes where a text surely hides. Harmless prompts hide nothing, so this
costs them nothing; see docs/benchmarks.md for what it catches."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one category's score asks for."""

    category: str
    score: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class Scale:
    """A policy's thresholds in one kind of place."""

    policy: Policy
    is_age_restricted: bool = False
    limits: Mapping[str, float] = field(init=False, repr=False)
    """From which score on each category asks for something."""

    def __post_init__(self) -> None:
        """Read the limits once: a replay weighs millions of scores, and few reach theirs."""
        limits = {code: self._limit(code) for code in self.policy.categories}
        object.__setattr__(self, "limits", limits)

    def weigh(self, scores: Scores) -> Iterator[Weighed | str]:
        """Yield what the scores of one text ask for; a note where one cannot be judged."""
        factor = 1 - LOWERED * scores.get(EVASION, 0.0)
        limits_of = self.limits
        for code, score in self.lifted(scores).items():
            if score < limits_of.get(code, 0.0) * factor:
                continue
            category = self.policy.categories.get(code)
            if category is None:
                yield code if code in PICTURE_MARKS else "unknown_category"
                continue
            limits = category.thresholds_in(is_age_restricted=self.is_age_restricted)
            if limits is None:
                yield "thresholds_missing"
            else:
                action = category.action_in(is_age_restricted=self.is_age_restricted)
                reached = _reached(limits, score, factor)
                yield Weighed(code, score, min(reached, action, key=rank))

    def strictest(self, scores: Scores) -> Decision:
        """Say what all scores of one text come to; what cannot be judged is a review."""
        asked = (
            found.decision if isinstance(found, Weighed) else Decision.REVIEW
            for found in self.weigh(scores)
        )
        return max(asked, key=rank, default=Decision.ALLOW)

    def _limit(self, code: str) -> float:
        category = self.policy.categories[code]
        if category.action_in(is_age_restricted=self.is_age_restricted) is Decision.ALLOW:
            return math.inf
        limits = category.thresholds_in(is_age_restricted=self.is_age_restricted)
        return limits.review if limits else 0.0  # Without thresholds any score is a review.

    def lifted(self, scores: Scores) -> Mapping[str, float]:
        """Let the likeliest category answer for "unsafe" as a whole.

        A prompt that is plainly unsafe, in a way that no single category names for sure, so still
        reaches a threshold. Where a category that the policy turned off is the likeliest, it is
        what makes the prompt unsafe, and nothing else answers for it.
        """
        unsafe = scores.get(UNSAFE)
        if unsafe is None:
            return scores
        known = {code: score for code, score in scores.items() if code != UNSAFE}
        told = {code: score for code, score in known.items() if code != EVASION}
        if not told:
            return scores  # Nobody can answer for it: it is weighed as what no policy knows.
        likeliest = max(told, key=told.__getitem__)
        return known | {likeliest: max(told[likeliest], unsafe)}


def _reached(limits: Thresholds, score: float, factor: float) -> Decision:
    return Decision.BLOCK if score >= limits.block * factor else Decision.REVIEW
