"""Explain a verdict: where the match stands in what was typed, and what the policy says to it."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from core.contracts.verdicts import Finding, RefusalReason, Span, Verdict
from moderation.classifiers.base import Scores
from moderation.consulting import Consultant, report
from moderation.inquiry import rank
from moderation.normalize import read
from moderation.policy import Policy
from moderation.rules import ScreenedText
from moderation.weighing import Scale

_DERIVED = frozenset({"permutation", "part"})
"""Fields that were made out of the prompt; a person typed only the prompt itself."""


class Influence(Protocol):
    """A range of a text that a score hangs on."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """The first character behind it."""


@runtime_checkable
class Explaining(Protocol):
    """A text classifier that is quick enough to say which words its score hangs on."""

    def score(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Score each text."""

    def explain(self, text: str, category: str) -> Sequence[Influence]:
        """Find the spans whose removal lowers a category's score most, the strongest first."""


def placed(findings: Iterable[Finding], texts: Sequence[ScreenedText]) -> list[Finding]:
    """Move findings in permutations and parts back to the prompt, each once.

    A match that exists in a permutation only (`{nu,clo}de`) keeps the field `permutation`.
    """
    typed = next((text.text for text in texts if text.field == "prompt"), "")
    moved = {_key(at_home): at_home for at_home in (_home(finding, typed) for finding in findings)}
    return list(moved.values())


def _key(finding: Finding) -> tuple[str, str, int]:
    return finding.source, finding.field, finding.span.start if finding.span else -1


def _home(finding: Finding, typed: str) -> Finding:
    if finding.field not in _DERIVED or finding.span is None:
        return finding
    spans = [_in_prompt(span, typed) for span in (finding.span, *finding.also)]
    if spans[0] is None:
        return finding.model_copy(update={"field": "permutation"})
    also = tuple(span for span in spans[1:] if span is not None)
    return finding.model_copy(update={"field": "prompt", "span": spans[0], "also": also})


def _in_prompt(span: Span, typed: str) -> Span | None:
    start = typed.find(span.text)
    return None if start < 0 else Span(start=start, end=start + len(span.text), text=span.text)


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out what a classifier says of a part of the prompt where it says it of the whole.

    Of several parts that it says the same of, the one with the highest score stays.
    """
    kept: dict[object, Finding] = {}
    for number, finding in enumerate(findings):
        is_of_a_model = finding.span is None and finding.field in {"prompt", *_DERIVED}
        key = (finding.source, finding.category) if is_of_a_model else number
        kept[key] = max(kept.get(key, finding), finding, key=_told_first)
    return list(kept.values())


def _told_first(finding: Finding) -> tuple[int, bool, float]:
    return rank(finding.decision), finding.field == "prompt", finding.score


def located(
    finding: Finding, texts: Sequence[ScreenedText], reader: Consultant, scale: Scale
) -> Finding:
    """Mark in a text what a classifier's finding hangs on; as it was where the model cannot say."""
    model = reader.classifier
    of_field = [text.text for text in texts if text.field == finding.field]
    if not isinstance(model, Explaining) or not of_field:
        return finding
    try:
        spans = reader.within(lambda: _spans(model, of_field, finding, scale))
    except Exception as error:  # noqa: BLE001 - the verdict stands without its marks.
        report("explanation_failed", error, classifier=reader.classifier.name)
        return finding
    if not spans:
        return finding
    typed = next((text.text for text in texts if text.field == "prompt"), "")
    marked = finding.model_copy(update={"span": spans[0], "also": tuple(spans[1:])})
    return _home(marked, typed)


def _spans(model: Explaining, texts: Sequence[str], finding: Finding, scale: Scale) -> list[Span]:
    """Find spans where the category is likeliest: as few as change the verdict."""
    plain = [read(text).plain for text in texts]
    scores = model.score([reading.text for reading in plain]) if len(plain) > 1 else [{}]
    at = max(range(len(plain)), key=lambda place: scores[place].get(finding.category, 0.0))
    reading = plain[at]
    found = [one for one in model.explain(reading.text, finding.category) if one.start < one.end]
    answers = model.score([_without(reading.text, found[:count]) for count in _counts(found)])
    for count, answer in zip(_counts(found), answers, strict=True):
        if rank(scale.strictest(answer)) < rank(finding.decision):
            found = found[:count]
            break
    return [reading.span(one.start, one.end) for one in found]


def _counts(found: Sequence[Influence]) -> range:
    return range(1, len(found) + 1)


def _without(text: str, gone: Sequence[Influence]) -> str:
    for one in sorted(gone, key=lambda one: -one.start):
        text = f"{text[: one.start]} {text[one.end :]}"
    return text


def reason_of(verdict: Verdict, policy: Policy) -> RefusalReason:
    """Put a verdict's deciding finding into the words of its policy.

    A verdict without a finding (a check is missing or failed) is explained by its note, which
    stands in `rule`.
    """
    finding = verdict.deciding
    category = policy.categories.get(finding.category) if finding else None
    if finding is None or category is None:
        return RefusalReason(
            decision=verdict.decision,
            category=verdict.category or "",
            category_title=policy.unchecked.title,
            member_text=policy.unchecked.member_text,
            what_would_pass=policy.unchecked.what_would_pass,
            rule=verdict.note or "",
            policy_name=verdict.policy_name,
            policy_version=verdict.policy_version,
        )
    return RefusalReason(
        decision=verdict.decision,
        category=finding.category,
        category_title=category.title,
        member_text=category.member_text,
        what_would_pass=category.what_would_pass,
        span=finding.span if category.is_echoed else None,
        also=finding.also if category.is_echoed else (),
        field=finding.field,
        rule=finding.source,
        policy_name=verdict.policy_name,
        policy_version=verdict.policy_version,
        is_echoed=category.is_echoed,
        is_appealable=category.appealable,
        help_text=category.help_text,
    )
