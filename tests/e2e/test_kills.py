"""Kill each process during a job: the job finishes once and is posted once, whatever died."""

import os
import signal
import time
from collections import Counter

import psutil
import pytest

from bot.bootstrap import Services, build_services
from bot.embedded.stack import Stack, settings_from
from bot.replies import Reply, ReplyKind
from bot.usecases import imagine
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.settings import WebSettings
from core.workflow import JobState
from tests.e2e.labels import assert_files_labelled, assert_visibly_labelled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

DEADLINE_S = 120.0
ENV = {
    "EASEL_WEB_PORT": "0",
    "EASEL_JOB_LEASE_S": "3",
    "EASEL_OUTBOX_SWEEP_S": "0.5",
    "EASEL_VISIBILITY_TIMEOUT_S": "6",
    "EASEL_MAX_WAITING_JOBS": "50",
}
"""Short leases, so that a loss shows in seconds; the mechanism is the shipped one."""

MEMBER = Actor(
    community_id=CommunityId(WebSettings().community),
    member_id=MemberId("web:killer"),
    display_name="Killer",
)
ADDRESS = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId(WebSettings().channel))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    running = Stack(ENV, tmp_path_factory.mktemp("home")).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def services(stack):
    built = build_services(settings_from(stack.env))
    yield built
    built.close()


def until(what, condition, deadline_s=DEADLINE_S):
    """Wait for a condition with a deadline; say what did not come."""
    ends = time.monotonic() + deadline_s
    while time.monotonic() < ends:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {deadline_s:.0f} s: {what}")


def state_of(services: Services, job_id: JobId) -> JobState:
    with services.store.reading() as unit:
        return unit.jobs.get(job_id).state


def send_a_long_job(services: Services, text="a red apple on a blue background") -> JobId:
    """Twice 50 steps take some seconds: time enough to kill somebody in the middle."""
    reply = imagine.submit(services, MEMBER, f"{text} --steps 50 --n 2", ADDRESS)
    assert reply.kind is ReplyKind.PROGRESS
    return reply.job_id


def await_drawing(services: Services, job_id: JobId) -> None:
    def is_drawing():
        progress = services.events.latest_progress(job_id)
        return progress is not None and progress.step >= 5

    until("the job is being drawn", is_drawing)


def engine_pid(worker_pid: int) -> int:
    """Find the worker's engine: the child that has torch loaded, thus the largest."""
    children = psutil.Process(worker_pid).children(recursive=True)
    return max(children, key=lambda child: child.memory_info().rss).pid


def victim_pid(stack: Stack, name: str) -> int:
    if name == "engine":
        return engine_pid(stack.pids()["worker"])
    return stack.pids()[name]


def assert_posted_once(services: Services, stack: Stack, job_id: JobId) -> None:
    with services.store.reading() as unit:
        pictures = unit.pictures.of_job(job_id)
        outcomes = Counter(
            row.facts.get("outcome") for row in unit.audit.of_job(job_id) if row.kind == "step"
        )
        messages = [
            message
            for message in unit.chat.recent(ADDRESS.channel_id, viewer=MEMBER.member_id, limit=500)
            if message.job_id == job_id and message.kind == "easel"
        ]

    assert [picture.index for picture in pictures] == [0, 1]
    assert outcomes["output_allow"] == 1
    assert outcomes["delivered"] == 1
    assert len(messages) == 1
    reply = Reply.model_validate_json(messages[0].body)
    assert reply.kind is ReplyKind.RESULT
    assert [shown.verify_id for shown in reply.pictures] == [each.verify_id for each in pictures]
    assert_files_labelled(services, job_id)
    assert_visibly_labelled(reply)
    folder = stack.home.folder / "blobs" / "published" / job_id
    assert len(list(folder.iterdir())) == len(pictures), "a lost attempt leaves nothing behind"


def broker_is_empty(services: Services, queue: str) -> bool:
    return services.queue.depth(queue) == 0 and services.queue.unacked() == 0


@pytest.mark.parametrize("name", ["worker", "engine", "redis", "web"])
def test_a_killed_process_costs_time_but_no_job(stack, services, name):
    """kill -9 in the middle of a job: it finishes once and is posted once."""
    job_id = send_a_long_job(services)
    await_drawing(services, job_id)
    pid = victim_pid(stack, name)

    os.kill(pid, signal.SIGKILL)

    until("the job is delivered", lambda: state_of(services, job_id) is JobState.DELIVERED)
    # The message of the killed attempt comes back later; it must not draw or post again.
    with services.store.reading() as unit:
        queue = unit.jobs.get(job_id).queue
    until("every message is dealt with", lambda: broker_is_empty(services, queue))
    assert_posted_once(services, stack, job_id)
    if name in {"worker", "engine"}:
        with services.store.reading() as unit:
            assert unit.jobs.get(job_id).attempts == 2
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_request_made_while_redis_is_away_is_drawn_when_it_returns(stack, services):
    """The outbox keeps the task; the person is answered as always."""
    broker = psutil.Process(stack.pids()["redis"])
    broker.suspend()
    try:
        begun = time.monotonic()
        reply = imagine.submit(services, MEMBER, "a green heart --n 2", ADDRESS)
        answered_s = time.monotonic() - begun
    finally:
        broker.kill()

    assert reply.kind is ReplyKind.PROGRESS
    assert answered_s < 1.0
    until("the job is delivered", lambda: state_of(services, reply.job_id) is JobState.DELIVERED)
    assert_posted_once(services, stack, reply.job_id)


def test_a_job_that_kills_its_engine_three_times_is_failed_with_a_notice(stack, services):
    """A poison job is the cause, not the victim; the next job is drawn as if nothing had been."""
    job_id = send_a_long_job(services, "a yellow star")

    for attempt in (1, 2, 3):
        until(
            f"attempt {attempt} runs",
            lambda n=attempt: is_in_attempt(services, job_id, n),
        )
        await_drawing(services, job_id)
        os.kill(engine_pid(stack.pids()["worker"]), signal.SIGKILL)
        services.events.clear_progress(job_id)

    until("the job is failed", lambda: state_of(services, job_id) is JobState.FAILED)
    after = imagine.submit(services, MEMBER, "a panda --n 2", ADDRESS).job_id
    until("the next job is drawn", lambda: state_of(services, after) is JobState.DELIVERED)


def is_in_attempt(services: Services, job_id: JobId, attempt: int) -> bool:
    with services.store.reading() as unit:
        job = unit.jobs.get(job_id)
    return job.state is JobState.RUNNING and job.attempts == attempt
