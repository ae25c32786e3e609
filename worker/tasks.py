"""Draw a job, once: take it, have it drawn, checked, labelled and stored, and say so.

A task's message is a ticket: it starts the job whose turn it is, which need not be the job that
it names. There are at least as many tickets as queued jobs; one too many finds nothing to do.

Exactly once by the job's state: only a queued job can be started, only the attempt that holds its
lease can finish it, and pictures, verdicts and step are one transaction. What a lost attempt left
in the blob store is removed; whoever comes second finds nothing to do.
"""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import stamina
import structlog

from core.catalog import Catalog
from core.contracts.base import utc_now
from core.contracts.ids import JobId, new_id
from core.contracts.jobs import Job
from core.contracts.progress import Phase, Progress
from core.errors import AppError, IllegalStep, NotFound, Unavailable
from core.events import REVIEWS_TOPIC, wake_topic
from core.outbox import TaskSender, flush
from core.settings import CoreSettings
from core.storage import Store, Unit
from core.workflow import JobState, Outcome, TaskName
from moderation.policy import Previews
from moderation.review.opening import open_for
from worker import carried
from worker.attempts import Attempts
from worker.engine.messages import DrawProgress, DrawRequest, DrawResult, Ready
from worker.engine.supervisor import EngineDrained
from worker.finishing import Finished, Finishing, is_blocked, known
from worker.leases import JobLease
from worker.orders import request_for
from worker.reruns import Original, Reruns
from worker.sources import Source, fetch

log = structlog.get_logger()

RETRIES = 5
"""Tries to record a finished job while the database is away, over some seconds. Then its lease
runs out and it is drawn again."""

SUSPECT_ATTEMPT = 2
"""From this attempt on a job is drawn alone: it was in an engine, or a worker, that died."""


class Drawing(Protocol):
    """Draw requests. `worker.engine.supervisor.Supervisor` is one."""

    @property
    def ready(self) -> Ready | None:
        """What is loaded, if anything is."""

    def draw(self, request: DrawRequest, on_progress: Callable[[DrawProgress], None]) -> DrawResult:
        """Draw, and wait for it."""

    def cancel(self, request_id: str) -> None:
        """Stop a request at its next step."""


class Signals(Protocol):
    """Tell who watches. `core.events.Events` is one; nothing here raises."""

    def wake(self, topic: str) -> None:
        """Wake who listens to a topic."""

    def publish_progress(self, progress: Progress) -> None:
        """Tell how far a job is."""

    def clear_progress(self, job_id: JobId) -> None:
        """Forget how far it was."""


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything that drawing a job takes."""

    settings: CoreSettings
    catalog: Catalog
    engine: Drawing
    finishing: Finishing
    store: Store
    queue: TaskSender
    signals: Signals
    name: str
    clock: Callable[[], datetime] = utc_now
    attempts: Attempts = field(default_factory=Attempts)
    is_reproducible: bool = False
    """What `EASEL_WORKER_REPRODUCIBLE` says: the engine draws every picture so, asked or not."""

    def generate(self, ticket: JobId, keep_message: Callable[[], object]) -> None:
        """Do the task `worker.generate`.

        Args:
            ticket: The job that the message names: one that was queued, maybe not the next one.
            keep_message: Renews the broker's hold on the task's message; may raise Unavailable.

        Raises:
            Unavailable: the database is away; the sweep sends the task again.
        """
        attempt_id = f"{self.name}/{new_id()}"  # Of the attempt: the next may run here too.
        job = self._start(ticket, attempt_id)
        if job is None:
            return
        job_id = job.job_id
        lease = JobLease(
            self.store,
            job_id,
            attempt_id,
            lease=self._lease,
            clock=self.clock,
            keep_message=keep_message,
            on_lost=lambda: self.engine.cancel(attempt_id),
        )
        with lease, self.attempts.under_way(job_id, attempt_id):
            finished, failure = self._attempt(job, attempt_id)
        # The lease still holds for most of its time; whoever has it after that ends the job.
        ended = self._record(job, attempt_id, finished, failure)
        self.signals.clear_progress(job_id)
        if ended is not None:
            self._tell(ended)

    def call_back(self, job_id: JobId) -> None:
        """Stop drawing a job that its author called back; nothing happens if it is not here."""
        attempt_id = self.attempts.of(job_id)
        if attempt_id is not None:
            self.engine.cancel(attempt_id)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.settings.job_lease_s)

    def _start(self, ticket: JobId, attempt_id: str) -> Job | None:
        """Take the job whose turn it is; None where none is waiting."""
        now = self.clock()
        with self.store.unit() as unit:
            job = unit.jobs.take_next(
                [profile.queue for profile in self.catalog.profiles],
                attempt_id,
                now + self._lease,
                now=now,
                warm_model=self._warm_model,
            )
            is_replaced = job is not None and self._replace(unit, ticket, job, now)
        if job is None:
            log.info("generation_not_due", ticket=ticket)
            return None
        log.info("generation_started", job_id=job.job_id, attempt=job.attempts)
        if is_replaced:
            self._flush()
        return job

    @property
    def _warm_model(self) -> str | None:
        source = None if self.engine.ready is None else self.engine.ready.source
        return next((each.name for each in self.catalog.profiles if each.source == source), None)

    @staticmethod
    def _replace(unit: Unit, ticket: JobId, job: Job, now: datetime) -> bool:
        """Replace a ticket that started a job of another queue than its own.

        Workers that serve its queue alone would otherwise wait there for a ticket too few.
        """
        try:
            queue = unit.jobs.get(ticket).queue
        except NotFound:
            return False
        if queue == job.queue:
            return False
        unit.outbox.add(TaskName.GENERATE, ticket, queue, now=now)
        return True

    def _attempt(self, job: Job, attempt_id: str) -> tuple[Finished, str | None]:
        """Draw and finish the pictures; whatever happens, say what it came to, and why."""
        try:
            source = fetch(self.store, self.finishing.blobs, job)
            seen = self.finishing.look_at(job, source)
            if is_blocked(seen):
                return Finished(Outcome.OUTPUT_BLOCK, (), known(seen)), None
            originals = self._reruns.originals(job)
            drawn = self._draw(job, attempt_id, source, originals)
            began = time.monotonic()
            finished = self.finishing.finish(job, drawn, source, seen)
            took_s = round(time.monotonic() - began, 4)
            log.info("pictures_finished", job_id=job.job_id, finishing_s=took_s)
            return self._reruns.described(finished, originals, self.engine.ready), None
        except EngineDrained as drained:
            snapshot = carried.leave(self.finishing.blobs, job, drained.snapshot)
            return Finished(Outcome.DRAINED, snapshot=snapshot), None
        except Unavailable as error:
            # The engine died, or the blob store is away: another attempt may succeed.
            return Finished(Outcome.WORKER_LOST), error.code
        except AppError as error:
            return Finished(Outcome.FAILED), error.code
        except Exception as error:  # noqa: BLE001 - a task boundary: every job gets an ending.
            frames = traceback.format_tb(error.__traceback__)
            cause = type(error).__name__
            log.error("generation_broke", job_id=job.job_id, cause=cause, frames=frames)  # noqa: TRY400 - its message may quote a prompt.
            return Finished(Outcome.FAILED), "internal_error"

    @property
    def _reruns(self) -> Reruns:
        finishing = self.finishing
        return Reruns(self.store, finishing.held, finishing.stamper, is_always=self.is_reproducible)

    def _draw(
        self, job: Job, attempt_id: str, source: Source | None, originals: Sequence[Original]
    ) -> DrawResult:
        has_previews = self.finishing.gate_of(job).policy.previews is not Previews.OFF
        profile = self.catalog.get(job.model)
        request = request_for(job, profile, attempt_id, source, has_previews=has_previews)
        request = request.model_copy(
            update={
                "resume": carried.take_up(self.finishing.blobs, job),
                "is_solo": job.attempts >= SUSPECT_ATTEMPT,
            }
        )
        request = self._reruns.asked_alike(request, originals)

        def report(phase: Phase, drawn: DrawProgress | None = None) -> None:
            steps = {} if drawn is None else drawn.model_dump(exclude={"kind", "request_id"})
            self.signals.publish_progress(
                Progress(
                    job_id=job.job_id, phase=phase, picture_count=len(request.pictures), **steps
                )
            )

        report(Phase.LOADING if self.engine.ready is None else Phase.DENOISING)
        try:
            result = self.engine.draw(request, lambda drawn: report(Phase.DENOISING, drawn))
        except EngineDrained as drained:
            # Drained before its first step: what was carried here is still all there is of it.
            raise EngineDrained(drained.snapshot or request.resume or b"") from drained
        report(Phase.FINISHING)
        return result

    def _record(
        self, job: Job, attempt_id: str, finished: Finished, failure: str | None
    ) -> Job | None:
        """Write an attempt's end in one transaction; None where it was somebody else's to end."""
        try:
            for attempt in stamina.retry_context(on=Unavailable, attempts=RETRIES, timeout=10.0):
                with attempt:
                    ended = self._write(job, attempt_id, finished, failure)
        except IllegalStep as error:
            if not self._is_written(finished):
                log.warning("generation_in_vain", job_id=job.job_id, code=error.code)
                self.finishing.discard(finished.pictures)
            if finished.snapshot is not None:
                carried.discard(self.finishing.blobs, finished.snapshot)
            return None
        log.info(
            "generation_ended",
            job_id=job.job_id,
            outcome=finished.outcome.value,
            state=ended.state.value,
            failure=failure,
        )
        return ended

    def _write(self, job: Job, attempt_id: str, finished: Finished, failure: str | None) -> Job:
        held = self.finishing.why_held(job, finished)
        with self.store.unit() as unit:
            ended = unit.jobs.advance(
                job.job_id,
                finished.outcome,
                now=self.clock(),
                by=self.name,
                worker_id=attempt_id,
                failure=failure,
                snapshot=finished.snapshot,
            )
            for picture in finished.pictures:
                unit.pictures.add(picture)
            for label in finished.labels:  # No row, no post: both are one transaction.
                unit.registry.add(label.record, label.thumbnail)
            for verdict in finished.verdicts:
                unit.verdicts.add(verdict)
            open_for(unit, ended, held, now=ended.updated_at)
            return ended

    def _is_written(self, finished: Finished) -> bool:
        """Tell whether a commit went through whose answer was lost: then its blobs must stay."""
        with self.store.reading() as unit:
            try:
                return all(unit.pictures.get(each.verify_id) for each in finished.pictures)
            except NotFound:
                return False

    def _tell(self, job: Job) -> None:
        """Wake who delivers, and send the job round again where that is what follows."""
        self.signals.wake(wake_topic(job.address.platform))
        if job.state is JobState.OUTPUT_REVIEW:
            self.signals.wake(REVIEWS_TOPIC)
        self._flush()

    def _flush(self) -> None:
        try:
            flush(self.store, self.queue, now=self.clock())
        except Unavailable as error:
            log.warning("outbox_flush_postponed", code=error.code)
