"""Explain a verdict: where the match stands in what was typed, and what the policy says to it."""

from collections.abc import Iterable, Sequence

from core.contracts.verdicts import Finding, RefusalReason, Span, Verdict
from moderation.policy import Policy
from moderation.rules import ScreenedText

_DERIVED = frozenset({"permutation", "part"})
"""Fields that were made out of the prompt; a person typed only the prompt itself."""


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
    start = typed.find(finding.span.text)
    if start < 0:
        return finding.model_copy(update={"field": "permutation"})
    span = Span(start=start, end=start + len(finding.span.text), text=finding.span.text)
    return finding.model_copy(update={"field": "prompt", "span": span})


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
        field=finding.field,
        rule=finding.source,
        policy_name=verdict.policy_name,
        policy_version=verdict.policy_version,
        is_echoed=category.is_echoed,
        is_appealable=category.appealable,
        help_text=category.help_text,
    )
