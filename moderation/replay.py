"""Decide requests again under another policy, from what is kept of them: features, not prompts.

Most rules of a draft are those of the policy that decided. What they match is hashed, so that
only rules which differ look at the texts again; the others' hits are on record. A classifier is
not asked again: its scores are on record too.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.contracts.features import Asked, Features
from core.contracts.ids import JobId
from core.contracts.verdicts import Decision
from moderation.inquiry import rank
from moderation.policy import FLOOR_CATEGORIES, MissingCheck, Policy, Rule, Severity
from moderation.policy_house import Mode
from moderation.prefilter import Prefilter
from moderation.rules import asked_by
from moderation.weighing import Scale, Weighed

_GRAVITY = tuple(Severity)
_SHOWN = 120
"""Characters of a normalised prompt beside a changed decision: enough to know it by."""

_MATCHED_BY = {
    "terms": ("lists", "unless"),
    "pattern": ("unless",),
    "pair": ("first", "second", "removed", "unless"),
}
"""The keys of each kind of rule that name lists."""

_SAID_OF_WHAT_FOLLOWS = {"id", "category", "decision", "mode", "examples"}
"""The keys of a rule that change nothing about what it matches."""

_WHERE_MISSING = {
    MissingCheck.RULES_ONLY: Decision.ALLOW,
    MissingCheck.REVIEW: Decision.REVIEW,
    MissingCheck.BLOCK: Decision.BLOCK,
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What a policy makes of a request."""

    decision: Decision
    category: str | None = None
    source: str = ""
    is_unscored: bool = False
    """It passes the rules, and no classifier was asked when it was decided first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One request that would be decided otherwise."""

    job_id: JobId | None
    decided_at: datetime
    before: Decision
    before_category: str | None
    after: Decided
    text: str
    """The normalised prompt, shortened; empty where a category is never quoted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a draft would change."""

    total: int
    changes: tuple[Change, ...]
    looked_again: int
    """Requests whose texts had to be looked at: the others' hits are on record."""

    @property
    def unscored(self) -> int:
        """Count the changes that a classifier, asked now, might undo."""
        return sum(change.after.is_unscored for change in self.changes)

    def counts(self) -> dict[tuple[Decision, Decision], int]:
        """Count the changes by what they were and what they would be."""
        found: dict[tuple[Decision, Decision], int] = {}
        for change in self.changes:
            key = (change.before, change.after.decision)
            found[key] = found.get(key, 0) + 1
        return found


def prints_of(policy: Policy) -> dict[str, str]:
    """Hash what each rule matches: its words, and those that excuse; not what follows from it."""
    lists = {
        name: _hash([sorted(words.terms), sorted(words.patterns), sorted(words.allow)])
        for name, words in policy.lists.items()
    }
    return {rule.id: _print_of(rule, lists) for rule in policy.rules}


def _print_of(rule: Rule, lists: Mapping[str, str]) -> str:
    said = rule.model_dump(mode="json", exclude=_SAID_OF_WHAT_FOLLOWS)
    named = {key: [lists[name] for name in getattr(rule, key)] for key in _MATCHED_BY[rule.kind]}
    return _hash({**said, **named})


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


class Judge:
    """One policy, ready to decide features."""

    def __init__(
        self, policy: Policy, prints: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Make a judge.

        Args:
            policy: The effective policy to decide by.
            prints: What the rules of the policies matched that decided, by their versions.
        """
        self._policy = policy
        self._rules = {rule.id: rule for rule in policy.rules}
        self._own = prints_of(policy)
        self._prints = prints or {}
        self._books: dict[str, Prefilter | None] = {}
        self._same: dict[str, frozenset[str]] = {}
        self._scales = {is_it: Scale(policy, is_it) for is_it in (False, True)}
        self.looked_again = 0

    def decide(self, features: Features) -> Decided:
        """Say what the policy makes of a request."""
        best = Decided(Decision.ALLOW)
        weight = (0, -1)
        for each in (*self._by_rules(features), *self._by_scores(features)):
            heavier = self._weight(each)
            if heavier > weight:
                best, weight = each, heavier
        if best.decision is Decision.BLOCK:
            return best
        return self._without_classifier(features, best)

    def _by_rules(self, features: Features) -> Iterable[Decided]:
        for rule_id in self._matching(features):
            rule = self._rules[rule_id]
            if not (rule.is_enforced and self._is_binding(rule.category)):
                continue
            decision = asked_by(rule, self._policy, is_age_restricted=features.is_age_restricted)
            if decision is not Decision.ALLOW:
                yield Decided(decision, rule.category, f"rule:{rule_id}")

    def _matching(self, features: Features) -> Sequence[str]:
        """Name the policy's rules that match: those on record, and those that had to look."""
        version = features.policy_version
        book = self._book(version)
        same = self._same[version]
        kept = [rule_id for rule_id in features.rules if rule_id in same]
        if book is None:
            return kept
        self.looked_again += 1
        return [*kept, *book.matching(features.texts)]

    def _book(self, version: str) -> Prefilter | None:
        """Compile the rules that differ from those of the policy that decided; None: none does."""
        if version not in self._books:
            prints = self._prints.get(version, {})
            self._same[version] = frozenset(
                rule_id for rule_id, own in self._own.items() if prints.get(rule_id) == own
            )
            rules = tuple(rule for rule in self._policy.rules if rule.id not in self._same[version])
            names = {
                name
                for rule in rules
                for key in _MATCHED_BY[rule.kind]
                for name in getattr(rule, key)
            }
            lists = {name: self._policy.lists[name] for name in names}
            part = self._policy.model_copy(update={"rules": rules, "lists": lists})
            self._books[version] = Prefilter(part) if rules else None
        return self._books[version]

    def _by_scores(self, features: Features) -> Iterable[Decided]:
        scale = self._scales[features.is_age_restricted]
        for scores in features.scores:
            for found in scale.weigh(scores):
                if not isinstance(found, Weighed):
                    yield Decided(Decision.REVIEW, None, found)
                elif self._is_binding(found.category):
                    yield Decided(found.decision, found.category, "classifier")

    def _without_classifier(self, features: Features, best: Decided) -> Decided:
        if features.classifier is Asked.SPARED:
            is_passed = best.decision is Decision.ALLOW
            return Decided(best.decision, best.category, best.source, is_unscored=is_passed)
        if features.classifier is Asked.MISSING:
            setting = self._policy.classifier_missing
            decision = _WHERE_MISSING[setting]
            if rank(decision) > rank(best.decision):
                return Decided(decision, best.category, f"classifier_missing: {setting}")
        return best

    def _is_binding(self, category: str) -> bool:
        return self._policy.mode is not Mode.SHADOW or category in FLOOR_CATEGORIES

    def _weight(self, one: Decided) -> tuple[int, int]:
        category = self._policy.categories.get(one.category or "")
        return rank(one.decision), _GRAVITY.index(category.severity) if category else -1


def replay(
    features: Iterable[Features],
    policy: Policy,
    prints: Mapping[str, Mapping[str, str]] | None = None,
) -> Report:
    """Decide each request again, and keep every decision that would change."""
    judge = Judge(policy, prints)
    changes: list[Change] = []
    total = 0
    for each in features:
        total += 1
        decided = judge.decide(each)
        if decided.decision is not each.decision:
            changes.append(_change(each, decided, policy))
    return Report(total, tuple(changes), judge.looked_again)


def _change(features: Features, decided: Decided, policy: Policy) -> Change:
    named = (features.category, decided.category)
    is_quoted = all(policy.categories[code].is_echoed for code in named if code)
    text = next((text for field, _, text in features.texts if field == "prompt"), "")
    return Change(
        job_id=features.job_id,
        decided_at=features.decided_at,
        before=features.decision,
        before_category=features.category,
        after=decided,
        text=(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…") if is_quoted else "",
    )
