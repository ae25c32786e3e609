"""Be the generation worker: one process with its engine, taking its model's tasks from the broker.

    python -m worker.app        (what `easel worker` becomes)

Tasks run in threads, because they only wait for the engine, the database and the blob store. The
model is loaded before the first task is taken. At SIGTERM no more tasks are taken; those under
way may go on for `EASEL_WORKER_DRAIN_S`, then the engine hands them back after its step, and the
next worker goes on with them.
"""

import os
import socket
import sys
import threading
from typing import Any

import structlog
from celery import Celery
from celery.signals import worker_init, worker_ready, worker_shutting_down

from core.blobs import Blobs
from core.catalog import Catalog, ModelProfile, load_catalog
from core.contracts.base import utc_now
from core.contracts.ids import JobId
from core.errors import AppError
from core.events import Events
from core.held import HeldArea
from core.provenance.building import stamper_of
from core.settings import CoreSettings, WorkerSettings
from core.storage import Store
from core.task_queue import BrokerLease, TaskQueue, make_celery
from core.telemetry import configure_logging, serve_metrics
from core.ticker import Ticker
from core.workflow import TaskName
from moderation.classifiers.base import ImageClassifier
from moderation.classifiers.image_loading import picture_check_or_hold
from moderation.engine import Gate
from moderation.gates import Gates
from moderation.hashes import DenyList
from moderation.policy import load_policy
from worker.engine.messages import Start
from worker.engine.supervisor import Supervisor
from worker.finishing import Finishing
from worker.orders import model_of
from worker.tasks import Studio

log = structlog.get_logger()

BEAT_KIND = "worker"

BEATS_PER_TTL = 3
"""A worker counts as alive until it missed this many beats."""


HAND_BACK_S = 30.0
"""How long a drained engine may take to hand back what it had drawn: a step, and then no time."""


class GenerationWorker:
    """One worker process: what it needs, built once, and what happens to it over its life."""

    def __init__(self, settings: CoreSettings, own: WorkerSettings) -> None:
        """Build everything; nothing is contacted or loaded yet.

        Raises:
            PolicyError: the policy has faults; no picture is judged by half a policy.
            UserError: the keys or the deny list can not be used, or two models have one name.
        """
        self._settings = settings
        self._own = own
        self._catalog = load_catalog(*settings.models)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._events = Events(settings.redis_url)
        self._store = Store(settings.resolved_database_url)
        self._engine = Supervisor(
            _start_for(self._catalog.default, own),
            hang_timeout_s=own.hang_timeout_s,
            load_timeout_s=own.load_timeout_s,
        )
        self._studio = self._furnish()
        self._stopped = threading.Event()
        self._heart = Ticker("heartbeat", settings.outbox_sweep_s, self._beat)

    def run(self) -> None:
        """Work until told to end."""
        worker_init.connect(self._load, weak=False)
        worker_ready.connect(self._begin, weak=False)
        worker_shutting_down.connect(self._drain, weak=False)
        try:
            self.make_app().worker_main(_arguments(self._catalog, self._own))
        finally:
            self._stopped.set()
            self._heart.stop()
            self._engine.stop()
            self._store.close()

    def make_app(self) -> Celery:
        """Make the Celery app with its one task."""
        app = make_celery("easel-worker", self._settings)
        broker_lease = BrokerLease(self._settings)

        def generate(task: Any, job_id: str) -> None:  # Any: Celery publishes no types.
            """Draw the job whose turn it is; the one that the message names is its ticket."""
            # The request belongs to this thread; the lease is renewed from another one.
            tag = task.request.properties["delivery_tag"]
            with structlog.contextvars.bound_contextvars(ticket=job_id):
                self._studio.generate(JobId(job_id), lambda: broker_lease.renew(tag))

        app.task(name=TaskName.GENERATE.value, bind=True)(generate)
        return app

    def _furnish(self) -> Studio:
        settings = self._settings
        gate = Gate(
            load_policy(settings.policy_file),
            image_classifier=_picture_check(self._own),
            timeout_s=self._own.image_timeout_s,
        )
        blobs = Blobs(settings.resolved_blob_url)
        finishing = Finishing(
            self._catalog,
            gate,
            stamper_of(settings),
            blobs,
            HeldArea(blobs, settings),
            utc_now,
            Gates(self._store, gate, settings.policy_file),
        )
        return Studio(
            settings,
            self._catalog,
            self._engine,
            finishing,
            self._store,
            TaskQueue(settings),
            self._events,
            self._name,
            is_reproducible=self._own.reproducible,
        )

    # Any: whatever Celery's signals carry.
    def _load(self, **_: Any) -> None:
        """Have the model in memory before a task is taken that another worker could draw now.

        One that can not be loaded is no reason to stay away: its jobs would wait for ever
        instead of failing with the reason.
        """
        self._engine.start()
        if self._engine.wait_loaded(self._own.load_timeout_s) is None:
            log.error(
                "worker_without_model", model=self._settings.model, code=self._engine.load_failure
            )

    def _begin(self, **_: Any) -> None:
        self._heart.start()
        threading.Thread(target=self._hear_cancels, name="cancels", daemon=True).start()

    def _hear_cancels(self) -> None:
        for job_id in self._events.cancels(self._stopped):
            self._studio.call_back(job_id)

    def _drain(self, **_: Any) -> None:
        log.info("worker_draining", drain_s=self._own.drain_s)
        timer = threading.Timer(self._own.drain_s, self._engine.drain, args=(HAND_BACK_S,))
        timer.daemon = True
        timer.start()

    def _beat(self) -> None:
        """Say that this process can draw; while its engine is away or loads, it can not."""
        if self._engine.ready is not None:
            ttl_s = BEATS_PER_TTL * self._settings.outbox_sweep_s
            self._events.beat(BEAT_KIND, self._name, ttl_s)


def _picture_check(own: WorkerSettings) -> ImageClassifier | None:
    """Load what looks at pictures.

    Raises:
        UserError: the deny list has a fault.
    """
    lists = () if own.picture_deny_list is None else (own.picture_deny_list,)
    return picture_check_or_hold(own.image_classifier, own.image_category_map, DenyList(*lists))


def _start_for(profile: ModelProfile, own: WorkerSettings) -> Start:
    return Start(
        model=model_of(profile),
        device=own.device,
        dtype=own.dtype,
        cpu_threads=own.cpu_threads,
        cpu_parts=own.cpu_parts,
        preview_interval_s=own.preview_interval_s,
        memory_gib=own.memory_gib,
        is_reproducible=own.reproducible,
        has_cuda_graphs=own.cuda_graphs,
    )


def _arguments(catalog: Catalog, own: WorkerSettings) -> list[str]:
    """Write the worker's command line; gossip, mingle and heartbeats only cost connections."""
    return [
        "worker",
        "--pool=threads",
        f"--concurrency={own.slots}",
        f"--queues={','.join(profile.queue for profile in catalog.profiles)}",
        f"--hostname=worker-{os.getpid()}@%h",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]


def main() -> None:
    """Run the generation worker until it is told to end."""
    settings, own = CoreSettings(), WorkerSettings()
    configure_logging(settings, "worker")
    try:
        worker = GenerationWorker(settings, own)
    except AppError as error:
        log.error("worker_not_started", code=error.code, facts=error.facts)  # noqa: TRY400 - a setting is wrong, not the code.
        sys.exit(1)
    serve_metrics(settings.metrics_port, settings.metrics_host)
    worker.run()


if __name__ == "__main__":
    main()
