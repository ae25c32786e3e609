"""Keep items in the queue as the steps that hold requests would, with all that belongs to them."""

import hashlib
from datetime import timedelta

from core.contracts.generation import GenerationSpec
from core.contracts.ids import new_verify_id
from core.contracts.reviews import ReviewItem, ReviewKind
from core.contracts.verdicts import Decision, Finding, Span
from core.events import REVIEWS_TOPIC
from core.workflow import JobState
from tests.bot.web_app.stage import encoded, painting
from tests.core.storage.samples import a_job, a_picture, a_review, a_verdict

PROMPT = "a butcher with a bloody cleaver in a sunlit market"


class Cases:
    """Puts items into a store's queue."""

    def __init__(self, services) -> None:
        self.services = services

    def prompt(self, prompt=PROMPT, *, marked="bloody", category="gore_graphic", **fields):
        """A prompt that a rule holds."""
        state = fields.pop("job_state", JobState.PROMPT_REVIEW)
        member = fields.pop("member", "web:ada")
        age = fields.pop("age", timedelta())
        now = self.services.clock() - age
        job = a_job(
            state, member=member, spec=GenerationSpec(prompt=prompt, seed=7), created_at=now
        )
        found = Finding(
            category=category,
            source="rule:gore.terms",
            decision=Decision.REVIEW,
            score=0.82,
            span=span_of(marked, prompt) if marked else None,
        )
        verdict = a_verdict(job.job_id, category=category, findings=(found,), decided_at=now)
        times = {
            "opened_at": now,
            "due_at": now + timedelta(hours=4),
            "lapses_at": now + timedelta(hours=48),
            "verdict_id": verdict.verdict_id,
            "category": category,
            "prompt_key": hashlib.sha256(prompt.encode()).hexdigest(),
        }
        item = a_review(job, **times | fields)
        with self.services.store.unit() as unit:
            unit.jobs.add(job)
            unit.verdicts.add(verdict)
            assert unit.reviews.open(item)
        self.services.events.wake(REVIEWS_TOPIC)
        return item

    def picture(self, **fields) -> ReviewItem:
        """Pictures that the policy holds, encrypted as the worker leaves them."""
        return self._pictured(JobState.OUTPUT_REVIEW, ReviewKind.HELD_PICTURE, **fields)

    def reported(self, reason="That is my neighbour.", **fields) -> ReviewItem:
        """A posted picture that a member objects to."""
        item = self._pictured(
            JobState.DELIVERED, ReviewKind.REPORT, reports=1, lapses_at=None, **fields
        )
        with self.services.store.unit() as unit:
            unit.reports.add(item.job_id, "web:cleo", reason, now=self.services.clock())
        return item

    def _pictured(self, state, kind, *, count=1, **fields) -> ReviewItem:
        item = self.prompt(job_state=state, kind=kind, **fields)
        data = encoded(painting(128), "PNG")
        for index in range(count):
            verify_id = new_verify_id()
            blob = self.services.held.put(verify_id, data)
            picture = a_picture(
                item.job_id,
                index,
                verify_id=verify_id,
                blob=blob,
                sha256=hashlib.sha256(data).hexdigest(),
                width=128,
                height=128,
            )
            with self.services.store.unit() as unit:
                unit.pictures.add(picture)
        return item

    def now(self, item) -> ReviewItem:
        """The item as it is kept."""
        with self.services.store.reading() as unit:
            return unit.reviews.get(item.item_id)

    def pictures(self, item):
        with self.services.store.reading() as unit:
            return unit.pictures.of_job(item.job_id)

    def trail(self, item):
        """The codes of what was done to it."""
        with self.services.store.reading() as unit:
            return [row.kind for row in unit.audit.of_job(item.job_id)]


def span_of(words, prompt):
    start = prompt.index(words)
    return Span(start=start, end=start + len(words), text=words)
