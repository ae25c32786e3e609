"""Measure what the way through broker and database adds to the engine's own time.

A real Redis, a real worker process, one job at a time. From the moment at which the task is sent
to the one at which the job is recorded as published, less what the engine took for the picture,
and less what checking, labelling and storing it took: those are work, whatever the way.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.report import spread
from bot.embedded.redis_server import command, free_port
from core.catalog import load_profile
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.base import utc_now
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.contracts.jobs import Job
from core.events import Events
from core.settings import CoreSettings
from core.storage import Store
from core.task_queue import TaskQueue
from core.workflow import JobState, Outcome, TaskName

PATIENCE_S = 180.0
PROFILE = load_profile("easel-small")
WARM_UP = 2


@contextmanager
def running(folder: Path) -> Iterator[tuple[CoreSettings, Path]]:
    """Run Redis and a worker in a folder of their own; yield when the worker can draw."""
    port = free_port()
    redis_url = f"redis://127.0.0.1:{port}/0"
    settings = CoreSettings(home=folder, redis_url=redis_url)
    log = folder / "worker.log"
    (folder / "redis").mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "EASEL_HOME": str(folder),
        "EASEL_REDIS_URL": redis_url,
        "EASEL_LOG_JSON": "true",
        "EASEL_OUTBOX_SWEEP_S": "1",
    }
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    redis = subprocess.Popen(command(folder / "redis", port), stderr=subprocess.DEVNULL, **quiet)
    try:
        store = Store(settings.resolved_database_url)
        store.migrate()
        store.close()
        with log.open("ab") as errors:
            worker = subprocess.Popen(
                [sys.executable, "-m", "worker.app"], env=env, stderr=errors, **quiet
            )
        try:
            events = Events(redis_url)
            until(lambda: events.alive("worker"))
            events.close()
            yield settings, log
        finally:
            worker.terminate()
            worker.wait(PATIENCE_S)
    finally:
        redis.kill()
        redis.wait()


def until(condition: Any) -> None:
    """Wait for a condition, looking now and then."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def measure(jobs: int) -> dict[str, Any]:
    """Send jobs one after another, and add up what each spent on its way."""
    with tempfile.TemporaryDirectory() as home, running(Path(home)) as (settings, log):
        store, queue = Store(settings.resolved_database_url), TaskQueue(settings)
        sent = {}
        for number in range(WARM_UP + jobs):
            job_id = JobId(f"job{number}")
            submit(store, job_id, number)
            sent[job_id] = time.time()
            queue.send(TaskName.GENERATE, job_id, PROFILE.queue)
            until(lambda job_id=job_id: is_over(store, job_id))
        with store.reading() as unit:
            engine = {each: sum(p.duration_s for p in unit.pictures.of_job(each)) for each in sent}
        store.close()
        queue.close()
        ended, finishing = read(log)
    measured = list(sent)[WARM_UP:]
    ways = [ended[each] - sent[each] - engine[each] - finishing[each] for each in measured]
    return {
        "celery_overhead_p95_ms": spread([way * 1000 for way in ways])["p95"],
        "overhead_ms": spread([way * 1000 for way in ways]),
        "engine_ms": spread([engine[each] * 1000 for each in measured]),
        "finishing_ms": spread([finishing[each] * 1000 for each in measured]),
    }


def submit(store: Store, job_id: JobId, number: int) -> None:
    """Record a job that is cleared for drawing, as screening leaves it."""
    now = utc_now()
    job = Job(
        job_id=job_id,
        state=JobState.NEW,
        actor=Actor(
            community_id=CommunityId("bench"),
            member_id=MemberId(f"m{number}"),
            display_name="Bench",
        ),
        address=ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general")),
        spec=GenerationSpec(prompt="a red apple", steps=4),
        seed=number,
        model=PROFILE.name,
        queue=PROFILE.queue,
        policy_version="1",
        created_at=now,
        updated_at=now,
    )
    with store.unit() as unit:
        unit.jobs.add(job)
        for outcome in (Outcome.RULES_PASS, Outcome.PROMPT_ALLOW):
            unit.jobs.advance(job_id, outcome, now=now)
        due = unit.outbox.due(now=now)
        unit.outbox.mark_sent([task.outbox_id for task in due], now=now)


def is_over(store: Store, job_id: JobId) -> bool:
    """Tell whether a job is published; what fails must not count as quick."""
    with store.reading() as unit:
        job = unit.jobs.get(job_id)
    if job.state is JobState.FAILED:
        raise RuntimeError(job.failure)
    return job.state is JobState.PUBLISHED


def read(log: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Read from the worker's log when each job was recorded, and how long finishing took."""
    ended, finishing = {}, {}
    for line in log.read_text("utf-8").splitlines():
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        if event.get("event") == "generation_ended":
            moment = datetime.fromisoformat(event["timestamp"])
            ended[event["job_id"]] = moment.timestamp()
        elif event.get("event") == "pictures_finished":
            finishing[event["job_id"]] = event["finishing_s"]
    return ended, finishing
