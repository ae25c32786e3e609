"""Match a policy's rules, which are data, against the texts of one request.

Every distinct text is read once (`moderation.normalize`) and looked up in all lists in one pass
(`moderation.lists`). Rules then look at the hits only. They return findings; the engine decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import re2

from core.contracts.verdicts import Decision, Finding, Span
from moderation.lists import ListSet, compile_pattern, list_pattern
from moderation.normalize import Reading, read
from moderation.policy import PairRule, PatternRule, Policy, Rule

NEGATIVE = "negative"
"""The field of `--no`: what the member wants kept out."""

MAX_FINDINGS = 4
"""Per rule and request: enough to show what is meant, and a verdict stays small."""

MAX_SPAN_CHARS = 80
"""A pair further apart than this is marked by its second half alone."""


@dataclass(frozen=True, slots=True)
class ScreenedText:
    """One text of a request and where it came from."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One match of one list in one reading of one text."""

    field: str
    reading: Reading
    start: int
    end: int

    @property
    def span(self) -> Span:
        """The match as it was typed."""
        return self.reading.span(self.start, self.end)

    @property
    def is_obfuscated(self) -> bool:
        """Tell whether the match was not there as typed."""
        return self.span.text.lower() != self.reading.text[self.start : self.end]

    def words_between(self, other: "Hit") -> int:
        """Count the words that stand between two hits of one reading."""
        first, second = sorted((self, other), key=lambda hit: hit.start)
        return len(self.reading.text[first.end : second.start].split())


class Scan:
    """All hits of a request, by list."""

    def __init__(self, hits: Mapping[str, Sequence[Hit]]) -> None:
        self._hits = hits

    def hits(self, lists: Iterable[str]) -> Iterator[Hit]:
        """Yield the hits of some lists, in the order of the texts."""
        for name in lists:
            yield from self._hits.get(name, ())


class RuleBook:
    """A policy's lists and rules, compiled once."""

    def __init__(self, policy: Policy) -> None:
        self._patterns = {
            name: list_pattern(words.terms, words.patterns) for name, words in policy.lists.items()
        }
        for rule in policy.rules:
            if isinstance(rule, PatternRule):
                self._patterns[_own_list(rule)] = rule.pattern
        self._names = [name for name, pattern in self._patterns.items() if pattern]
        self._set = ListSet(self._patterns[name] for name in self._names)
        self._compiled = {name: compile_pattern(self._patterns[name]) for name in self._names}
        self.rules = tuple(CompiledRule(rule, policy) for rule in policy.rules)

    def scan(self, texts: Sequence[ScreenedText]) -> Scan:
        """Read every distinct text and look it up in all lists."""
        hits: dict[str, list[Hit]] = {}
        seen: set[tuple[bool, str]] = set()
        for text in texts:
            is_negative = text.field == NEGATIVE
            if (is_negative, text.text) in seen:
                continue
            seen.add((is_negative, text.text))
            for reading in read(text.text).guesses:
                for at in self._set.matching(reading.text):
                    name = self._names[at]
                    hits.setdefault(name, []).extend(
                        _hit(text.field, reading, *match.span())
                        for match in self._compiled[name].finditer(reading.text)
                    )
        return Scan(hits)


class CompiledRule:
    """One rule of a policy, ready to look at a scan."""

    def __init__(self, rule: Rule, policy: Policy) -> None:
        self.rule = rule
        self._category = policy.categories[rule.category]

    @property
    def source(self) -> str:
        """Name the rule as findings and checks do."""
        return f"rule:{self.rule.id}"

    def find(self, scan: Scan, *, is_age_restricted: bool = False) -> list[Finding]:
        """List what this rule sees, at most a few findings, one for each marked range."""
        decision = self._decision(is_age_restricted=is_age_restricted)
        findings: dict[tuple[str, int, int], Finding] = {}
        for field, span, is_obfuscated in self._matches(scan):
            findings.setdefault(
                (field, span.start, span.end),
                Finding(
                    category=self.rule.category,
                    source=self.source,
                    decision=decision,
                    field=field,
                    span=span,
                    is_obfuscated=is_obfuscated,
                ),
            )
            if len(findings) == MAX_FINDINGS:
                break
        return list(findings.values())

    def _decision(self, *, is_age_restricted: bool) -> Decision:
        if self.rule.decision is not None:
            return self.rule.decision
        if is_age_restricted and self._category.age_restricted_action is not None:
            return self._category.age_restricted_action
        return self._category.action

    @cached_property
    def _allowed(self) -> re2._Regexp | None:
        return compile_pattern(list_pattern(self.rule.allow)) if self.rule.allow else None

    def _matches(self, scan: Scan) -> Iterator[tuple[str, Span, bool]]:
        if isinstance(self.rule, PairRule):
            yield from self._pairs(scan, self.rule)
            return
        lists = [_own_list(self.rule)] if isinstance(self.rule, PatternRule) else self.rule.lists
        for hit in self._live(scan, lists):
            if hit.field != NEGATIVE or self.rule.in_negatives:
                yield hit.field, hit.span, hit.is_obfuscated

    def _pairs(self, scan: Scan, rule: PairRule) -> Iterator[tuple[str, Span, bool]]:
        first = list(self._live(scan, rule.first))
        if not first:
            return
        second = list(self._live(scan, rule.second))
        removed = [hit for hit in scan.hits(rule.removed) if hit.field == NEGATIVE]
        for one, other in product(first, second):
            if self._meet(rule, one, other):
                yield _marked(one, other)
        wanted = [hit for hit in first if hit.field != NEGATIVE]
        for _, other in product(wanted[:1], removed):
            yield other.field, other.span, other.is_obfuscated

    def _meet(self, rule: PairRule, one: Hit, other: Hit) -> bool:
        """Tell whether two hits make one statement; a term of `--no` only with itself."""
        is_one_text = one.reading is other.reading
        if NEGATIVE in {one.field, other.field}:
            return rule.in_negatives and is_one_text
        if rule.within_words is None:
            return True
        return is_one_text and one.words_between(other) <= rule.within_words

    def _live(self, scan: Scan, lists: Iterable[str]) -> Iterator[Hit]:
        """Leave out the hits that an allow-phrase covers or the text's own context excuses."""
        excused = {hit.reading.source for hit in scan.hits(self.rule.unless)}
        for hit in scan.hits(lists):
            if hit.reading.source not in excused and not self._is_allowed(hit):
                yield hit

    def _is_allowed(self, hit: Hit) -> bool:
        phrases = self._allowed
        return phrases is not None and any(
            match.start() <= hit.start and hit.end <= match.end()
            for match in phrases.finditer(hit.reading.text)
        )


def _hit(field: str, reading: Reading, start: int, end: int) -> Hit:
    """Make a hit without the spaces that a pattern may have had to look at."""
    matched = reading.text[start:end]
    start += len(matched) - len(matched.lstrip())
    return Hit(field, reading, start, start + len(matched.strip()))


def _own_list(rule: PatternRule) -> str:
    return f"rule:{rule.id}"


def _marked(one: Hit, other: Hit) -> tuple[str, Span, bool]:
    """Mark both halves of a pair where they stand close together, else the second."""
    is_obfuscated = one.is_obfuscated or other.is_obfuscated
    if one.reading is other.reading:
        start, end = min(one.start, other.start), max(one.end, other.end)
        if end - start <= MAX_SPAN_CHARS:
            return one.field, one.reading.span(start, end), is_obfuscated
    return other.field, other.span, is_obfuscated
