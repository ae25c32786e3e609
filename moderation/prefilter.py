"""Tell which rules match from which lists have a match at all, wherever that is certain.

One pass of re2 over a text names the lists and harmless phrases in it; to find where they stand
takes many times as long. Mostly that settles every rule: what stands beside no excuse is a match,
what is not there is none. Only where a phrase may cover the word, or words must be near each
other, does anybody have to look. A gate looks anyway, for it marks what it finds; a replay of a
hundred thousand requests does not.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from moderation.lists import ListSet, list_pattern
from moderation.policy import PairRule, PatternRule, Policy, Rule
from moderation.readings import Reading
from moderation.rules import NEGATIVE, RuleBook

Text = tuple[str, int, str]
"""One reading of a text: its field, the number of the text, itself."""

_REMEMBERED = 100_000
"""Requests that look alike to the lists; few kinds come up, again and again."""


class Sight(IntEnum):
    """What can be told of a match without looking where it stands."""

    NO = 0
    UNSURE = 1
    SURE = 2


_Key = tuple[str, str]
_LIST, _SPARED, _ALLOWED = "list", "spared", "allowed"


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the lists say of one reading."""

    is_negative: bool
    text: int
    keys: frozenset[_Key]

    def sight(self, name: str) -> Sight:
        """Tell whether a list has a match that none of its own harmless phrases covers."""
        if (_LIST, name) not in self.keys:
            return Sight.NO
        return Sight.UNSURE if (_SPARED, name) in self.keys else Sight.SURE

    def best(self, names: Iterable[str]) -> Sight:
        """Tell the same of some lists together."""
        return max(map(self.sight, names), default=Sight.NO)


@dataclass(frozen=True, slots=True)
class _Settled:
    """What is to be said of requests that look alike."""

    rules: tuple[tuple[int, Sight], ...]
    """The places of the rules that match, or may, in the policy's order."""
    lists: frozenset[str]
    """The lists that settle the rest."""


class Prefilter:
    """A policy's rules, asked about texts that were read before."""

    def __init__(self, policy: Policy) -> None:
        self.rules = policy.rules
        self._book = RuleBook(policy)
        patterns = dict(_patterns(policy))
        self._keys = list(patterns)
        self._set = ListSet(patterns.values())
        self._begun_by = _begun_by(policy.rules, self._keys)
        self._asked_by = [_asked_by(rule, self._keys) for rule in policy.rules]
        self._settled: dict[object, _Settled] = {}
        self._sights: dict[object, Sight] = {}

    def matching(self, texts: Sequence[Text]) -> tuple[str, ...]:
        """Name the rules that match, in the policy's order.

        Raises:
            SetExhaustedError: re2 could not finish; nothing may be concluded.
        """
        found = ((field, number, self._set.matching(text)) for field, number, text in texts)
        # A reading without a match says nothing to any rule.
        kind = tuple((field == NEGATIVE, number, *keys) for field, number, keys in found if keys)
        settled = self._settled.get(kind)
        if settled is None:
            settled = self._settle(kind)
            if len(self._settled) < _REMEMBERED:
                self._settled[kind] = settled
        if settled.lists:
            return tuple(self._looked_at(settled, texts))
        return tuple(self.rules[at].id for at, _ in settled.rules)

    def _settle(self, kind: Sequence[tuple[int, ...]]) -> _Settled:
        begun = {at for _, _, *found in kind for key in found for at in self._begun_by[key]}
        sights = ((at, self._sight(at, kind)) for at in sorted(begun))
        rules = tuple((at, sight) for at, sight in sights if sight)
        unsure = (self.rules[at] for at, sight in rules if sight is Sight.UNSURE)
        return _Settled(rules, frozenset(name for rule in unsure for name in _lists_of(rule)))

    def _sight(self, at: int, kind: Sequence[tuple[int, ...]]) -> Sight:
        """Ask one rule; to it, requests look alike that differ in the lists of others."""
        asked = self._asked_by[at]
        seen = tuple((is_it, text, asked.intersection(found)) for is_it, text, *found in kind)
        sight = self._sights.get((at, seen))
        if sight is None:
            glimpses = [
                Glimpse(bool(is_it), text, frozenset(self._keys[key] for key in found))
                for is_it, text, found in seen
            ]
            sight = self._sights[at, seen] = sight_of(self.rules[at], glimpses)
        return sight

    def _looked_at(self, settled: _Settled, texts: Sequence[Text]) -> Iterator[str]:
        readings = (
            (field, Reading(str(number), text, range(len(text)))) for field, number, text in texts
        )
        scan = self._book.scan_readings(readings, settled.lists)
        for at, sight in settled.rules:
            if sight is Sight.SURE or self._book.rules[at].is_in(scan):
                yield self.rules[at].id


def sight_of(rule: Rule, glimpses: Sequence[Glimpse]) -> Sight:
    """Tell whether a rule matches a request; `CompiledRule.is_in` has the last word on it."""
    excused = [(one.text, one.best(rule.unless)) for one in glimpses] if rule.unless else []

    def live(one: Glimpse, names: Iterable[str]) -> Sight:
        best = one.best(names)
        if best is Sight.NO or (one.text, Sight.SURE) in excused:
            return Sight.NO
        is_doubtful = (one.text, Sight.UNSURE) in excused or (_ALLOWED, rule.id) in one.keys
        return Sight.UNSURE if is_doubtful else best

    if not isinstance(rule, PairRule):
        seen = (one for one in glimpses if rule.in_negatives or not one.is_negative)
        return _most(live(one, _first_of(rule)) for one in seen)
    firsts = [(one, live(one, rule.first)) for one in glimpses]
    pairs = [(one, first, live(one, rule.second)) for one, first in firsts]
    wanted = [(first, second) for one, first, second in pairs if not one.is_negative]
    first = _most(first for first, _ in wanted)
    if rule.within_words is None:
        found = min(first, _most(second for _, second in wanted))
    else:  # How near they stand takes a look.
        found = min(_most(min(each) for each in wanted), Sight.UNSURE)
    negatives = [(one, min(each)) for one, *each in pairs if one.is_negative]
    refused = _most(both for _, both in negatives) if rule.in_negatives else Sight.NO
    removed = min(first, _most(one.best(rule.removed) for one, _ in negatives))
    return max(found, refused, removed)


def _most(sights: Iterable[Sight]) -> Sight:
    return max(sights, default=Sight.NO)


def _first_of(rule: Rule) -> tuple[str, ...]:
    """Name the lists one of which must have a match, by the names that `RuleBook` gives them."""
    if isinstance(rule, PairRule):
        return rule.first
    return (f"rule:{rule.id}",) if isinstance(rule, PatternRule) else rule.lists


def _lists_of(rule: Rule) -> tuple[str, ...]:
    """Name what a rule must be scanned for."""
    others = (*rule.second, *rule.removed) if isinstance(rule, PairRule) else ()
    return (*_first_of(rule), *others, *rule.unless)


def _begun_by(rules: Sequence[Rule], keys: Sequence[_Key]) -> list[list[int]]:
    """List for each of the keys the places of the rules that cannot match without one of theirs."""
    firsts = [{(_LIST, name) for name in _first_of(rule)} for rule in rules]
    return [[at for at, first in enumerate(firsts) if key in first] for key in keys]


def _asked_by(rule: Rule, keys: Sequence[_Key]) -> frozenset[int]:
    """List the places of the keys that a rule looks at."""
    lists = _lists_of(rule)
    own = {(kind, name) for kind in (_LIST, _SPARED) for name in lists} | {(_ALLOWED, rule.id)}
    return frozenset(at for at, key in enumerate(keys) if key in own)


def _patterns(policy: Policy) -> Iterator[tuple[_Key, str]]:
    """List what is looked for: lists, what spares their words, what each rule allows."""
    for name, words in policy.lists.items():
        pattern = list_pattern(words.terms, words.patterns)
        if pattern:  # A list without words; as a pattern it would be in every text.
            yield (_LIST, name), pattern
        if words.allow:
            yield (_SPARED, name), list_pattern(words.allow)
    for rule in policy.rules:
        if isinstance(rule, PatternRule):
            yield (_LIST, f"rule:{rule.id}"), rule.pattern
        if rule.allow:
            yield (_ALLOWED, rule.id), list_pattern(rule.allow)
