"""Match a policy's rules, which are data, against the texts of one request.

Every text is read once (`moderation.normalize`) and looked up in all lists in one pass
(`moderation.lists`). Rules then look at the hits only. They return findings; the engine decides.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import product, starmap

import re2

from core.contracts.verdicts import Decision, Finding, Span
from moderation.evidence import sureness
from moderation.lists import ListSet, compile_pattern, list_pattern
from moderation.normalize import read
from moderation.policy import PairRule, PatternRule, Policy, Rule
from moderation.readings import Reading

NEGATIVE = "negative"
"""The field of `--no`: what the member wants kept out."""

RULE = "rule:"
"""How the sources of findings begin that a rule made."""

MAX_FINDINGS = 4
"""Per rule and request: enough to show what is meant, and a verdict stays small."""

MAX_WORD_CHARS = 45
"""The longest word of an English dictionary ("pneumonoultramicroscopic…") has so many letters."""

MAX_SPAN_CHARS = 80
"""A pair further apart than this is marked by its second half alone."""


Match = tuple[str, Span, bool]
"""A field, the range in it, and whether the match was hidden."""


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

    def is_near(self, other: "Hit", within_words: int) -> bool:
        """Tell whether at most so many words stand between two hits of one reading."""
        first, second = sorted((self, other), key=lambda hit: hit.start)
        between = self.reading.text[first.end : second.start]
        # Long texts are not taken apart to count words that cannot be few.
        return len(between) <= within_words * MAX_WORD_CHARS and (
            len(between.split()) <= within_words
        )


class Scan:
    """All hits of a request, by list."""

    def __init__(self, hits: Mapping[str, Sequence[Hit]]) -> None:
        self._hits = hits

    def hits(self, lists: Iterable[str]) -> Iterator[Hit]:
        """Yield the hits of some lists, in the order of the texts."""
        for name in lists:
            yield from self._hits.get(name, ())


def asked_by(rule: Rule, policy: Policy, *, is_age_restricted: bool) -> Decision:
    """Say what a match of a rule asks for where the rule is enforced."""
    category = policy.categories[rule.category]
    return rule.decision or category.action_in(is_age_restricted=is_age_restricted)


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
        self._allowed = {
            name: compile_pattern(list_pattern(words.allow))
            for name, words in policy.lists.items()
            if words.allow
        }
        self.rules = tuple(CompiledRule(rule, policy) for rule in policy.rules)

    def scan(self, texts: Sequence[ScreenedText]) -> Scan:
        """Read each text and look it up in all lists."""
        return self.scan_readings(
            (text.field, reading) for text in texts for reading in read(text.text).guesses
        )

    def scan_readings(
        self, readings: Iterable[tuple[str, Reading]], lists: AbstractSet[str] | None = None
    ) -> Scan:
        """Look texts up that are already read, each with its field, in some lists or in all."""
        hits: dict[str, list[Hit]] = {}
        for field, reading in readings:
            for at in self._set.matching(reading.text):
                name = self._names[at]
                if lists is not None and name not in lists:
                    continue
                found = (
                    _hit(field, reading, *match.span())
                    for match in self._compiled[name].finditer(reading.text)
                )
                hits.setdefault(name, []).extend(self._live(name, reading, found))
        return Scan(hits)

    def _live(self, name: str, reading: Reading, hits: Iterable[Hit]) -> Iterable[Hit]:
        """Leave out what stands inside one of the list's own harmless phrases."""
        allowed = self._allowed.get(name)
        if allowed is None:
            return hits
        ranges = [match.span() for match in allowed.finditer(reading.text)]
        return [hit for hit in hits if not _is_covered(hit, ranges)]


class CompiledRule:
    """One rule of a policy, ready to look at a scan."""

    def __init__(self, rule: Rule, policy: Policy) -> None:
        self.rule = rule
        self._policy = policy

    @property
    def source(self) -> str:
        """Name the rule as findings and checks do."""
        return f"{RULE}{self.rule.id}"

    def is_in(self, scan: Scan) -> bool:
        """Tell whether this rule sees anything at all."""
        return next(self._matches(scan), None) is not None

    def find(self, scan: Scan, *, is_age_restricted: bool = False) -> list[Finding]:
        """List what this rule sees, at most a few findings, one for each marked range."""
        decision = Decision.ALLOW
        if self.rule.is_enforced:
            decision = asked_by(self.rule, self._policy, is_age_restricted=is_age_restricted)
        findings: dict[tuple[str, int, int], Finding] = {}
        for field, span, is_obfuscated in self._matches(scan):
            findings.setdefault(
                (field, span.start, span.end),
                Finding(
                    category=self.rule.category,
                    source=self.source,
                    decision=decision,
                    score=sureness(self.rule.id),
                    field=field,
                    span=span,
                    is_obfuscated=is_obfuscated,
                ),
            )
            if len(findings) == MAX_FINDINGS:
                break
        return list(findings.values())

    @cached_property
    def _allowed(self) -> re2._Regexp | None:
        return compile_pattern(list_pattern(self.rule.allow)) if self.rule.allow else None

    def _matches(self, scan: Scan) -> Iterator[Match]:
        if isinstance(self.rule, PairRule):
            yield from self._pairs(scan, self.rule)
            return
        lists = [_own_list(self.rule)] if isinstance(self.rule, PatternRule) else self.rule.lists
        for hit in self._live(scan, lists):
            if hit.field != NEGATIVE or self.rule.in_negatives:
                yield hit.field, hit.span, hit.is_obfuscated

    def _pairs(self, scan: Scan, rule: PairRule) -> Iterator[Match]:
        """Match two halves that are wanted together, or that one term of `--no` holds both."""
        first = list(self._live(scan, rule.first))
        if not first:
            return
        second = list(self._live(scan, rule.second))
        wanted_first, wanted_second = _wanted(first), _wanted(second)
        pairs: Iterator[tuple[Hit, Hit]]
        if rule.within_words is None:
            pairs = product(wanted_first, wanted_second)
        else:
            pairs = _near(wanted_first, wanted_second, rule.within_words)
        yield from starmap(_marked, pairs)
        if rule.in_negatives:
            yield from starmap(_marked, _in_one_text(first, second))
        for hit in scan.hits(rule.removed) if wanted_first else ():
            if hit.field == NEGATIVE:
                yield hit.field, hit.span, hit.is_obfuscated

    def _live(self, scan: Scan, lists: Iterable[str]) -> Iterator[Hit]:
        """Leave out the hits that an allow-phrase covers or the text's own context excuses."""
        excused = {hit.reading.source for hit in scan.hits(self.rule.unless)}
        allowed: dict[Reading, list[tuple[int, int]]] = {}
        for hit in scan.hits(lists):
            if hit.reading.source in excused:
                continue
            if hit.reading not in allowed:
                allowed[hit.reading] = self._allowed_in(hit.reading)
            if not _is_covered(hit, allowed[hit.reading]):
                yield hit

    def _allowed_in(self, reading: Reading) -> list[tuple[int, int]]:
        phrases = self._allowed
        return [match.span() for match in phrases.finditer(reading.text)] if phrases else []


def _is_covered(hit: Hit, ranges: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a hit lies inside one of some ranges, which are in order and apart."""
    at = bisect_right(ranges, (hit.start, len(hit.reading.text))) - 1
    return at >= 0 and hit.end <= ranges[at][1]


def _wanted(hits: Iterable[Hit]) -> list[Hit]:
    return [hit for hit in hits if hit.field != NEGATIVE]


def _near(
    first: Sequence[Hit], second: Sequence[Hit], within_words: int
) -> Iterator[tuple[Hit, Hit]]:
    """Pair each hit with its neighbours in the same reading that are near enough.

    Only the nearest on either side is looked at: where that is too far, so are all the others.
    """
    others: dict[Reading, list[Hit]] = {}
    for hit in sorted(second, key=lambda hit: hit.start):
        others.setdefault(hit.reading, []).append(hit)
    for one in first:
        neighbours = others.get(one.reading, [])
        at = bisect_right(neighbours, one.start, key=lambda hit: hit.start)
        for other in neighbours[max(at - 1, 0) : at + 1]:
            if one.is_near(other, within_words):
                yield one, other


def _in_one_text(first: Sequence[Hit], second: Sequence[Hit]) -> Iterator[tuple[Hit, Hit]]:
    """Pair the hits that stand in the same term of `--no`."""
    others: dict[Reading, list[Hit]] = {}
    for hit in second:
        if hit.field == NEGATIVE:
            others.setdefault(hit.reading, []).append(hit)
    for one in first:
        for other in others.get(one.reading, []):
            yield one, other


def _hit(field: str, reading: Reading, start: int, end: int) -> Hit:
    """Make a hit without the spaces that a pattern may have had to look at."""
    matched = reading.text[start:end]
    start += len(matched) - len(matched.lstrip())
    return Hit(field, reading, start, start + len(matched.strip()))


def _own_list(rule: PatternRule) -> str:
    return f"rule:{rule.id}"


def _marked(one: Hit, other: Hit) -> Match:
    """Mark both halves of a pair where they stand close together, else the second."""
    is_obfuscated = one.is_obfuscated or other.is_obfuscated
    if one.reading is other.reading:
        start, end = min(one.start, other.start), max(one.end, other.end)
        if end - start <= MAX_SPAN_CHARS:
            return one.field, one.reading.span(start, end), is_obfuscated
    return other.field, other.span, is_obfuscated
