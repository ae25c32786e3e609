"""Look for a safe rewrite of a refused request, keep it, and have its author told.

The refusal itself never waits for this: it is told at once, and its card gets a button a moment
later where a rewrite was found. The whole gate of the place is asked, classifier and all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from core.catalog import Catalog
from core.contracts.actors import Platform
from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from core.contracts.jobs import Job
from core.contracts.verdicts import Decision, Verdict
from core.errors import NotFound
from core.storage import Store, Unit
from core.workflow import JobState, NoticeKind
from moderation.engine import Gate, texts_of
from moderation.gates import Gates
from moderation.rewrite import is_rewritable, safe_rewrite

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Suggester:
    """Find rewrites for the refused jobs of one store."""

    store: Store
    gates: Gates
    catalog: Catalog
    clock: Callable[[], datetime]

    def suggest(self, job_id: JobId) -> Job | None:
        """Find and keep a rewrite; None where there is nothing to tell anybody.

        Raises:
            Unavailable: the database is away.
        """
        with self.store.reading() as unit:
            try:
                job = unit.jobs.get(job_id)
            except NotFound:
                log.warning("rewrite_of_unknown_job", job_id=job_id)
                return None
            verdict = _refusing(unit, job)
            file_names = unit.uploads.names_of((job.spec.image, job.spec.mask))
        if verdict is None or not is_rewritable(verdict):
            return None
        if job.address.platform is Platform.CLI:
            return None  # That command has ended with the refusal: nobody would see it.
        gate = self.gates.of(job.actor.community_id, job.address.channel_id)
        found = safe_rewrite(job.spec, verdict, lambda spec: self._ask(gate, job, spec, file_names))
        if found is None:
            return None
        with self.store.unit() as unit:
            if not unit.rewrites.add(job_id, found, now=self.clock()):
                return None  # A second delivery of the same task.
            unit.notices.add(NoticeKind.REFUSED, job_id, job.address, now=self.clock())
        log.info("rewrite_found", job_id=job_id)
        return job

    def _ask(
        self, gate: Gate, job: Job, spec: GenerationSpec, file_names: Sequence[str]
    ) -> Verdict:
        texts = texts_of(spec, self.catalog.get(job.model).styles, file_names)
        is_age_restricted = job.address.is_age_restricted
        verdict = gate.screen_prompt(
            texts,
            community_id=job.actor.community_id,
            now=self.clock(),
            is_age_restricted=is_age_restricted,
        )
        return gate.located(verdict, texts, is_age_restricted=is_age_restricted)


def _refusing(unit: Unit, job: Job) -> Verdict | None:
    """Find the verdict that refused a job; none where a person did, or it has a rewrite."""
    if job.state is not JobState.BLOCKED or unit.rewrites.of(job.job_id) is not None:
        return None
    verdicts = unit.verdicts.of_job(job.job_id)
    last = verdicts[-1] if verdicts else None
    return last if last is not None and last.decision is Decision.BLOCK else None
