"""Ask a second classifier beside the one that decides, about live prompts; nothing comes of it.

A thread of its own asks once a verdict is stored, one prompt after the other, so no answer waits
for it and none is changed by it. It decides as the gate of the place would if the classifier in
shadow were in force; where that comes out otherwise is kept for those who run the house. What
waits for it is bounded: what comes too fast is dropped, and counted.
"""

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from queue import Full, Queue

import structlog

from core.contracts.base import utc_now
from core.contracts.features import Asked, Disagreement, Features
from core.contracts.ids import CommunityId
from core.contracts.verdicts import Decision, Stage, Verdict
from core.errors import Unavailable
from core.storage import Store
from core.telemetry import SHADOW_PROMPTS
from moderation.classifiers.base import TextClassifier
from moderation.classifiers.screen_files import ModelError
from moderation.consulting import Consultant, report
from moderation.engine import Gate
from moderation.features import disagreement, is_finished
from moderation.inquiry import Subject
from moderation.replay import Decided
from moderation.rules import ScreenedText
from moderation.weighing import Scale

log = structlog.get_logger()

WAITING_MOST = 256
"""Prompts that wait to be asked about: some minutes of a busy community, a few megabytes."""

AT_A_TIME = 50
"""Answers that are written down together while more prompts wait."""

STOP_S = 2.0
"""How long the end of a process waits for the answer that is being given."""


class Answer(StrEnum):
    """What became of one prompt."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    FAILED = "failed"
    """It raised, took too long, answered nonsense, or could not be loaded."""
    DROPPED = "dropped"
    """Too many were waiting."""


@dataclass(frozen=True, slots=True)
class Live:
    """A prompt that was just decided, and by what."""

    gate: Gate
    texts: Sequence[ScreenedText]
    verdict: Verdict
    features: Features


@dataclass(frozen=True, slots=True)
class _Told:
    """One answer that is to be written down."""

    community_id: CommunityId
    answer: Answer
    disagreement: Disagreement | None = None


class Shadow:
    """A classifier in shadow, with its thread."""

    def __init__(
        self,
        store: Store,
        load: Callable[[], TextClassifier | None],
        timeout_s: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare it; nothing is loaded yet.

        Args:
            store: Where its answers are kept.
            load: Loads the classifier, in the shadow's own thread: a guard model takes minutes.
            timeout_s: How long it may take for one prompt.
            clock: Tells the time.
        """
        self._store = store
        self._load = load
        self._timeout_s = timeout_s
        self._clock = clock
        self._waiting: Queue[Live | None] = Queue(WAITING_MOST)
        self._is_over = threading.Event()
        self._is_lost = False
        self._thread: threading.Thread | None = None
        self._told: list[_Told] = []

    def start(self) -> None:
        """Begin to load, then to ask."""
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the prompt that is being asked about; what waits is let go."""
        self._is_over.set()
        if self._thread is not None:
            with suppress(Full):  # Who has prompts to ask about looks at the flag anyway.
                self._waiting.put_nowait(None)
            self._thread.join(STOP_S)

    def offer(self, live: Live) -> None:
        """Have a prompt asked about some time; returns at once and never raises."""
        if live.features.classifier is Asked.SPARED:
            return  # Rules settled it: no classifier would have been asked.
        if self._is_lost:
            SHADOW_PROMPTS.labels(Answer.FAILED).inc()
            return
        try:
            self._waiting.put_nowait(live)
        except Full:
            SHADOW_PROMPTS.labels(Answer.DROPPED).inc()

    def _run(self) -> None:
        try:
            classifier = self._load()
        except ModelError as error:
            log.error("shadow_not_loaded", reason=str(error))  # noqa: TRY400 - the reason is all there is to say.
            classifier = None
        if classifier is None:
            self._give_up()
            return
        log.info("shadow_loaded", classifier=classifier.name, version=classifier.version)
        reader = Consultant(classifier, self._timeout_s)
        while (live := self._waiting.get()) is not None and not self._is_over.is_set():
            with structlog.contextvars.bound_contextvars(
                job_id=live.features.job_id, in_shadow=True
            ):
                told = self._ask(live, classifier, reader)
                SHADOW_PROMPTS.labels(told.answer).inc()
                self._told.append(told)
                if self._waiting.empty() or len(self._told) >= AT_A_TIME:
                    self._write(reader.source)
        self._write(reader.source)

    def _give_up(self) -> None:
        """Count what waited as failed, and whatever is offered from now on."""
        self._is_lost = True
        while not self._waiting.empty():
            is_prompt = self._waiting.get() is not None  # Else it says that this is the end.
            SHADOW_PROMPTS.labels(Answer.FAILED).inc(is_prompt)

    def _ask(self, live: Live, classifier: TextClassifier, reader: Consultant) -> _Told:
        features = live.features
        try:
            found = _otherwise(live, live.gate.with_classifier(classifier, reader), reader.source)
        except Exception as error:  # noqa: BLE001 - a thread's boundary; live prompts go on.
            report("shadow_failed", error)
            return _Told(features.community_id, Answer.FAILED)
        if isinstance(found, Answer):
            return _Told(features.community_id, found)
        log.info(
            "shadow_disagreed",
            candidate=found.candidate,
            decision=found.decision,
            category=found.category,
            would_decide=found.would_decide,
            would_name=found.would_name,
            score=found.would_score,
        )
        return _Told(features.community_id, Answer.DISAGREED, found)

    def _write(self, candidate: str) -> None:
        """Write down what was answered since the last time."""
        told, self._told = self._told, []
        counts: dict[CommunityId, Counter[Answer]] = {}
        for each in told:
            counts.setdefault(each.community_id, Counter())[each.answer] += 1
        try:
            with self._store.unit() as unit:
                for each in told:
                    if each.disagreement is not None:
                        unit.features.disagree(each.disagreement)
                for community_id, count in counts.items():
                    unit.shadows.count(
                        community_id,
                        candidate,
                        asked=count.total(),
                        disagreed=count[Answer.DISAGREED],
                        failed=count[Answer.FAILED],
                        now=self._clock(),
                    )
        except Unavailable as error:
            log.warning("shadow_not_written", code=error.code, answers=len(told))


def _otherwise(live: Live, gate: Gate, candidate: str) -> Answer | Disagreement:
    """Decide a prompt by another gate, and say what differs."""
    features = live.features
    subject = Subject(
        Stage.PROMPT,
        features.community_id,
        features.job_id,
        features.decided_at,
        features.input_sha256,
        features.is_age_restricted,
    )
    examined = gate.examine(live.texts, subject)
    verdict = examined.verdict
    if not is_finished(verdict):
        return Answer.FAILED
    if (verdict.decision, verdict.category) == (features.decision, features.category):
        return Answer.AGREED
    is_passed = verdict.decision is Decision.ALLOW
    deciding = (live.verdict if is_passed else verdict).deciding
    scale = Scale(gate.policy, is_age_restricted=features.is_age_restricted)
    would = Decided(verdict.decision, verdict.category, deciding.source if deciding else "")
    score = _score_of(verdict.category or features.category, examined.scores, scale)
    return disagreement(features, candidate, would).model_copy(update={"would_score": score})


def _score_of(
    category: str | None, scores: Sequence[Mapping[str, float]], scale: Scale
) -> float | None:
    """Find what the classifier gave the category in question, as thresholds see it."""
    if category is None:
        return None
    found = max((scale.lifted(one).get(category, 0.0) for one in scores), default=math.nan)
    return None if math.isnan(found) else round(found, 6)
