"""Measure what one accepted request costs in processor time, with little and with much stored.

    python -m bench.submit [--rounds 16] [--stored 20000]

In one process over a fresh SQLite home, without broker and Redis: `imagine.submit` by itself, and
the web chat's whole command around it (write down, submit, answer, render) without HTTP. A round
is 25 requests, one a member; the smallest round counts, since on a shared machine the others hold
other people's time too.
"""

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.report import Figure, publish
from bot.bootstrap import Services, build_services
from bot.usecases import commands, imagine
from bot.web_app.app import create_app
from bot.web_app.context import Web
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId, new_id, new_verify_id
from core.contracts.jobs import Job, Picture
from core.settings import CoreSettings, WebSettings
from core.workflow import JobState

MEMBERS = tuple(
    Actor(
        community_id=CommunityId("local"),
        member_id=MemberId(f"web:{number:03}"),
        display_name=f"Member {number}",
    )
    for number in range(25)
)


class Silence:
    """Be the broker and the events: neither is part of what is measured."""

    def send(self, *_task: object) -> None:
        """Take a task."""

    def wake(self, _topic: str) -> None:
        """Wake nobody."""

    def close(self) -> None:
        """Nothing was opened."""


@contextmanager
def fresh_services() -> Iterator[Services]:
    """Open the use cases over a home that nobody used."""
    with tempfile.TemporaryDirectory() as home:
        settings = CoreSettings(
            _env_file=None,
            home=Path(home),
            max_waiting_jobs=1_000_000,
            max_waiting_jobs_community=1_000_000,
        )
        built = build_services(settings)
        built.store.migrate()
        services = dataclasses.replace(built, queue=Silence(), events=Silence())
        try:
            yield services
        finally:
            services.close()


def store_jobs(services: Services, count: int, state: JobState) -> None:
    """Put many jobs there; those that are over have a picture of today."""
    imagine.submit(services, MEMBERS[0], "a red apple", _address("first"))
    services.courier.settle(10)  # It would wait for the long unit below.
    with services.store.unit() as unit:
        [sample] = unit.jobs.recent(MEMBERS[0].community_id)
        for number in range(count):
            actor = MEMBERS[number % len(MEMBERS)]
            job = sample.model_copy(
                update={"job_id": JobId(new_id()), "state": state, "actor": actor}
            )
            unit.jobs.add(job)
            if state is JobState.DELIVERED:
                unit.pictures.add(_picture(job))


def _picture(job: Job) -> Picture:
    return Picture(
        verify_id=new_verify_id(),
        job_id=job.job_id,
        index=0,
        blob=f"published/{job.job_id}/0.png",
        sha256="0" * 64,
        width=512,
        height=512,
        size_bytes=1,
        seed=1,
        prompt=job.spec.prompt,
        alt_text="A red apple.",
        model=job.model,
        policy_version=job.policy_version,
        steps=20,
        guidance_scale=3.0,
        scheduler="ddim",
        duration_s=0.01,
        created_at=job.created_at,
    )


def _address(thread: str) -> ReplyAddress:
    return ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general"), thread=thread)


def measure(ask: Callable[[int], object], rounds: int) -> float:
    """Milliseconds of this thread's processor time a request, in the smallest round."""
    taken = []
    for round_no in range(rounds + 1):
        begun = time.thread_time()
        for number in range(len(MEMBERS)):
            ask(round_no * len(MEMBERS) + number)
        taken.append((time.thread_time() - begun) / len(MEMBERS) * 1000)
    return min(taken[1:])  # The first one fills the caches.


def submit_ms(rounds: int, stored: int = 0, state: JobState = JobState.DELIVERED) -> float:
    """Measure the use case."""
    with fresh_services() as services:
        if stored:
            store_jobs(services, stored, state)
        return measure(
            lambda number: imagine.submit(
                services,
                MEMBERS[number % len(MEMBERS)],
                f"a red apple --seed {number}",
                _address(f"t{number}"),
            ),
            rounds,
        )


def command_ms(rounds: int) -> float:
    """Measure what the web chat does for a typed command."""
    with fresh_services() as services:
        web: Web = create_app(services, WebSettings(_env_file=None)).state.web

        def ask(number: int) -> None:
            actor, text = MEMBERS[number % len(MEMBERS)], f"/imagine a red apple --seed {number}"
            said_id = web.channel.say(actor, text)
            reply = commands.run(services, actor, text, web.channel.address(said_id))
            assert reply.job_id is not None
            web.html_of(web.channel.answer(actor, said_id, reply), actor)

        return measure(ask, rounds)


def main() -> None:
    """Measure all four and print their table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=16, help="rounds of 25 requests")
    options.add_argument("--stored", type=int, default=20_000, help="jobs stored beforehand")
    asked = options.parse_args()
    many = f"with {asked.stored:,} jobs"
    figures = [
        ("submit_ms", "one submit", submit_ms(asked.rounds)),
        ("command_ms", "the web's command around it", command_ms(asked.rounds)),
        (
            "submit_delivered_ms",
            f"one submit {many} delivered",
            submit_ms(asked.rounds, asked.stored, JobState.DELIVERED),
        ),
        (
            "submit_waiting_ms",
            f"one submit {many} waiting",
            submit_ms(asked.rounds, asked.stored, JobState.QUEUED),
        ),
    ]
    publish("submit", [Figure(key, what, ms, "ms", None) for key, what, ms in figures], {})


if __name__ == "__main__":
    main()
