"""Screen prompts as a Celery worker on the queue `screening`, and run the road's only sweep.

The worker runs in threads in one process; nothing happens at import. Screening is idempotent by
the job's state: a second delivery of the same task finds the job gone on and does nothing.
"""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import stamina
import structlog
from celery import Celery
from celery.signals import worker_ready

from core.blobs import Blobs
from core.catalog import Catalog, load_catalog
from core.contracts.actors import Platform
from core.contracts.base import utc_now
from core.contracts.features import Features
from core.contracts.ids import JobId
from core.contracts.jobs import Job
from core.contracts.outbox import SCREENING_QUEUE
from core.contracts.verdicts import Stage, Verdict
from core.errors import IllegalStep, NotFound, Unavailable, UserError
from core.events import REVIEWS_TOPIC, Events, wake_topic
from core.held import HeldArea
from core.outbox import flush
from core.provenance.authority_time import TimeAuthority, load_time_authority
from core.provenance.late_stamps import stamp_late
from core.recovery import Broker, sweep
from core.retention import forget_snapshots, forget_uploads
from core.settings import CoreSettings, ScreeningSettings
from core.storage import Store
from core.takedown import Takedowns
from core.task_queue import TaskQueue, make_celery
from core.telemetry import configure_logging, serve_metrics
from core.ticker import Ticker
from core.witness import log_anchor
from core.workflow import JobState, Outcome, TaskName
from moderation.classifiers.base import TextClassifier
from moderation.classifiers.loading import NONE, classifier_or_hold, load_classifier, state_of
from moderation.engine import Gate, outcome_of, texts_of
from moderation.features import features_of, is_whole, remember
from moderation.forgetting import Forgetter
from moderation.gates import Gates, Place
from moderation.inquiry import Subject, digest_of
from moderation.policy import load_policy
from moderation.review.opening import Held, open_for
from moderation.review.settling import Settled, Settling
from moderation.review.tidying import adopt_orphans, withdraw_strays
from moderation.rules import ScreenedText
from moderation.sanctions import on_refused
from moderation.shadowing import Live, Shadow
from moderation.suggesting import Suggester

log = structlog.get_logger()

BEAT_KIND = "screening"

CLASSIFIER_BEAT = "classifier"
"""The kind of the beat that says, before the process's name, how its classifier is."""

BEATS_PER_TTL = 3
"""A screening process counts as alive until it missed this many beats."""

TIDY_S = 600.0
"""How often the blob store is looked through: on a bucket each look costs a request."""

STAMP_S = 60.0
"""How often an authority is asked for the time stamps that it still owes."""

RETRIES = 5
"""Tries of one task while the database is away, over some seconds; then the sweep sends anew."""


class Signals(Protocol):
    """Wake delivery loops and say that this process is alive. `core.events.Events` is one."""

    def wake(self, topic: str) -> None:
        """Wake who listens to a topic; never raises."""

    def beat(self, kind: str, name: str, ttl_s: float) -> None:
        """Say that a process is alive for a while; never raises."""


@dataclass(frozen=True, slots=True)
class Screening:
    """The work of one screening process: the task, the sweep and the heartbeat."""

    settings: CoreSettings
    gate: Gate
    store: Store
    queue: Broker
    signals: Signals
    catalog: Catalog
    clock: Callable[[], datetime] = utc_now
    blobs: Blobs | None = None
    """Where the sweep deletes what its time is over; None: it leaves that to others."""
    shadow: Shadow | None = None
    """What is asked about each prompt once it is decided."""
    authority: TimeAuthority | None = None
    """Who vouches for the time of signing; None: nobody is asked."""
    gates: Gates = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay what the store has over the organisation's gate."""
        gates = Gates(self.store, self.gate, self.settings.policy_file)
        object.__setattr__(self, "gates", gates)

    def screen_prompt(self, job_id: str) -> None:
        """Screen one job's prompt and take the step that follows.

        Raises:
            Unavailable: the database stayed away; the sweep sends the task again.
        """
        for attempt in stamina.retry_context(on=Unavailable, attempts=RETRIES, timeout=10.0):
            with attempt:
                job = self._screen(JobId(job_id))
        if job is None:
            return
        if job.state is not JobState.QUEUED:  # That all went well is no news to deliver.
            self.signals.wake(wake_topic(job.address.platform))
        if job.state is JobState.PROMPT_REVIEW:
            self.signals.wake(REVIEWS_TOPIC)
        self._flush()

    def suggest_rewrite(self, job_id: str) -> None:
        """Look for a safe rewrite of a refused job and have its author told.

        Raises:
            Unavailable: the database stayed away; the refusal stands without a rewrite.
        """
        suggester = Suggester(self.store, self.gates, self.catalog, self.clock)
        for attempt in stamina.retry_context(on=Unavailable, attempts=RETRIES, timeout=10.0):
            with attempt:
                job = suggester.suggest(JobId(job_id))
        if job is not None:
            self.signals.wake(wake_topic(job.address.platform))

    def sweep(self) -> None:
        """Bring back what was lost, settle what is due, and wake who has something to deliver."""
        changed = adopt_orphans(self.store, self.gates)
        changed += withdraw_strays(self.store, now=self.clock())
        report = sweep(self.store, self.queue, now=self.clock(), settings=self.settings)
        settled = self._settle()
        told = {each.job.address.platform for each in settled}.union(
            *(each.platforms for each in settled), self._resume_takedowns()
        )
        for platform in report.platforms | told:
            self.signals.wake(wake_topic(platform))
        if changed or settled or report.expired_reviews:
            self.signals.wake(REVIEWS_TOPIC)
        if self.blobs is not None:
            forget_uploads(
                self.store,
                self.blobs,
                now=self.clock(),
                keep_days=self.settings.upload_keep_days,
            )

    def tidy(self) -> None:
        """Delete what no policy keeps any longer, and what was drawn and nobody goes on with."""
        keep_days = self.settings.labels_keep_days
        Forgetter(self.store, self.gates, self.blobs, keep_days, self.clock()).forget()
        if self.blobs is not None:
            forget_snapshots(self.store, self.blobs, now=self.clock())
            HeldArea(self.blobs, self.settings).discard_orphans(self.store, now=self.clock())
        log_anchor(self.store)

    def stamp_late(self) -> None:
        """Ask for the time stamps of files that were signed while the authority was away."""
        if self.authority is not None:
            stamp_late(self.store, self.authority)

    def beat(self) -> None:
        """Say that this process is alive."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        ttl_s = BEATS_PER_TTL * self.settings.outbox_sweep_s
        self.signals.beat(BEAT_KIND, name, ttl_s)
        state = state_of(self.gate.classifier)
        self.signals.beat(CLASSIFIER_BEAT, f"{state.value}:{name}", ttl_s)

    def _settle(self) -> list[Settled]:
        """Carry out what people decided; the web app does so more often, if it runs."""
        if self.blobs is None:
            return []
        held = HeldArea(self.blobs, self.settings)
        settled = Settling(self.store, held, self.gates, self.clock).settle_due()
        if settled:
            self._flush()
        return settled

    def _resume_takedowns(self) -> set[Platform]:
        """Go on with take-downs that were broken off; say where there are notices to give."""
        if self.blobs is None:
            return set()
        held = HeldArea(self.blobs, self.settings)
        resumed = Takedowns(self.store, held, self.clock).resume()
        return {platform for each in resumed for platform in each.platforms}

    def _flush(self) -> None:
        try:
            flush(self.store, self.queue, now=self.clock())
        except Unavailable as error:
            log.warning("outbox_flush_postponed", code=error.code)

    def _screen(self, job_id: JobId) -> Job | None:
        """Screen and advance in one transaction; None where there is nothing left to do."""
        with self.store.reading() as unit:
            try:
                job = unit.jobs.get(job_id)
            except NotFound:
                log.warning("screening_of_unknown_job", job_id=job_id)
                return None
        if job.state is not JobState.SCREENING:
            log.info("screening_already_done", job_id=job_id, state=job.state.value)
            return None
        place = self.gates.place(job.actor.community_id, job.address.channel_id)
        examined = self._examined(job, place)
        outcome = outcome_of(examined[0]) if examined else Outcome.CHECK_UNAVAILABLE
        try:
            with self.store.unit() as unit:
                for verdict, features, _ in [examined] if examined else []:
                    unit.verdicts.add(verdict)
                    if features is not None:
                        remember(unit, features, place)
                now = self.clock()
                advanced = unit.jobs.advance(job_id, outcome, now=now, by="screening")
                if examined and outcome is Outcome.PROMPT_BLOCK:
                    on_refused(unit, advanced, examined[0], place.gate.policy, now)
                held = Held(outcome, examined[0] if examined else None, place.gate.policy)
                open_for(unit, advanced, held, now=now)
        except IllegalStep:  # Cancelled, or screened by a second delivery, in the meantime.
            log.info("screening_overtaken", job_id=job_id)
            return None
        log.info("prompt_screened", job_id=job_id, outcome=outcome.value)
        if self.shadow is not None and examined and examined[1]:
            self.shadow.offer(Live(place.gate, examined[2], examined[0], examined[1]))
        return advanced

    def _examined(
        self, job: Job, place: Place
    ) -> tuple[Verdict, Features | None, Sequence[ScreenedText]] | None:
        """Ask the gate; None means that it could not be asked, and the job waits for a person."""
        try:
            profile = self.catalog.get(job.model)
            texts = texts_of(job.spec, profile.styles, self._file_names(job))
            is_age_restricted = job.address.is_age_restricted
            subject = Subject(
                Stage.PROMPT,
                job.actor.community_id,
                job.job_id,
                self.clock(),
                digest_of(texts),
                is_age_restricted,
            )
            examined = place.gate.examine(texts, subject)
            features = None
            if is_whole(examined.verdict, place):
                features = features_of(
                    examined,
                    texts,
                    channel_id=job.address.channel_id,
                    member_id=job.actor.member_id,
                    is_age_restricted=is_age_restricted,
                )
            located = place.gate.located(
                examined.verdict, texts, is_age_restricted=is_age_restricted
            )
        except Exception:
            log.exception("screening_failed", job_id=job.job_id)
            return None
        return located, features, texts

    def _file_names(self, job: Job) -> list[str]:
        if job.spec.image is None and job.spec.mask is None:
            return []
        with self.store.reading() as unit:
            return unit.uploads.names_of((job.spec.image, job.spec.mask))


def make_app(settings: CoreSettings, screening: Screening) -> Celery:
    """Make the Celery app with its two tasks."""
    app = make_celery("easel-screening", settings)

    def screen_prompt(job_id: str) -> None:
        """Screen the prompt of one job."""
        with structlog.contextvars.bound_contextvars(job_id=job_id):
            screening.screen_prompt(job_id)

    def suggest_rewrite(job_id: str) -> None:
        """Look for a safe rewrite of one refused job."""
        with structlog.contextvars.bound_contextvars(job_id=job_id):
            screening.suggest_rewrite(job_id)

    app.task(name=TaskName.SCREEN_PROMPT.value)(screen_prompt)
    app.task(name=TaskName.SUGGEST_REWRITE.value)(suggest_rewrite)
    return app


def main() -> None:
    """Run the screening worker until it is told to end.

    Raises:
        PolicyError: the policy has faults; nothing is screened by half a policy.
    """
    settings, own = CoreSettings(), ScreeningSettings()
    configure_logging(settings, "screening")
    serve_metrics(settings.metrics_port, settings.metrics_host)
    gate = Gate(
        load_policy(settings.policy_file),
        classifier=classifier_or_hold(own.classifier, own.category_map),
        timeout_s=own.timeout_s,
    )
    store = Store(settings.resolved_database_url)
    queue, events = TaskQueue(settings), Events(settings.redis_url)
    screening = Screening(
        settings,
        gate,
        store,
        queue,
        events,
        load_catalog(*settings.models),
        blobs=Blobs(settings.resolved_blob_url),
        shadow=(shadow := _shadow(own, store)),
        authority=_authority(settings),
    )
    sweeper = Ticker("sweep", settings.outbox_sweep_s, screening.sweep)
    tidier = Ticker("tidy", TIDY_S, screening.tidy)
    stamper = Ticker("time-stamps", STAMP_S, screening.stamp_late)
    heart = Ticker("heartbeat", settings.outbox_sweep_s, screening.beat)

    def begin(**_: Any) -> None:  # Any: whatever Celery's signal carries.
        sweeper.start()
        tidier.start()
        stamper.start()
        heart.start()
        if shadow is not None:
            shadow.start()

    worker_ready.connect(begin, weak=False)
    try:
        make_app(settings, screening).worker_main(_arguments(own))
    finally:
        worker_ready.disconnect(begin)
        sweeper.stop()
        tidier.stop()
        stamper.stop()
        heart.stop()
        if shadow is not None:
            shadow.stop()
        events.close()
        queue.close()
        store.close()


def _authority(settings: CoreSettings) -> TimeAuthority | None:
    """Set up who vouches for the time; that it can not be used is no reason not to screen."""
    try:
        return load_time_authority(settings)
    except UserError as error:
        log.error("time_stamps_not_asked_for", code=error.code, facts=error.facts)  # noqa: TRY400 - a setting is wrong, not the code.
        return None


def _shadow(own: ScreeningSettings, store: Store) -> Shadow | None:
    if own.shadow_classifier == NONE:
        return None

    def load() -> TextClassifier | None:
        return load_classifier(own.shadow_classifier, own.shadow_category_map)

    return Shadow(store, load, own.shadow_timeout_s)


def _arguments(own: ScreeningSettings) -> list[str]:
    """Write the worker's command line; gossip, mingle and heartbeats only cost connections."""
    return [
        "worker",
        "--pool=threads",
        f"--concurrency={own.concurrency}",
        f"--queues={SCREENING_QUEUE}",
        f"--hostname=screening-{os.getpid()}@%h",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
