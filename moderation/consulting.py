"""Ask one classifier, in bounded time; what goes wrong with it never lets anything pass."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from traceback import format_tb
from typing import Any

import structlog

from core.contracts.verdicts import Check, CheckState, Decision, Finding
from moderation.classifiers.base import ImageClassifier, Scores, TextClassifier, checked
from moderation.deadline import Deadline
from moderation.inquiry import Inquiry, ms_since
from moderation.weighing import EVASION, Scale, Weighed

log = structlog.get_logger()

CHECK_FAILED = "check_failed"
"""The note of a verdict that a failed check made stricter."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a classifier is asked about: one text, in all readings worth scoring, or one picture."""

    field: str
    inputs: tuple[Any, ...]  # Any: texts, or PIL images.
    hidden: float = 0.0
    """How sure it is that a text hides from readers."""


class Consultant:
    """One classifier with its deadline. Safe to share by threads where the classifier is."""

    def __init__(self, classifier: TextClassifier | ImageClassifier, timeout_s: float) -> None:
        self.classifier = classifier
        self._deadline: Deadline[Any] = Deadline(timeout_s)  # Any: scores, or what `within` runs.

    @property
    def source(self) -> str:
        """Name the classifier as findings do."""
        return f"classifier:{self.classifier.name}@{self.classifier.version}"

    def consult(self, inquiry: Inquiry, questions: Sequence[Question], scale: Scale) -> None:
        """Ask about everything at once, and put what comes out into the inquiry."""
        started = time.perf_counter()
        state = CheckState.RAN
        inputs = [each for question in questions for each in question.inputs]
        try:
            answers = self.within(lambda: checked(self.classifier.score(inputs), len(inputs)))
            at = 0
            for question in questions:
                scores = highest(answers[at : at + len(question.inputs)], question.hidden)
                at += len(question.inputs)
                self._judge(inquiry, question.field, scores, scale)
        except TimeoutError:
            log.warning("classifier_timed_out", classifier=self.classifier.name)
            state = CheckState.TIMED_OUT
            inquiry.require(Decision.REVIEW, CHECK_FAILED)
        except Exception as error:  # noqa: BLE001 - fails closed: REVIEW at least.
            report("classifier_failed", error, classifier=self.classifier.name)
            state = CheckState.FAILED
            inquiry.require(Decision.REVIEW, CHECK_FAILED)
        inquiry.checks.append(
            Check(
                name=self.classifier.name,
                version=self.classifier.version,
                state=state,
                duration_ms=ms_since(started),
            )
        )

    def within(self, call: Callable[[], Any]) -> Any:  # Any: what the call returns.
        """Run a call of the classifier's own kind within the deadline."""
        return self._deadline.run(call)

    def _judge(self, inquiry: Inquiry, field: str, scores: Scores, scale: Scale) -> None:
        """Turn the scores of one input into findings; what cannot be judged is reviewed."""
        inquiry.scores.append(scores)
        for found in scale.weigh(scores):
            if isinstance(found, Weighed):
                inquiry.findings.append(self._finding(found, field))
            else:
                inquiry.require(Decision.REVIEW, found)

    def _finding(self, found: Weighed, field: str) -> Finding:
        return Finding(
            category=found.category,
            source=self.source,
            decision=found.decision,
            score=found.score,
            field=field,
        )


def highest(answers: Sequence[Scores], hidden: float = 0.0) -> Mapping[str, float]:
    """Give the highest score of each category over the readings of one text."""
    scores: dict[str, float] = {}
    for answer in answers:
        for code, score in answer.items():
            scores[code] = max(score, scores.get(code, 0.0))
    if hidden > scores.get(EVASION, 0.0):
        scores[EVASION] = hidden
    return scores


def report(event: str, error: Exception, **facts: str) -> None:
    """Log a failed check without the error's message, which may quote a prompt."""
    trace = "".join(format_tb(error.__traceback__))
    log.error(event, error=type(error).__name__, trace=trace, **facts)
