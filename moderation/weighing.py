"""Weigh a classifier's scores: what each asks for under a policy, in a place, of a hidden text.

A category's action is the most that a score may ask for, so a category that is turned off stays
off. Thresholds say from where on. A text that hides from readers meets lower ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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

    def weigh(self, scores: Scores) -> Iterator[Weighed | str]:
        """Yield what the scores of one text ask for; a note where one cannot be judged."""
        factor = 1 - LOWERED * scores.get(EVASION, 0.0)
        for code, score in self.lifted(scores).items():
            category = self.policy.categories.get(code)
            if category is None:
                yield code if code in PICTURE_MARKS else "unknown_category"
                continue
            action = category.action_in(is_age_restricted=self.is_age_restricted)
            limits = category.thresholds_in(is_age_restricted=self.is_age_restricted)
            if action is Decision.ALLOW:
                continue
            if limits is None:
                yield "thresholds_missing"
            elif score >= limits.review * factor:
                reached = _reached(limits, score, factor)
                yield Weighed(code, score, min(reached, action, key=rank))

    def strictest(self, scores: Scores) -> Decision:
        """Say what all scores of one text come to; what cannot be judged is a review."""
        asked = (
            found.decision if isinstance(found, Weighed) else Decision.REVIEW
            for found in self.weigh(scores)
        )
        return max(asked, key=rank, default=Decision.ALLOW)

    def lifted(self, scores: Scores) -> Mapping[str, float]:
        """Let the likeliest category answer for "unsafe" as a whole.

        A prompt that is plainly unsafe, in a way that no single category names for sure, so still
        reaches a threshold. Where a category that the policy turned off is the likeliest, it is
        what makes the prompt unsafe, and nothing else answers for it.
        """
        known = {code: score for code, score in scores.items() if code != UNSAFE}
        unsafe = scores.get(UNSAFE)
        told = {code: score for code, score in known.items() if code != EVASION}
        if unsafe is None:
            return known
        if not told:
            return scores  # Nobody can answer for it: it is weighed as what no policy knows.
        likeliest = max(told, key=told.__getitem__)
        return known | {likeliest: max(told[likeliest], unsafe)}


def _reached(limits: Thresholds, score: float, factor: float) -> Decision:
    return Decision.BLOCK if score >= limits.block * factor else Decision.REVIEW
