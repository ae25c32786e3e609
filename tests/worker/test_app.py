"""The worker process: it takes its model's tasks, says when it can draw, and ends in order."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.blobs import Blobs
from core.errors import UserError
from core.events import Events
from core.settings import CoreSettings, WorkerSettings
from core.storage import Store
from core.task_queue import TaskQueue
from core.workflow import JobState, Outcome, TaskName
from tests.redis_server import RedisServer
from tests.worker.engines import PATIENCE_S
from tests.worker.jobs import JOB_ID, PROFILE, job_for, queue_up
from worker.app import _picture_check

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.stack


class Town:
    """A Redis, a database and a blob folder, and workers that may be started in it."""

    def __init__(self, folder, redis):
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "EASEL_HOME": str(folder),
            "EASEL_REDIS_URL": redis.url,
            "EASEL_OUTBOX_SWEEP_S": "0.2",
            "EASEL_WORKER_DRAIN_S": "0.3",
            "EASEL_WORKER_SLOTS": "2",
        }
        self.settings = CoreSettings(home=folder, redis_url=redis.url)
        self.store = Store(self.settings.resolved_database_url)
        self.store.migrate()
        self.queue = TaskQueue(self.settings)
        self.events = Events(redis.url)
        self.log = folder / "worker.log"

    def worker(self, **env):
        """Start a worker; the log says why, where it does not live."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "worker.app"],
                cwd=ROOT,
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def submit(self, job):
        queue_up(self.store, job)
        self.queue.send(TaskName.GENERATE, job.job_id, job.queue)

    def job(self):
        with self.store.reading() as unit:
            return unit.jobs.get(JOB_ID)

    def until(self, worker, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert worker.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def is_drawing(self):
        return self.has_reached(1)

    def has_reached(self, step):
        progress = self.events.latest_progress(JOB_ID)
        return progress is not None and progress.step >= step


@pytest.fixture
def town(tmp_path):
    with RedisServer(tmp_path / "redis") as redis:
        built = Town(tmp_path, redis)
        yield built
        built.store.close()
        built.queue.close()
        built.events.close()


@contextlib.contextmanager
def ended(worker):
    """Leave nothing behind, whatever a test finds."""
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def engine_of(worker):
    (engine,) = psutil.Process(worker.pid).children()
    return engine


def test_a_task_becomes_a_picture_and_sigterm_ends_the_worker(town):
    """From the broker's message to the published file; alive only with its model loaded."""
    town.submit(job_for())
    with ended(town.worker()) as worker:
        town.until(worker, lambda: town.events.alive("worker"))
        names = town.events.alive("worker")
        town.until(worker, lambda: town.job().state is JobState.PUBLISHED)
        town.until(worker, lambda: town.queue.unacked() == 0)
        engine = engine_of(worker)

        worker.terminate()
        exit_code = worker.wait(PATIENCE_S)

    with town.store.reading() as unit:
        (picture,) = unit.pictures.of_job(JOB_ID)
    assert Blobs(town.settings.resolved_blob_url).get(picture.blob).startswith(b"\x89PNG")
    assert (picture.model, picture.scheduler) == (PROFILE.name, "DDIMScheduler")
    assert names[0].endswith(f":{worker.pid}")
    assert exit_code == 0
    assert not engine.is_running()
    assert "a red apple" not in town.log.read_text()


@pytest.mark.timeout(420)
def test_sigterm_hands_on_what_was_drawn(town):
    """The job waits ahead with its message; the next worker goes on where this one stopped.

    Called back there, it is stopped by that call alone: its lease is not looked at for minutes.
    """
    town.submit(job_for(steps=150, count=4))
    with ended(town.worker()) as worker:
        town.until(worker, lambda: town.has_reached(12))

        worker.send_signal(signal.SIGTERM)
        worker.wait(PATIENCE_S)

    job = town.job()
    assert (job.state, job.attempts, job.is_resumed) == (JobState.QUEUED, 0, True)
    assert town.queue.depth(PROFILE.queue) == 1
    assert town.events.latest_progress(JOB_ID) is None
    with ended(town.worker(EASEL_JOB_LEASE_S="600")) as worker:
        town.until(worker, town.is_drawing)
        with town.store.unit() as unit:
            unit.jobs.advance(JOB_ID, Outcome.CANCELLED, now=job.updated_at)
        town.events.publish_cancel(JOB_ID)
        town.until(worker, lambda: town.queue.unacked() == 0)
    log = town.log.read_text()
    assert "drawing_resumed" in log
    assert "snapshot_dropped" not in log
    assert [path for path in (town.folder / "blobs").rglob("*") if path.is_file()] == []


def test_a_killed_worker_takes_its_engine_along(town):
    """SIGKILL while drawing: nothing of it goes on, and the job is left for the sweep to find."""
    town.submit(job_for(steps=150, count=4))
    with ended(town.worker()) as worker:
        town.until(worker, town.is_drawing)
        engine = engine_of(worker)

        worker.kill()
        worker.wait()

        deadline = time.monotonic() + PATIENCE_S
        while engine.is_running() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not engine.is_running()
    assert town.job().state is JobState.RUNNING


def test_a_model_that_can_not_be_loaded_fails_jobs_with_the_reason(town):
    """The worker stays, is not counted as able to draw, and nobody waits for ever."""
    job = job_for().model_copy(update={"model": "nothing", "queue": "generate.nothing"})
    town.submit(job)
    with ended(town.worker(EASEL_MODEL="/no/such/nothing")) as worker:
        town.until(worker, lambda: town.job().state is JobState.FAILED)

        assert town.job().failure == "model_not_found"
        assert town.events.alive("worker") == []


def test_a_wrong_setting_is_named_and_ends_the_start(town):
    """No half-built worker takes tasks."""
    policy = town.folder / "policy.yaml"
    policy.write_text("name: [")

    with ended(town.worker(EASEL_POLICY_FILE=str(policy))) as worker:
        assert worker.wait(PATIENCE_S) == 1

    assert "worker_not_started" in town.log.read_text()


def test_the_worker_process_has_no_torch():
    """Only its engine child pays for it; the broker, leases and files stay light."""
    probe = (
        "import sys, worker.app, worker.tasks, worker.engine.supervisor;"
        "print(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)

    assert done.stdout == "[]\n", done.stderr


def test_the_worker_looks_for_denied_pictures_and_refuses_half_a_list(tmp_path):
    """The list of the settings is read once here, before a task is taken."""
    path = tmp_path / "deny.txt"
    path.write_text("", "utf-8")
    own = WorkerSettings(picture_deny_list=path)

    assert _picture_check(own).name == "small-picture-check"
    path.write_text("half a li", "utf-8")
    with pytest.raises(UserError):
        _picture_check(own)
