"""Measure the road: acknowledgement under load, overhead of a picture, the rules' own time.

    python -m bench.road [--seconds 20] [--jobs 40]

Three parts. Acknowledgement: requests arrive at a fixed rate at the web app, each on time whether
or not the one before was answered (an open loop), while the generation worker is stopped; beside
it, the processor time that a request costs the web app and screening, which hangs less on what
else the machine does.
Overhead: one job at a time over the whole road; from accepted to posted, less the engine's own
time. Rules: the in-process screening of prompts that are benign, long, hostile and obfuscated.
"""

import argparse
import http.client
import os
import queue
import random
import signal
import statistics
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.report import Figure, publish, spread
from bot.bootstrap import Services, build_services
from bot.embedded.interrupts import interruptible
from bot.embedded.stack import Stack, settings_from
from bot.usecases import imagine
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.base import utc_now
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.settings import WebSettings
from core.workflow import JobState
from moderation.engine import Gate, texts_of
from moderation.policy import load_policy

RATE = 50
MEMBERS = 25
"""People who share the load, so that none of them meets the limit on waiting jobs."""

DEADLINE_S = 120.0
PROMPTS = (
    "a red apple on a blue background",
    "a rocket and a cat in space --n 2 --seed 7",
    "a {red,green,blue} heart::2 on the grass::1 --no text, blur --s 250",
    "a glass of water on the grass beside a classic car, golden hour, 35mm photograph",
    "portrait of an old fisherman " + "in the style of the dutch masters, soft light, " * 5,
    "a k\u200bn\u200bight with a sw0rd, \uff46\uff55\uff4c\uff4c s p a c e d letters",
)


@contextmanager
def running_stack() -> Iterator[tuple[Stack, Services]]:
    """Run everything in a fresh home, and end it."""
    env = {
        "EASEL_WEB_PORT": "0",
        "EASEL_MAX_WAITING_JOBS": "100000",
        "EASEL_MAX_WAITING_JOBS_COMMUNITY": "100000",
        "EASEL_LOG_LEVEL": "WARNING",
    }
    with (
        interruptible(),
        tempfile.TemporaryDirectory() as home,
        Stack(env, Path(home)).start() as stack,
    ):
        services = build_services(settings_from(stack.env))
        try:
            yield stack, services
        finally:
            services.close()


class Visitor:
    """One browser: a cookie, and connections that it keeps open as browsers do."""

    def __init__(self, web_url: str) -> None:
        self._netloc = urllib.parse.urlsplit(web_url).netloc
        self._idle: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()
        connection = http.client.HTTPConnection(self._netloc, timeout=30)
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        self._cookie = response.headers["Set-Cookie"].partition(";")[0]
        self._idle.put(connection)

    def say(self, text: str) -> int:
        """Type something and wait for the answer; return the HTTP status."""
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = http.client.HTTPConnection(self._netloc, timeout=30)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": self._cookie,
            "Origin": f"http://{self._netloc}",
            "HX-Request": "true",
        }
        connection.request("POST", "/say", urllib.parse.urlencode({"text": text}), headers)
        response = connection.getresponse()
        response.read()
        self._idle.put(connection)
        return response.status

    def leave(self) -> None:
        """Close what is open."""
        while not self._idle.empty():
            self._idle.get().close()


def measure_acknowledgement(seconds: float) -> dict[str, float]:
    """Milliseconds from when a request was due to when its answer had arrived.

    Beside them, milliseconds of processor time a request in the web app and in screening.
    """
    with running_stack() as (stack, services):
        worker_group = os.getpgid(stack.pids()["worker"])
        os.killpg(worker_group, signal.SIGSTOP)
        try:
            visitors = [Visitor(str(stack.web_url)) for _ in range(MEMBERS)]
            parts = {name: psutil.Process(stack.pids()[name]) for name in ("web", "screening")}
            before = {name: _processor_s(part) for name, part in parts.items()}
            latencies = _open_loop(visitors, int(RATE * seconds))
            used = {
                f"{name}_processor": (_processor_s(part) - before[name]) / len(latencies) * 1000
                for name, part in parts.items()
            }
            for visitor in visitors:
                visitor.leave()
            with services.store.reading() as unit:
                accepted = sum(unit.jobs.counts().values())
            assert accepted == len(latencies), (accepted, len(latencies))
        finally:
            os.killpg(worker_group, signal.SIGCONT)
    return spread(latencies) | used


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _open_loop(visitors: Sequence[Visitor], count: int) -> list[float]:
    begun = time.perf_counter() + 0.5
    latencies: list[float] = []
    collected = threading.Lock()

    def one(number: int) -> None:
        due = begun + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        status = visitors[number % len(visitors)].say(f"/imagine a red apple --seed {number}")
        took_ms = (time.perf_counter() - due) * 1000
        assert status == http.client.OK, status
        with collected:
            latencies.append(took_ms)

    # Enough threads that none is late because its neighbours wait for answers.
    with ThreadPoolExecutor(RATE * 4) as pool:
        for done in [pool.submit(one, number) for number in range(count)]:
            done.result()
    return latencies


def measure_overhead(jobs: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds a job spends outside the engine, and inside it."""
    overheads, engines = [], []
    with running_stack() as (_, services):
        for number in range(jobs + 3):
            accepted, posted, engine_s = _one_job(services, number)
            if number >= 3:  # The first ones warm caches and connections up.
                overheads.append((posted - accepted - engine_s) * 1000)
                engines.append(engine_s * 1000)
    return spread(overheads), spread(engines)


def _one_job(services: Services, number: int) -> tuple[float, float, float]:
    web = WebSettings()
    actor = Actor(
        community_id=CommunityId(web.community),
        member_id=MemberId("web:bench"),
        display_name="Bench",
    )
    address = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId(web.channel))
    text = f"a red apple on a blue background --draft --seed {number}"
    reply = imagine.submit(services, actor, text, address)
    assert reply.job_id is not None
    _await_delivery(services, reply.job_id)
    with services.store.reading() as unit:
        job = unit.jobs.get(reply.job_id)
        engine_s = sum(picture.duration_s for picture in unit.pictures.of_job(reply.job_id))
        messages = unit.chat.recent(address.channel_id, viewer=actor.member_id, limit=50)
        posted = next(each for each in messages if each.job_id == reply.job_id)
    return job.created_at.timestamp(), posted.updated_at.timestamp(), engine_s


def _await_delivery(services: Services, job_id: JobId) -> None:
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        with services.store.reading() as unit:
            state = unit.jobs.get(job_id).state
        if state is JobState.DELIVERED:
            return
        time.sleep(0.02)
    raise TimeoutError(job_id)


def measure_rules(repeats: int) -> dict[str, float]:
    """Milliseconds of one rules-only screening of a whole request."""
    from bot import grammar

    gate = Gate(load_policy())
    specs: list[GenerationSpec] = [grammar.parse(prompt) for prompt in PROMPTS]
    numbers = [number % len(specs) for number in range(repeats)]
    random.Random(0).shuffle(numbers)
    taken = []
    for round_, number in enumerate(numbers):
        # A word of its own, so that no cache of whole prompts could answer.
        spec = specs[number].model_copy(update={"prompt": f"{specs[number].prompt} {round_}"})
        begun = time.perf_counter()
        verdict = gate.screen_rules(texts_of(spec), community_id=CommunityId("b"), now=utc_now())
        taken.append((time.perf_counter() - begun) * 1000)
        assert verdict.checks
    return spread(taken)


def main() -> None:
    """Run the three parts and print their table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=20.0, help="length of the load")
    options.add_argument("--jobs", type=int, default=40, help="jobs over the whole road")
    options.add_argument("--repeats", type=int, default=3, help="runs of the load")
    asked = options.parse_args()
    rules = measure_rules(6000)
    overhead, engine = measure_overhead(asked.jobs)
    loads = [measure_acknowledgement(asked.seconds) for _ in range(asked.repeats)]
    median = {key: statistics.median(load[key] for load in loads) for key in loads[0]}
    publish(
        "road",
        [
            Figure(
                "ack_p99_ms",
                "acknowledgement p99 at 50/s, worker stopped",
                median["p99"],
                "ms",
                300,
            ),
            *(
                Figure(
                    f"{part}_processor_ms",
                    f"processor time of a request in {where}",
                    median[f"{part}_processor"],
                    "ms",
                    None,
                )
                for part, where in (("web", "the web app"), ("screening", "screening"))
            ),
            Figure(
                "overhead_p95_ms",
                "accepted to posted less engine time, p95",
                overhead["p95"],
                "ms",
                150,
            ),
            Figure("rules_p99_ms", "rules screening p99", rules["p99"], "ms", 2),
        ],
        {"acknowledgement": loads, "overhead": overhead, "engine": engine, "rules": rules},
    )


if __name__ == "__main__":
    main()
