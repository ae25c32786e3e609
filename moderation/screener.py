"""Screen single prompts outside of any job: what `easel screen` prints and the bench counts."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from core.contracts.base import Contract, utc_now
from core.contracts.generation import GenerationSpec
from core.contracts.ids import CommunityId
from core.contracts.verdicts import CheckState, Decision, Finding, Span, Stage, Verdict
from core.prompts import PromptSyntaxError
from moderation.classifiers.base import UNSAFE
from moderation.engine import Examined, Gate, texts_of
from moderation.inquiry import Subject, digest_of, ms_since
from moderation.rules import ScreenedText
from moderation.weighing import Scale

NOBODY = CommunityId("screen")
"""The community of verdicts that nobody keeps."""

EMPTY = "empty"
TOO_LONG = "too_long"
NOT_UTF8 = "not_utf8"
UNREADABLE = "notation"
"""What is said of a line that no request could be made of; its words are screened all the same."""


class MarkedSpan(Contract):
    """A range of the prompt that a finding hangs on."""

    category: str
    source: str
    field: str
    start: int
    end: int
    text: str | None = Field(description="None where the policy forbids an echo.")


class Screened(Contract):
    """What the gate says of one prompt."""

    line: int = Field(description="Its place in the file, from 1.")
    decision: Decision
    category: str | None
    scores: dict[str, float] = Field(
        description="By category: the probability of the classifier, or of the rules that match."
    )
    unsafe: float = Field(description="How likely it is unfit for the community in any way.")
    spans: tuple[MarkedSpan, ...]
    rules: tuple[str, ...] = Field(description="Ids of the rules that found something.")
    policy: str
    policy_version: str
    model: str | None = Field(description="Name and version of the classifier; None: not asked.")
    note: str | None = Field(description="Why the decision is not the findings' own.")
    about: str | None = Field(default=None, description="What is the matter with the line itself.")
    ms: float = Field(description="Milliseconds of the whole cascade.")


@dataclass(frozen=True, slots=True)
class Screener:
    """Ask one gate about many prompts."""

    gate: Gate
    is_age_restricted: bool = False
    is_located: bool = False
    """Also find the words that the classifier's findings hang on: many times as slow."""

    def screen(self, line: bytes, number: int = 1, now: datetime | None = None) -> Screened:
        """Screen one line of a file, whatever it holds."""
        prompt, about = _decoded(line)
        if not prompt:
            return self._told(number, None, None, EMPTY, 0.0)
        started = time.perf_counter()
        texts, problem = self._texts_of(prompt)
        subject = Subject(
            Stage.PROMPT, NOBODY, None, now or utc_now(), digest_of(texts), self.is_age_restricted
        )
        examined = self.gate.examine(texts, subject)
        ms = ms_since(started)
        verdict = examined.verdict
        if self.is_located:
            verdict = self.gate.located(verdict, texts, is_age_restricted=self.is_age_restricted)
        return self._told(number, verdict, examined, about or problem, ms)

    def _texts_of(self, prompt: str) -> tuple[Sequence[ScreenedText], str | None]:
        """List what a request of these words would have screened; at least the words themselves."""
        bare = (ScreenedText("prompt", prompt),)
        if len(prompt) > self.gate.policy.max_prompt_chars:
            return bare, TOO_LONG
        try:
            return texts_of(GenerationSpec(prompt=prompt)), None
        except PromptSyntaxError:
            return bare, UNREADABLE

    def _told(
        self,
        number: int,
        verdict: Verdict | None,
        examined: Examined | None,
        about: str | None,
        ms: float,
    ) -> Screened:
        policy = self.gate.policy
        findings = verdict.findings if verdict else ()
        said = examined.scores if examined else ()
        scores = self._scores(said, findings)
        acting = [score for code, score in scores.items() if code in _binding(findings)]
        unsafe = max((one.get(UNSAFE, 0.0) for one in said), default=0.0)
        return Screened(
            line=number,
            decision=verdict.decision if verdict else Decision.ALLOW,
            category=verdict.category if verdict else None,
            scores={code: round(score, 6) for code, score in sorted(scores.items())},
            unsafe=round(max([unsafe, *acting]), 6),
            spans=tuple(self._spans(findings)),
            rules=tuple(dict.fromkeys(_rule_ids(findings))),
            policy=policy.name,
            policy_version=policy.version,
            model=_model_of(verdict),
            note=verdict.note if verdict else None,
            about=about,
            ms=ms,
        )

    def _scores(
        self, said: Iterable[Mapping[str, float]], findings: Iterable[Finding]
    ) -> dict[str, float]:
        scale = Scale(self.gate.policy, is_age_restricted=self.is_age_restricted)
        scores: dict[str, float] = {}
        for one in said:
            for code, score in scale.lifted(one).items():
                scores[code] = max(score, scores.get(code, 0.0))
        for finding in findings:
            if finding.decision is not Decision.ALLOW:
                scores[finding.category] = max(finding.score, scores.get(finding.category, 0.0))
        return scores

    def _spans(self, findings: Iterable[Finding]) -> Iterable[MarkedSpan]:
        for finding in findings:
            category = self.gate.policy.categories[finding.category]
            spans: list[Span] = [finding.span] if finding.span else []
            for span in (*spans, *finding.also):
                yield MarkedSpan(
                    category=finding.category,
                    source=finding.source,
                    field=finding.field,
                    start=span.start,
                    end=span.end,
                    text=span.text if category.is_echoed else None,
                )


def _decoded(line: bytes) -> tuple[str, str | None]:
    """Read a line without its end; what is no UTF-8 is read as far as it goes."""
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return line.decode().strip(), None
    except UnicodeDecodeError:
        return line.decode(errors="replace").strip(), NOT_UTF8


def _binding(findings: Iterable[Finding]) -> set[str]:
    return {each.category for each in findings if each.decision is not Decision.ALLOW}


def _rule_ids(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        if finding.source.startswith("rule:"):
            yield finding.source.removeprefix("rule:")


def _model_of(verdict: Verdict | None) -> str | None:
    for check in verdict.checks if verdict else ():
        if check.version and check.name != "rules" and check.state is CheckState.RAN:
            return f"{check.name}@{check.version}"
    return None
