"""Tasks are sent at once or not at all, and a running task's message stays with its worker."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from kombu import Consumer, Queue

from core.contracts.ids import JobId
from core.errors import Unavailable
from core.settings import CoreSettings
from core.task_queue import BrokerLease, TaskQueue, make_celery
from core.workflow import TaskName
from tests.redis_server import free_port

QUEUE = "generate.t"
DEADLINE_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


def wait_until(condition, deadline_s: float = DEADLINE_S) -> None:
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "the deadline passed"
        time.sleep(0.02)


@pytest.fixture
def settings(redis_server):
    return CoreSettings(redis_url=redis_server.url, visibility_timeout_s=2)


@pytest.fixture
def queue(settings):
    with contextlib.closing(TaskQueue(settings)) as opened:
        yield opened


@pytest.fixture
def lease(settings):
    with contextlib.closing(BrokerLease(settings)) as opened:
        yield opened


@pytest.fixture
def store(redis_server):
    """The broker's own view."""
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        yield client


@contextlib.contextmanager
def taken_message(settings, queue_name: str = QUEUE):
    """Take one message with the real kombu and leave it unacknowledged."""
    messages = []
    app = make_celery("taker", settings)
    with (
        contextlib.closing(app),
        app.connection_for_read() as connection,
        connection.channel() as channel,
        Consumer(channel, [Queue(queue_name)], on_message=messages.append, prefetch_count=1),
    ):
        while not messages:
            connection.drain_events(timeout=DEADLINE_S)
        yield messages[0]


def send(queue: TaskQueue, job: str, **options) -> None:
    queue.send(TaskName.GENERATE, JobId(job), QUEUE, **options)


def test_a_task_arrives_with_its_name_and_job(queue, settings):
    """What a worker gets is the task's Celery name and the job's id, nothing more."""
    send(queue, "job1")

    with taken_message(settings) as message:
        assert message.headers["task"] == "worker.generate"
        assert message.decode()[:2] == [[], {"job_id": "job1"}]


def test_the_lower_number_is_taken_first(queue, settings):
    """Redis priorities: 0 before 3 before 9, whatever came first."""
    send(queue, "later", priority=9)
    send(queue, "normal")
    send(queue, "first", priority=0)

    taken = []
    for _ in range(3):
        with taken_message(settings) as message:
            taken.append(message.headers["job_id"])
            message.ack()

    assert taken == ["first", "normal", "later"]


def test_waiting_and_taken_tasks_are_counted(queue, settings):
    """The depth counts who waits on any priority; a taken one moves over."""
    for job, priority in (("a", 0), ("b", 3), ("c", 9)):
        send(queue, job, priority=priority)
    assert (queue.depth(QUEUE), queue.unacked()) == (3, 0)

    with taken_message(settings) as message:
        assert (queue.depth(QUEUE), queue.unacked()) == (2, 1)
        message.ack()
        assert (queue.depth(QUEUE), queue.unacked()) == (2, 0)


def test_a_job_is_held_while_it_waits_and_while_it_runs(queue, settings):
    """The sweeper must not send again what the broker still has."""
    send(queue, "runs", priority=0)
    send(queue, "waits")
    queue.send(TaskName.SCREEN_PROMPT, JobId("elsewhere"), "screening")

    with taken_message(settings) as message:
        assert message.headers["job_id"] == "runs"
        assert queue.held_jobs(QUEUE) == {"runs", "waits"}
        message.ack()
        assert queue.held_jobs(QUEUE) == {"waits"}


def test_tickets_are_counted_however_often_they_name_one_job(queue, settings):
    """Any of them starts whichever job is next."""
    for _ in range(2):
        send(queue, "same")
    send(queue, "other")
    queue.send(TaskName.GENERATE, JobId("same"), "elsewhere")

    with taken_message(settings) as message:
        assert queue.tickets(QUEUE) == 3
        message.ack()
        assert queue.tickets(QUEUE) == 2


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda queue: send(queue, "a"), id="send"),
        pytest.param(lambda queue: queue.depth(QUEUE), id="depth"),
        pytest.param(lambda queue: queue.unacked(), id="unacked"),
        pytest.param(lambda queue: queue.held_jobs(QUEUE), id="held_jobs"),
        pytest.param(lambda queue: queue.tickets(QUEUE), id="tickets"),
    ],
)
def test_a_dead_broker_is_told_within_two_seconds(ask):
    """A person waits for this answer: kombu's own way is to try for ever."""
    settings = CoreSettings(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    with contextlib.closing(TaskQueue(settings)) as queue:
        started = time.monotonic()

        with pytest.raises(Unavailable, match="broker_away"):
            ask(queue)

        assert time.monotonic() - started < 2


def test_a_silent_broker_is_told_within_two_seconds(queue, redis_server):
    """The connection stands and nothing answers: a stopped process, a lost route."""
    send(queue, "before")
    redis_server.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()

    with pytest.raises(Unavailable, match="broker_away"):
        send(queue, "during")

    took_s = time.monotonic() - started
    redis_server.process.send_signal(signal.SIGCONT)
    assert took_s < 2


def test_a_broker_without_room_is_unavailable(queue, store):
    """Redis that refuses writes is as good as gone for a sender, and may come back."""
    store.config_set("maxmemory", 1)

    with pytest.raises(Unavailable, match="broker_away"):
        send(queue, "no-room")


def test_sending_goes_on_after_the_broker_came_back(queue, redis_server):
    """The same queue object works again, and what was sent before the kill is still there."""
    send(queue, "before")
    redis_server.kill()
    with pytest.raises(Unavailable):
        send(queue, "during")
    redis_server.start()

    send(queue, "after")

    assert queue.held_jobs(QUEUE) == {"before", "after"}


def test_every_option_is_known_to_kombu_and_celery(settings):
    """A misspelt option would be ignored in silence, and a killed worker cost an hour."""
    app = make_celery("easel", settings)
    with contextlib.closing(app), app.connection_for_read() as connection:
        channel = connection.default_channel

        assert channel.visibility_timeout == 2
        assert channel.unacked_restore_throttle == 1
        assert channel.socket_connect_timeout == 1
        assert connection.transport_options["unacked_restore_interval"] == 2
        assert type(channel).unacked_restore_interval == 10, "kombu still has this option"
        assert app.conf.task_acks_late
        assert app.conf.worker_prefetch_multiplier == 1
        assert app.conf.task_ignore_result


def test_the_look_for_lost_messages_is_bounded_by_the_visibility_timeout():
    """Five seconds in production, less where a test makes the timeout smaller."""
    intervals = {
        timeout: make_celery(
            "easel", CoreSettings(visibility_timeout_s=timeout)
        ).conf.broker_transport_options["unacked_restore_interval"]
        for timeout in (60, 2)
    }

    assert intervals == {60: 5, 2: 2}


def test_renewing_moves_the_time_since_when_a_message_is_held(queue, settings, lease, store):
    """Pins kombu's own key: the index of unacknowledged messages by delivery tag."""
    send(queue, "long")
    with taken_message(settings) as message:
        [(tag, before)] = store.zrange("unacked_index", 0, -1, withscores=True)
        assert tag == message.delivery_tag == message.properties["delivery_tag"]

        assert lease.renew(tag)

        [(same_tag, after)] = store.zrange("unacked_index", 0, -1, withscores=True)
        assert same_tag == tag
        assert before < after <= time.time()
        message.ack()


def test_renewing_never_brings_an_acknowledged_message_back(queue, settings, lease, store):
    """A renewal that comes late must not leave a ghost that would be delivered again."""
    send(queue, "done")
    with taken_message(settings) as message:
        message.ack()

        assert not lease.renew(message.delivery_tag)

    assert store.zcard("unacked_index") == 0
    assert store.hlen("unacked") == 0


def test_renewing_says_when_the_broker_is_away(lease, redis_server):
    """The worker goes on drawing and renews again later."""
    redis_server.kill()

    with pytest.raises(Unavailable, match="broker_away"):
        lease.renew("tag")


@contextlib.contextmanager
def worker(settings, log: Path, holding: str, *, task_s: float):
    arguments = [settings.redis_url, settings.visibility_timeout_s, task_s, log, holding]
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("lease_worker.py"), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lines(log: Path) -> list[str]:
    return log.read_text("utf-8").splitlines() if log.exists() else []


@pytest.mark.stack
def test_a_long_task_that_renews_runs_once(queue, settings, tmp_path):
    """Three visibility timeouts long; without renewal this was measured to run three times."""
    log = tmp_path / "log"
    send(queue, "long")

    with worker(settings, log, "renew", task_s=6):
        wait_until(lambda: "end long" in lines(log))
        wait_until(lambda: queue.unacked() == 0)

    assert lines(log) == ["start long", "end long"]


@pytest.mark.stack
def test_without_renewal_a_long_task_is_taken_again(queue, settings, tmp_path):
    """The trap that the lease is there for: it would be the same task on two slots."""
    log = tmp_path / "log"
    send(queue, "long")

    with worker(settings, log, "idle", task_s=30):
        wait_until(lambda: lines(log).count("start long") == 2, deadline_s=20)


@pytest.mark.stack
def test_a_killed_workers_task_goes_to_the_next_one(queue, settings, tmp_path):
    """At the latest one visibility timeout and two looks later, not kombu's 101 s or an hour."""
    log = tmp_path / "log"
    send(queue, "torn")
    with worker(settings, log, "renew", task_s=600) as first:
        wait_until(lambda: lines(log) == ["start torn"])
        first.kill()
        first.wait()

    with worker(settings, log, "renew", task_s=0):
        wait_until(lambda: "end torn" in lines(log), deadline_s=20)

    assert lines(log) == ["start torn", "start torn", "end torn"]


@pytest.mark.stack
def test_a_worker_outlives_its_broker(queue, settings, redis_server, tmp_path):
    """A task that runs while Redis is killed ends once, and the worker takes the next one."""
    log = tmp_path / "log"
    # Long enough for the worker to find the broker again, which it looks for every few seconds.
    settings = settings.model_copy(update={"visibility_timeout_s": 30})
    send(queue, "across")
    with worker(settings, log, "renew", task_s=3):
        wait_until(lambda: lines(log) == ["start across"])
        redis_server.kill()
        redis_server.start()
        wait_until(lambda: "end across" in lines(log))
        send(queue, "next")
        wait_until(lambda: "end next" in lines(log))
        wait_until(lambda: queue.unacked() == 0)

    assert lines(log) == ["start across", "end across", "start next", "end next"]


def test_celery_leaves_the_processes_own_logging_as_it_is():
    """It would set everything to warnings, and no event of a worker would be seen again."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    try:
        make_celery("test", CoreSettings()).log.setup_logging_subsystem(loglevel="WARNING")

        assert root.level == logging.INFO
    finally:
        root.setLevel(before)
