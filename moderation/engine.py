"""Decide: turn what rules and classifiers find into one verdict, and fail closed.

A rule or classifier that raises, times out or answers nonsense leaves a check record and makes
the verdict REVIEW at least; a finding that blocks still blocks. A classifier that is not
configured follows the policy's `classifier_missing`, and the verdict says so.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from core.contracts.generation import GenerationSpec
from core.contracts.ids import CommunityId, JobId, VerdictId, new_id
from core.contracts.verdicts import (
    Check,
    CheckState,
    Decision,
    Finding,
    RefusalReason,
    Stage,
    Verdict,
)
from core.workflow import Outcome
from moderation.classifiers.base import BlindCheck, ImageClassifier, TextClassifier
from moderation.consulting import CHECK_FAILED, Consultant, Question, report
from moderation.explain import located, once, placed, reason_of
from moderation.inquiry import Inquiry, Subject, digest_of, ms_since, rank, stricter
from moderation.normalize import Readings, read
from moderation.obfuscation import obfuscation
from moderation.policy import FLOOR_CATEGORIES, MissingCheck, Policy, Severity
from moderation.policy_house import Mode
from moderation.rules import NEGATIVE, RULE, RuleBook, Scan, ScreenedText
from moderation.weighing import Scale

log = structlog.get_logger()

_GRAVITY = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Examined:
    """A verdict, with what it takes to come to another one under another policy."""

    verdict: Verdict
    scores: Sequence[Mapping[str, float]]
    """What the classifier said of each text; empty where it was not asked."""


def texts_of(
    spec: GenerationSpec,
    styles: Mapping[str, str] | None = None,
    file_names: Iterable[str] = (),
) -> tuple[ScreenedText, ...]:
    """List every entrance of a request: prompt, permutations, parts, style, negatives.

    Args:
        spec: The request.
        styles: What each named style appends to a prompt (`ModelProfile.styles`).
        file_names: What the files were called that a member uploaded for it.
    """
    texts = [ScreenedText("prompt", spec.prompt)]
    for variant, parts in zip(spec.variants, spec.parts, strict=True):
        texts.append(ScreenedText("permutation", variant))
        texts += [ScreenedText("part", part.text) for part in parts]
    if spec.style is not None:
        words = (styles or {}).get(spec.style, "")
        texts.append(ScreenedText("style", f"{spec.style} {words}".strip()))
    texts += [ScreenedText(NEGATIVE, term) for term in spec.negative]
    texts += [ScreenedText("file_name", name) for name in file_names]
    return _distinct(texts)


def _distinct(texts: Iterable[ScreenedText]) -> tuple[ScreenedText, ...]:
    """Keep the first of equal texts; what is wanted and what is not stay apart."""
    first: dict[tuple[bool, str], ScreenedText] = {}
    for text in texts:
        first.setdefault((text.field == NEGATIVE, text.text), text)
    return tuple(first.values())


def outcome_of(verdict: Verdict) -> Outcome:
    """Say which outcome of the workflow a verdict is.

    A review that no finding asks for is one that a missing or failed check asks for.
    """
    is_unasked = verdict.decision is Decision.REVIEW and verdict.deciding is None
    if is_unasked and verdict.stage is not Stage.RULES:
        return Outcome.CHECK_UNAVAILABLE
    return _OUTCOMES[verdict.stage, verdict.decision]


_OUTCOMES = {
    (Stage.RULES, Decision.ALLOW): Outcome.RULES_PASS,
    (Stage.RULES, Decision.REVIEW): Outcome.RULES_REVIEW,
    (Stage.RULES, Decision.BLOCK): Outcome.RULES_BLOCK,
    (Stage.PROMPT, Decision.ALLOW): Outcome.PROMPT_ALLOW,
    (Stage.PROMPT, Decision.REVIEW): Outcome.PROMPT_REVIEW,
    (Stage.PROMPT, Decision.BLOCK): Outcome.PROMPT_BLOCK,
    (Stage.IMAGE, Decision.ALLOW): Outcome.OUTPUT_ALLOW,
    (Stage.IMAGE, Decision.REVIEW): Outcome.OUTPUT_REVIEW,
    (Stage.IMAGE, Decision.BLOCK): Outcome.OUTPUT_BLOCK,
}


def _question(text: ScreenedText, readings: Readings) -> Question:
    """Ask about a text as it reads, and with hidden words put right where there are any."""
    inputs = dict.fromkeys((readings.plain.text, readings.repaired.text))
    return Question(text.field, tuple(inputs), obfuscation(text.text, readings))


class Gate:
    """One policy, compiled: every prompt and picture passes here. Safe to share by threads."""

    def __init__(
        self,
        policy: Policy,
        *,
        classifier: TextClassifier | None = None,
        image_classifier: ImageClassifier | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        self._classifier = classifier
        self._reader = Consultant(classifier, timeout_s) if classifier else None
        self._viewer = Consultant(image_classifier, timeout_s) if image_classifier else None
        self._adopt(policy, None)

    def with_policy(self, policy: Policy, *, held_because: str | None = None) -> "Gate":
        """Make the gate of another policy, with the same classifiers.

        Args:
            policy: The policy.
            held_because: A note. Then nothing is let through: what no rule blocks is held.
        """
        gate = copy(self)
        gate._adopt(policy, held_because)  # noqa: SLF001 - a gate, too.
        return gate

    def with_classifier(self, classifier: TextClassifier, reader: Consultant) -> "Gate":
        """Make the gate of the same policy with another classifier, asked by its consultant."""
        gate = copy(self)
        gate._classifier, gate._reader = classifier, reader  # noqa: SLF001 - a gate, too.
        return gate

    def _adopt(self, policy: Policy, held_because: str | None) -> None:
        self._policy = policy
        self._rules = RuleBook(policy)
        self._held_because = held_because

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._policy

    @property
    def classifier(self) -> TextClassifier | None:
        """What reads prompts here, if anything does."""
        return self._classifier

    @property
    def has_image_check(self) -> bool:
        """Tell whether anything looks at pictures."""
        return self._viewer is not None

    def screen_rules(
        self,
        texts: Sequence[ScreenedText],
        *,
        community_id: CommunityId,
        job_id: JobId | None = None,
        now: datetime,
        is_age_restricted: bool = False,
    ) -> Verdict:
        """Screen by rules alone: the instant answer, before any job is queued."""
        subject = Subject(
            Stage.RULES, community_id, job_id, now, digest_of(texts), is_age_restricted
        )
        return self.examine(texts, subject).verdict

    def screen_prompt(
        self,
        texts: Sequence[ScreenedText],
        *,
        community_id: CommunityId,
        job_id: JobId | None = None,
        now: datetime,
        is_age_restricted: bool = False,
    ) -> Verdict:
        """Screen by rules and the classifier: what clears a prompt for drawing."""
        subject = Subject(
            Stage.PROMPT, community_id, job_id, now, digest_of(texts), is_age_restricted
        )
        return self.examine(texts, subject).verdict

    def examine(self, texts: Sequence[ScreenedText], subject: Subject) -> Examined:
        """Screen as the subject's stage says, and keep the scores."""
        inquiry = self._begin()
        readings = self._read(texts)
        self._apply_rules(inquiry, texts, readings, subject)
        if subject.stage is Stage.PROMPT and not self._is_settled(inquiry):
            self._apply_classifier(inquiry, texts, readings, subject)
        return Examined(self._conclude(inquiry, subject), inquiry.scores)

    def screen_image(
        self,
        # A PIL image; typed loosely so that processes without Pillow can import this module.
        image: Any,
        *,
        community_id: CommunityId,
        job_id: JobId | None,
        now: datetime,
        is_age_restricted: bool = False,
    ) -> Verdict:
        """Screen one finished picture by its pixels."""
        inquiry = self._begin()
        digest = self._digest_of_pixels(inquiry, image)
        subject = Subject(Stage.IMAGE, community_id, job_id, now, digest, is_age_restricted)
        if self._viewer is not None:
            self._viewer.consult(inquiry, [Question("picture", (image,))], self._scale(subject))
        if self._viewer is None or isinstance(self._viewer.classifier, BlindCheck):
            self._note_missing(inquiry, "image_check", self._policy.image_check_missing)
        return self._conclude(inquiry, subject)

    def located(
        self, verdict: Verdict, texts: Sequence[ScreenedText], *, is_age_restricted: bool = False
    ) -> Verdict:
        """Mark the words that a classifier's deciding finding hangs on, where it can say.

        This asks the classifier again, about the text without this word and without that one; a
        verdict that is only counted can do without.
        """
        finding, reader = verdict.deciding, self._reader
        if finding is None or reader is None or finding.source != reader.source:
            return verdict
        scale = Scale(self._policy, is_age_restricted=is_age_restricted)
        marked = located(finding, texts, reader, scale)
        findings = tuple(marked if each is finding else each for each in verdict.findings)
        return verdict.model_copy(update={"findings": findings})

    def explain(self, verdict: Verdict) -> RefusalReason:
        """Say why, in the words of the policy."""
        return reason_of(verdict, self._policy)

    def _is_settled(self, inquiry: Inquiry) -> bool:
        """Tell whether rules have refused already: then nothing dearer needs to be asked."""
        return any(
            finding.decision is Decision.BLOCK and self._is_binding(finding)
            for finding in inquiry.findings
        )

    def _is_binding(self, finding: Finding) -> bool:
        """Tell whether a finding counts: all do, in shadow mode only those of the floor."""
        return self._policy.mode is not Mode.SHADOW or finding.category in FLOOR_CATEGORIES

    def _read(self, texts: Sequence[ScreenedText]) -> Sequence[Readings]:
        """Read each text once, for rules and classifier; nothing where that fails."""
        try:
            return [read(text.text) for text in texts]
        except Exception as error:  # noqa: BLE001 - fails closed: the callers make it REVIEW.
            report("reading_failed", error)
            return ()

    def _apply_classifier(
        self,
        inquiry: Inquiry,
        texts: Sequence[ScreenedText],
        readings: Sequence[Readings],
        subject: Subject,
    ) -> None:
        if self._reader is None:
            self._note_missing(inquiry, "classifier", self._policy.classifier_missing)
            return
        # A term of `--no` is judged by rules only: a classifier cannot tell wish from refusal.
        # What could not be read is under review already.
        questions = [
            _question(text, found)
            for text, found in zip(texts, readings, strict=False)
            if text.field != NEGATIVE
        ]
        self._reader.consult(inquiry, questions, self._scale(subject))
        inquiry.findings = once(inquiry.findings)

    def _scale(self, subject: Subject) -> Scale:
        return Scale(self._policy, is_age_restricted=subject.is_age_restricted)

    def _begin(self) -> Inquiry:
        inquiry = Inquiry()
        if self._held_because is not None:
            inquiry.require(Decision.REVIEW, self._held_because)
        return inquiry

    def _apply_rules(
        self,
        inquiry: Inquiry,
        texts: Sequence[ScreenedText],
        readings: Sequence[Readings],
        subject: Subject,
    ) -> None:
        started = time.perf_counter()
        state = CheckState.RAN
        scan = self._scan(texts, readings)
        if scan is None:
            state = CheckState.FAILED
            inquiry.require(Decision.REVIEW, CHECK_FAILED)
        else:
            for rule in self._rules.rules:
                try:
                    found = rule.find(scan, is_age_restricted=subject.is_age_restricted)
                except Exception as error:  # noqa: BLE001 - fails closed: REVIEW at least.
                    report("rule_failed", error, rule=rule.source)
                    inquiry.checks.append(Check(name=rule.source, state=CheckState.FAILED))
                    inquiry.require(Decision.REVIEW, CHECK_FAILED)
                else:
                    inquiry.findings += placed(found, texts)
        version = self._policy.version
        took_ms = ms_since(started)
        inquiry.checks.append(
            Check(name="rules", version=version, state=state, duration_ms=took_ms)
        )

    def _scan(self, texts: Sequence[ScreenedText], readings: Sequence[Readings]) -> Scan | None:
        try:
            return self._rules.scan_readings(
                (text.field, guess)
                for text, found in zip(texts, readings, strict=True)
                for guess in found.guesses
            )
        except Exception as error:  # noqa: BLE001 - fails closed: the caller makes it REVIEW.
            report("scan_failed", error)
            return None

    def _digest_of_pixels(self, inquiry: Inquiry, image: Any) -> str:  # Any: a PIL image.
        """Hash the decoded pixels; a picture that cannot be read is never let through."""
        try:
            pixels = f"{image.mode} {image.size} ".encode() + image.tobytes()
        except Exception as error:  # noqa: BLE001 - fails closed: REVIEW at least.
            report("picture_unreadable", error)
            inquiry.require(Decision.REVIEW, CHECK_FAILED)
            pixels = b""
        return hashlib.sha256(pixels).hexdigest()

    def _note_missing(self, inquiry: Inquiry, name: str, setting: MissingCheck) -> None:
        inquiry.checks.append(Check(name=name, state=CheckState.MISSING))
        decision = _WHERE_MISSING[setting]
        suffix = f"_{setting}" if setting is MissingCheck.RULES_ONLY else ""
        inquiry.require(decision, f"{name}_missing{suffix}")

    def _conclude(self, inquiry: Inquiry, subject: Subject) -> Verdict:
        findings = sorted(inquiry.findings, key=self._weight, reverse=True)
        binding, note = list(filter(self._is_binding, findings)), inquiry.note
        decision = inquiry.at_least
        for finding in binding[:1]:
            decision = stricter(decision, finding.decision)
        if findings and rank(findings[0].decision) > rank(decision):
            note = f"shadow_{findings[0].decision}"
        names_category = bool(binding) and binding[0].decision is not Decision.ALLOW
        return Verdict(
            verdict_id=VerdictId(new_id()),
            job_id=subject.job_id,
            community_id=subject.community_id,
            stage=subject.stage,
            decision=decision,
            category=binding[0].category if names_category else None,
            findings=tuple(findings),
            checks=tuple(inquiry.checks),
            policy_name=self._policy.name,
            policy_version=self._policy.version,
            input_sha256=subject.input_sha256,
            duration_ms=ms_since(inquiry.started),
            decided_at=subject.now,
            note=note,
        )

    def _weight(self, finding: Finding) -> tuple[int, float, int]:
        """Order findings: the strictest first, of those the surest, of those the gravest.

        A rule says what the policy says, so it goes before what a model guesses, and of rules the
        gravest is named: the score of a rule is evidence for readers, and decides nothing.
        """
        severity = self._policy.categories[finding.category].severity
        sure = 1.0 if finding.source.startswith(RULE) else finding.score
        return rank(finding.decision), sure, _GRAVITY.index(severity)


_WHERE_MISSING = {
    MissingCheck.RULES_ONLY: Decision.ALLOW,
    MissingCheck.REVIEW: Decision.REVIEW,
    MissingCheck.BLOCK: Decision.BLOCK,
}
