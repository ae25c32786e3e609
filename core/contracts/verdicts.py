"""Record what moderation found and decided: append-only, replayable, explainable."""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, JobId, VerdictId


class Decision(StrEnum):
    """The three things an engine can say, mildest first."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class Stage(StrEnum):
    """At which gate a verdict was made."""

    RULES = "rules"
    PROMPT = "prompt"
    IMAGE = "image"


class Span(Contract):
    """A half-open range of characters in the text as the person typed it."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str = Field(description="The characters themselves, as typed.")


class Finding(Contract):
    """What one rule or classifier saw. Findings are opinions; only the engine decides."""

    category: str = Field(description="A category code of the policy, for example `gore_graphic`.")
    source: str = Field(description="`rule:<id>` or `classifier:<name>@<version>`.")
    decision: Decision = Field(description="What this finding alone asks for.")
    score: float = Field(default=1.0, ge=0, le=1)
    field: str = Field(default="prompt", description="Which text: prompt, negative, file_name, …")
    span: Span | None = None
    also: tuple[Span, ...] = Field(
        default=(), description="Further ranges that the finding hangs on, the weightiest first."
    )
    is_obfuscated: bool = Field(
        default=False, description="The match appeared only after normalisation."
    )


class CheckState(StrEnum):
    """What became of one check."""

    RAN = "ran"
    MISSING = "missing"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


class Check(Contract):
    """One rule set or classifier that was due, and what became of it."""

    name: str
    version: str = ""
    state: CheckState = CheckState.RAN
    duration_ms: float = 0.0


class Verdict(Contract):
    """One decision of the engine with everything needed to explain and replay it."""

    verdict_id: VerdictId
    job_id: JobId | None = None
    community_id: CommunityId
    stage: Stage
    decision: Decision
    category: str | None = Field(default=None, description="The deciding category, if any.")
    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    policy_name: str
    policy_version: str
    input_sha256: str = Field(description="Of the screened texts or the picture, in order.")
    duration_ms: float = 0.0
    decided_at: Moment
    note: str | None = Field(
        default=None,
        description="A code that says why a verdict is not the findings' own, for example "
        "`classifier_missing_rules_only` or `check_failed`.",
    )

    @property
    def deciding(self) -> Finding | None:
        """Pick the finding that the refusal names: the strictest, first in order."""
        for decision in (Decision.BLOCK, Decision.REVIEW):
            for finding in self.findings:
                if finding.decision is decision:
                    return finding
        return None


class RefusalReason(Contract):
    """What the author of a refused request is told. Made by `moderation.engine.explain`."""

    decision: Decision
    category: str
    category_title: str
    member_text: str = Field(description="The community's own words for this category.")
    what_would_pass: str = Field(description="What to change so that the request passes.")
    span: Span | None = None
    also: tuple[Span, ...] = Field(default=(), description="Further words that decided it.")
    field: str = "prompt"
    rule: str = ""
    policy_name: str
    policy_version: str
    is_echoed: bool = Field(default=True, description="False: the span is never shown again.")
    is_appealable: bool = True
    help_text: str | None = None
