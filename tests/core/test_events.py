"""Passing events reach who listens, survive Redis's death, and never hurt who sends them."""

import asyncio
import contextlib
import signal
import threading
import time

import pytest
import redis
import structlog

from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.contracts.progress import Phase, Progress
from core.errors import Unavailable
from core.events import PROGRESS_TOPIC, Events, wake_topic
from tests.redis_server import RedisServer, free_port

JOB = JobId("job000000001")
DEADLINE_S = 30.0


def report(step: int = 5, preview: bytes | None = b"\xff\xd8\x00raw") -> Progress:
    return Progress(
        job_id=JOB, phase=Phase.DENOISING, step=step, total_steps=20, preview_jpeg=preview
    )


@pytest.fixture
def events(redis_server):
    with contextlib.closing(Events(redis_server.url)) as opened:
        yield opened


@pytest.fixture
def events_away():
    with contextlib.closing(Events(f"redis://127.0.0.1:{free_port()}/0")) as opened:
        yield opened


async def publish_until(received: asyncio.Event, publish) -> None:
    """Publish again and again: a subscription has no receipt that its publisher could wait for."""
    while not received.is_set():
        await asyncio.to_thread(publish)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(received.wait(), 0.05)


async def first_event(events: Events, publish, **subscription) -> tuple[str, bytes]:
    received = asyncio.Event()

    async def receive() -> tuple[str, bytes]:
        async with contextlib.aclosing(events.listen(**subscription)) as stream:
            async for event in stream:
                received.set()
                return event
        raise AssertionError("the stream ended")

    async with asyncio.timeout(DEADLINE_S):
        event, _ = await asyncio.gather(receive(), publish_until(received, publish))
    return event


def test_the_last_report_is_kept_for_a_page_that_opens_late(events):
    """The newest report wins, preview bytes and all."""
    events.publish_progress(report(step=1))
    events.publish_progress(report(step=5))

    assert events.latest_progress(JOB) == report(step=5)


def test_the_last_report_does_not_stay_for_ever(events, redis_server):
    """A job that nobody clears leaves nothing behind after ten minutes."""
    events.publish_progress(report())

    with redis.Redis(port=redis_server.port) as client:
        assert 0 < client.ttl(f"easel.progress.{JOB}") <= 600


def test_a_cleared_job_has_no_report(events):
    """What ended is not shown as running."""
    events.publish_progress(report())

    events.clear_progress(JOB)

    assert events.latest_progress(JOB) is None


def test_a_report_of_another_version_is_no_report(events, redis_server):
    """During an upgrade two versions share a Redis."""
    with redis.Redis(port=redis_server.port) as client:
        client.set(f"easel.progress.{JOB}", b'{"job_id": "x", "added_later": 1}')

    assert events.latest_progress(JOB) is None


def test_a_report_reaches_a_listener(events):
    """Progress is published on one topic, as JSON."""
    topic, payload = asyncio.run(
        first_event(events, lambda: events.publish_progress(report()), topics=[PROGRESS_TOPIC])
    )

    assert topic == "easel.progress"
    assert Progress.model_validate_json(payload) == report()


def test_a_pattern_hears_every_platform(events):
    """One listener may watch all the wake topics."""
    topic, _ = asyncio.run(
        first_event(
            events, lambda: events.wake(wake_topic(Platform.WEB)), patterns=["easel.wake.*"]
        )
    )

    assert topic == "easel.wake.web"


def test_listening_survives_the_death_of_redis(events, redis_server):
    """The same stream goes on after a kill and a start, with nobody's help."""

    async def two_lives() -> list[str]:
        heard: list[str] = []
        changed = asyncio.Event()

        async def receive() -> None:
            async with contextlib.aclosing(events.listen(topics=["first", "second"])) as stream:
                async for topic, _ in stream:
                    if topic not in heard:
                        heard.append(topic)
                        changed.set()
                    if len(heard) == 2:
                        return

        receiving = asyncio.create_task(receive())
        await publish_until(changed, lambda: events.wake("first"))
        changed.clear()
        await asyncio.to_thread(redis_server.kill)
        await asyncio.to_thread(redis_server.start)
        await publish_until(changed, lambda: events.wake("second"))
        await receiving
        return heard

    async def bounded() -> list[str]:
        async with asyncio.timeout(DEADLINE_S):
            return await two_lives()

    assert asyncio.run(bounded()) == ["first", "second"]


def test_listening_may_begin_before_redis(tmp_path):
    """A front-end started first waits for Redis instead of ending."""
    server = RedisServer(tmp_path)

    async def start_late() -> tuple[str, bytes]:
        with contextlib.closing(Events(server.url)) as events:
            starting = asyncio.create_task(asyncio.to_thread(server.start))
            event = await first_event(events, lambda: events.wake("late"), topics=["late"])
            await starting
            return event

    try:
        assert asyncio.run(start_late()) == ("late", b"1")
    finally:
        server.stop()


def test_a_listener_notices_a_server_that_went_silent(monkeypatch, events, redis_server):
    """A half-open connection gives no error; an unanswered ping does."""
    monkeypatch.setattr("core.events._SILENCE_S", 0.1)

    async def silenced() -> set[str]:
        received = asyncio.Event()

        async def receive() -> None:
            async with contextlib.aclosing(events.listen(topics=["t"])) as stream:
                async for _ in stream:
                    received.set()

        receiving = asyncio.create_task(receive())
        await publish_until(received, lambda: events.wake("t"))
        with structlog.testing.capture_logs() as logs:
            redis_server.process.send_signal(signal.SIGSTOP)
            while not logs:  # noqa: ASYNC110 - a log line has no event to wait for.
                await asyncio.sleep(0.01)
        redis_server.process.send_signal(signal.SIGCONT)
        received.clear()
        await publish_until(received, lambda: events.wake("t"))
        receiving.cancel()
        return {entry["event"] for entry in logs}

    async def bounded() -> set[str]:
        async with asyncio.timeout(DEADLINE_S):
            return await silenced()

    assert asyncio.run(bounded()) == {"events_away"}


class Listening:
    """A thread that hears of cancelled jobs until the `with` ends."""

    def __init__(self, events):
        self.heard = []
        self.has_heard = threading.Event()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.listen, args=(events,))

    def listen(self, events):
        for job_id in events.cancels(self.stopped):
            self.heard.append(job_id)
            self.has_heard.set()

    def wait_while(self, publish):
        self.has_heard.clear()
        deadline = time.monotonic() + DEADLINE_S
        while not self.has_heard.wait(0.05):
            assert time.monotonic() < deadline
            publish()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join(DEADLINE_S)


def test_who_draws_hears_that_a_job_is_called_back(events):
    """The listener gets the job's id, and ends when told to."""
    with Listening(events) as listening:
        listening.wait_while(lambda: events.publish_cancel(JOB))

    assert set(listening.heard) == {JOB}
    assert not listening.thread.is_alive()


def test_cancels_are_heard_again_after_the_death_of_redis(events, redis_server):
    """The same listener goes on after a kill and a start, with nobody's help."""
    with Listening(events) as listening:
        listening.wait_while(lambda: events.publish_cancel(JOB))
        redis_server.kill()
        redis_server.start()

        listening.wait_while(lambda: events.publish_cancel(JobId("later")))

    assert "later" in listening.heard


def test_beats_name_who_is_alive(events):
    """Each kind of process has its own list, in order."""
    events.beat("worker", "gpu-b", ttl_s=60)
    events.beat("worker", "gpu-a", ttl_s=60)
    events.beat("screening", "cpu", ttl_s=60)

    assert events.alive("worker") == ["gpu-a", "gpu-b"]
    assert events.alive("screening") == ["cpu"]
    assert events.alive("web") == []


def test_who_stops_beating_is_forgotten(events, redis_server):
    """A beat ends by Redis's clock, so hosts need not agree on the time."""
    events.beat("worker", "gone", ttl_s=0.05)
    events.beat("worker", "here", ttl_s=60)

    deadline = time.monotonic() + DEADLINE_S
    while events.alive("worker") != ["here"]:
        assert time.monotonic() < deadline
    with redis.Redis(port=redis_server.port) as client:
        assert client.smembers("easel.alive.worker") == {b"here"}


def test_sending_never_raises_while_redis_is_away(events_away):
    """Progress, wake-ups and beats are lossy by design: a job must not fail for them."""
    started = time.monotonic()

    events_away.publish_cancel(JOB)
    events_away.publish_progress(report())
    events_away.clear_progress(JOB)
    events_away.wake("easel.wake.web")
    events_away.beat("worker", "me", ttl_s=5)

    assert events_away.latest_progress(JOB) is None
    assert time.monotonic() - started < 2


def test_who_is_alive_cannot_be_said_while_redis_is_away(events_away):
    """No answer is not the same as nobody."""
    with pytest.raises(Unavailable, match="broker_away"):
        events_away.alive("worker")


def test_a_name_is_claimed_once(events):
    """A one-time link opens for the first who follows it."""
    assert events.claim("entry.abc", ttl_s=60) is True
    assert events.claim("entry.abc", ttl_s=60) is False
    assert events.claim("entry.def", ttl_s=60) is True


def test_nobody_has_a_claim_that_could_not_be_recorded(events_away):
    """A one-time link stays shut while nobody can tell whether it was used."""
    with pytest.raises(Unavailable, match="broker_away"):
        events_away.claim("entry.abc", ttl_s=60)


def test_a_tally_counts_up_and_names_are_apart(events):
    """How often somebody knocked is told to each of them."""
    assert [events.tally("door.a", ttl_s=60) for _ in range(3)] == [1, 2, 3]
    assert events.tally("door.b", ttl_s=60) == 1


def test_a_tally_ends_by_itself(events, redis_server):
    """Its end is set with its first count, and further counts do not put it off."""
    events.tally("door.c", ttl_s=60)
    with redis.Redis.from_url(redis_server.url) as client:
        client.expire("easel.tally.door.c", 5)
        events.tally("door.c", ttl_s=60)
        assert 0 < client.ttl("easel.tally.door.c") <= 5


def test_a_tally_that_could_not_be_kept_is_no_number(events_away):
    with pytest.raises(Unavailable, match="broker_away"):
        events_away.tally("door.a", ttl_s=60)
