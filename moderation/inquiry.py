"""Gather what comes to light about one prompt or picture until the engine concludes."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.contracts.ids import CommunityId, JobId
from core.contracts.verdicts import Check, Decision, Finding, Stage
from moderation.rules import ScreenedText

_STRICTNESS = tuple(Decision)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a verdict is about."""

    stage: Stage
    community_id: CommunityId
    job_id: JobId | None
    now: datetime
    input_sha256: str
    is_age_restricted: bool = False


@dataclass(slots=True)
class Inquiry:
    """What has come to light so far, and how strict the verdict must be at least."""

    started: float = field(default_factory=time.perf_counter)
    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    scores: list[Mapping[str, float]] = field(default_factory=list)
    """What a classifier said of each text, whatever the thresholds make of it."""
    at_least: Decision = Decision.ALLOW
    note: str | None = None

    def require(self, decision: Decision, note: str) -> None:
        """Raise the decision to at least this and say why; the strictest reason stays."""
        if self.note is None or rank(decision) > rank(self.at_least):
            self.at_least, self.note = stricter(self.at_least, decision), note


def rank(decision: Decision) -> int:
    """Order decisions: the stricter, the higher."""
    return _STRICTNESS.index(decision)


def stricter(one: Decision, other: Decision) -> Decision:
    """Pick the stricter of two decisions."""
    return max(one, other, key=rank)


def digest_of(texts: Sequence[ScreenedText]) -> str:
    """Hash the texts with their fields, in order: the same request, the same hash."""
    listed = json.dumps([(text.field, text.text) for text in texts])
    return hashlib.sha256(listed.encode()).hexdigest()


def ms_since(started: float) -> float:
    """Count the milliseconds since a reading of `time.perf_counter`."""
    return round((time.perf_counter() - started) * 1000, 3)
