"""Carry what may be lost between processes: progress, wake-up calls, heartbeats.

Nothing here is part of a job's record. Whoever listens must also look at the database now and
then, because Redis drops what is published while it, or the listener, is away.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

import redis
import structlog
from pydantic import ValidationError

from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.contracts.progress import Progress
from core.errors import Unavailable
from core.redis_client import AWAY, connect, connect_async

log = structlog.get_logger()

PROGRESS_TOPIC = "easel.progress"
"""Every report of every running job, as the JSON of a `Progress`."""

CANCEL_TOPIC = "easel.cancel"
"""The ids of jobs that were called back while they ran: whoever draws one stops at once."""

REVIEWS_TOPIC = "easel.reviews"
"""Something in the moderators' queue has changed: pages and cards look again."""

PROGRESS_TTL_S = 600
"""How long the last report is kept for a page that is opened late; longer than any one step."""

RECONNECT_FIRST_S = 0.1
RECONNECT_MOST_S = 2.0
"""A listener tries again after 0.1 s, then doubles up to delivery's own polling interval."""

_SILENCE_S = 5.0
"""After this long without a message a listener pings; no answer in as long again means gone."""

_LOOK_S = 0.5
"""How often a listener in a thread of its own looks whether it should end."""

_MESSAGES = frozenset({"message", "pmessage"})
"""What redis-py calls a published event; the rest are receipts of subscriptions and pings."""


def wake_topic(platform: Platform) -> str:
    """Name the topic that tells a platform's delivery loop that a notice is due."""
    return f"easel.wake.{platform.value}"


def _progress_key(job_id: JobId) -> str:
    return f"easel.progress.{job_id}"


def _names_key(kind: str) -> str:
    return f"easel.alive.{kind}"


def _beat_key(kind: str, name: str) -> str:
    return f"easel.alive.{kind}.{name}"


class Events:
    """One process's access to the passing events of all of them. Thread-safe."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._redis = connect(redis_url)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def publish_progress(self, progress: Progress) -> None:
        """Tell whoever watches the job, and keep the report for who comes late. Never raises."""
        report = progress.model_dump_json()
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(_progress_key(progress.job_id), report, ex=PROGRESS_TTL_S)
                pipe.publish(PROGRESS_TOPIC, report)
                pipe.execute()
        except AWAY:
            log.debug("progress_lost", job_id=progress.job_id)

    def latest_progress(self, job_id: JobId) -> Progress | None:
        """Read the last report; None when there is none, or when Redis is away."""
        try:
            report = self._redis.get(_progress_key(job_id))
        except AWAY:
            return None
        try:
            return Progress.model_validate_json(report) if isinstance(report, bytes) else None
        except ValidationError:
            return None  # Written by another version of Easel during an upgrade.

    def clear_progress(self, job_id: JobId) -> None:
        """Forget the last report of a job that has ended. Never raises: it expires by itself."""
        try:
            self._redis.delete(_progress_key(job_id))
        except AWAY:
            log.debug("progress_kept", job_id=job_id)

    def wake(self, topic: str) -> None:
        """Wake whoever listens on a topic. Never raises: they also look by themselves."""
        try:
            self._redis.publish(topic, b"1")
        except AWAY:
            log.debug("wake_lost", topic=topic)

    def publish_cancel(self, job_id: JobId) -> None:
        """Tell whoever draws a job that it was called back. Never raises.

        A worker that does not hear it notices when it next renews the job's lease.
        """
        try:
            self._redis.publish(CANCEL_TOPIC, job_id)
        except AWAY:
            log.debug("cancel_lost", job_id=job_id)

    def cancels(self, stopped: threading.Event) -> Iterator[JobId]:
        """Yield the jobs that are called back until told to stop, connecting anew as needed."""
        wait_s = RECONNECT_FIRST_S
        while not stopped.is_set():
            try:
                for job_id in self._cancels_once(stopped):
                    wait_s = RECONNECT_FIRST_S
                    yield job_id
            except AWAY:
                log.info("events_away", retry_in_s=wait_s)
            stopped.wait(wait_s)
            wait_s = min(wait_s * 2, RECONNECT_MOST_S)

    def _cancels_once(self, stopped: threading.Event) -> Iterator[JobId]:
        with self._redis.pubsub() as pubsub:  # type: ignore[no-untyped-call] # redis-py's
            pubsub.subscribe(CANCEL_TOPIC)
            heard_at, is_pinged = time.monotonic(), False
            while not stopped.is_set():
                message = pubsub.get_message(timeout=_LOOK_S)
                if message is not None:
                    heard_at, is_pinged = time.monotonic(), False
                    if message["type"] in _MESSAGES:
                        yield JobId(message["data"].decode())
                elif time.monotonic() - heard_at > _SILENCE_S:
                    if is_pinged:
                        raise redis.TimeoutError
                    pubsub.ping()
                    heard_at, is_pinged = time.monotonic(), True

    def beat(self, kind: str, name: str, ttl_s: float) -> None:
        """Say that process `name` of a kind is alive for the next `ttl_s`. Never raises."""
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.sadd(_names_key(kind), name)
                pipe.set(_beat_key(kind, name), b"1", px=max(1, int(ttl_s * 1000)))
                pipe.execute()
        except AWAY:
            log.debug("beat_lost", kind=kind, name=name)

    def alive(self, kind: str) -> list[str]:
        """Name the processes of a kind whose last beat still holds, in order.

        Raises:
            Unavailable: `broker_away`.
        """
        try:
            members = self._redis.smembers(_names_key(kind))
            names = sorted(name.decode() for name in members if isinstance(name, bytes))
            if not names:
                return []
            beats = self._redis.mget([_beat_key(kind, name) for name in names])
            gone = [name for name, beat in zip(names, beats, strict=True) if beat is None]
            if gone:
                self._redis.srem(_names_key(kind), *gone)
        except AWAY as error:
            raise Unavailable("broker_away") from error
        return [name for name in names if name not in gone]

    def claim(self, name: str, ttl_s: int) -> bool:
        """Take a name that only one may take within this time; False: somebody was first.

        Raises:
            Unavailable: `broker_away`; nobody can tell, so nobody has it.

        """
        try:
            return bool(self._redis.set(f"easel.claim.{name}", b"1", nx=True, ex=ttl_s))
        except AWAY as error:
            raise Unavailable("broker_away") from error

    def tally(self, name: str, ttl_s: int) -> int:
        """Count one more of a name and say how many there were; the count ends after a time.

        Raises:
            Unavailable: `broker_away`; it was not counted.
        """
        key = f"easel.tally.{name}"
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(key, 0, nx=True, ex=ttl_s)
                pipe.incr(key)
                return int(pipe.execute()[1])
        except AWAY as error:
            raise Unavailable("broker_away") from error

    async def listen(
        self, topics: Sequence[str] = (), patterns: Sequence[str] = ()
    ) -> AsyncGenerator[tuple[str, bytes]]:
        """Yield (topic, payload) for ever, connecting anew whenever Redis comes back.

        What is published in between is lost. Close the generator (`contextlib.aclosing`) to
        give its connection back at once.
        """
        wait_s = RECONNECT_FIRST_S
        while True:
            try:
                async with aclosing(self._listen_once(topics, patterns)) as connection:
                    async for event in connection:
                        wait_s = RECONNECT_FIRST_S
                        yield event
            except AWAY:
                log.info("events_away", retry_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RECONNECT_MOST_S)

    async def _listen_once(
        self, topics: Sequence[str], patterns: Sequence[str]
    ) -> AsyncGenerator[tuple[str, bytes]]:
        async with connect_async(self._url) as client, client.pubsub() as pubsub:
            if topics:
                await pubsub.subscribe(*topics)
            if patterns:
                await pubsub.psubscribe(*patterns)
            is_pinged = False
            while True:
                message = await pubsub.get_message(timeout=_SILENCE_S)
                if message is None:
                    if is_pinged:
                        raise redis.TimeoutError
                    await pubsub.ping()
                is_pinged = message is None
                if message is not None and message["type"] in _MESSAGES:
                    yield message["channel"].decode(), message["data"]
