"""Measure the fair share on the shipped model: nobody waits for more than one job of each other.

    python -m bench.fairness [--members 20] [--most 50]

Every member queues 1 to 50 small jobs, one member after the other, while the worker stands still;
then it draws them all. Who began when is read from the record. Beside the bound stands what first
come, first served would have done, and how often a picture came within the time that was told.
"""

import argparse
import os
import random
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.report import Figure, publish, spread
from bot.bootstrap import Services, build_services
from bot.embedded.interrupts import interruptible
from bot.embedded.stack import Stack, settings_from
from bot.usecases import imagine
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.contracts.jobs import QueuePlace
from core.settings import WebSettings
from core.workflow import FINAL, JobState, Outcome

DEADLINE_S = 3600.0
LOOK_S = 2.0
"""How often everybody's place is asked for while the line is served."""

STEPS_MOST = 4
WARM_UP = 4
ENV = {
    "EASEL_WEB_PORT": "0",
    "EASEL_MAX_WAITING_JOBS": "1000",
    "EASEL_MAX_WAITING_JOBS_COMMUNITY": "10000",
    "EASEL_DAILY_GPU_S": "0",
    "EASEL_LOG_LEVEL": "WARNING",
}

Event = tuple[str, datetime, str]
"""`asked` or `began`, when, and which member."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told about a job's place, and when."""

    job_id: JobId
    at: datetime
    place: QueuePlace


@dataclass(frozen=True, slots=True)
class Served:
    """What came of a line: who asked and began when, when jobs were done, what was told."""

    events: Sequence[Event]
    done_at: dict[JobId, datetime]
    told: Sequence[Told]


@contextmanager
def standing_still(stack: Stack) -> Iterator[None]:
    """Stop the worker and its engine for a while."""
    group = os.getpgid(stack.pids()["worker"])
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def serve(services: Services, stack: Stack, counts: Sequence[int], seed: int = 0) -> Served:
    """Let each member queue so many jobs, all of them before the first is drawn; wait for all."""
    chance = random.Random(seed)
    with standing_still(stack):
        job_ids = [
            _ask(services, member, chance)
            for member, count in enumerate(counts)
            for _ in range(count)
        ]
        _await(services, job_ids, lambda state: state is not JobState.SCREENING, [])
    told: list[Told] = []
    _await(services, job_ids, lambda state: state in FINAL | {JobState.PUBLISHED}, told)
    return _record(services, job_ids, told)


def _ask(services: Services, member: int, chance: random.Random) -> JobId:
    web = WebSettings()
    actor = Actor(
        community_id=CommunityId(web.community),
        member_id=MemberId(f"web:member-{member}"),
        display_name=f"Member {member}",
    )
    address = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId(web.channel))
    text = f"a red apple --draft --steps {chance.randint(1, STEPS_MOST)}"
    reply = imagine.submit(services, actor, text, address)
    assert reply.job_id is not None, reply.title
    return reply.job_id


def _await(services: Services, job_ids: Sequence[JobId], is_there, told: list[Told]) -> None:
    ends, look_at = time.monotonic() + DEADLINE_S, 0.0
    waiting = list(job_ids)
    while waiting:
        assert time.monotonic() < ends, f"{len(waiting)} jobs still wait"
        with services.store.reading() as unit:
            states = {job_id: unit.jobs.get(job_id).state for job_id in waiting}
            waiting = [job_id for job_id in waiting if not is_there(states[job_id])]
            if time.monotonic() >= look_at:
                queued = [each for each in waiting if states[each] is JobState.QUEUED]
                places, now = unit.jobs.places(queued), services.clock()
                told += [Told(job_id, now, place) for job_id, place in places.items()]
                look_at = time.monotonic() + LOOK_S
        time.sleep(0.2)


def _record(services: Services, job_ids: Sequence[JobId], told: Sequence[Told]) -> Served:
    rows: list[tuple[int, Event]] = []
    done_at: dict[JobId, datetime] = {}
    with services.store.reading() as unit:
        for job_id in job_ids:
            member = unit.jobs.get(job_id).actor.member_id
            for row in unit.audit.of_job(job_id):
                match row.facts.get("outcome"):
                    case Outcome.PROMPT_ALLOW.value:
                        rows.append((row.audit_no, ("asked", row.at, member)))
                    case Outcome.STARTED.value:
                        rows.append((row.audit_no, ("began", row.at, member)))
                    case Outcome.OUTPUT_ALLOW.value:
                        done_at[job_id] = row.at
    # In the order of their commits: workers read their clocks before they wait for their turn.
    return Served([event for _, event in sorted(rows)], done_at, told)


def overtakings(events: Iterable[tuple[str, object, str]]) -> list[int]:
    """Tell for each start how often any one other member began while that member waited."""
    waiting: dict[str, int] = {}
    since: dict[str, dict[str, int]] = {}
    found = []
    for what, _, member in events:
        if what == "asked":
            waiting[member] = waiting.get(member, 0) + 1
            since.setdefault(member, {})
            continue
        for other, begun in since.items():
            if other != member:
                begun[member] = begun.get(member, 0) + 1
        found.append(max(since.pop(member).values(), default=0))
        waiting[member] -= 1
        if waiting[member]:
            since[member] = {}
    return found


def waits_in_starts(events: Iterable[tuple[str, object, str]]) -> list[int]:
    """Count for each start which one it was since that member last began, or asked."""
    last: dict[str, int] = {}
    waiting: dict[str, int] = {}
    found, number = [], 0
    for what, _, member in events:
        if what == "asked":
            if not waiting.get(member):
                last[member] = number
            waiting[member] = waiting.get(member, 0) + 1
            continue
        number += 1
        found.append(number - last[member])
        last[member], waiting[member] = number, waiting[member] - 1
    return found


def first_come_first_served(events: Iterable[Event]) -> list[Event]:
    """Let the same jobs begin in the order in which they were asked for."""
    asked = [event for event in events if event[0] == "asked"]
    return [*asked, *(("began", at, member) for _, at, member in asked)]


def held_promises(served: Served) -> tuple[int, int]:
    """Count the times that were told, and those within which the pictures came."""
    known = [
        (told, (served.done_at[told.job_id] - told.at).total_seconds())
        for told in served.told
        if told.place.eta_low_s is not None and told.job_id in served.done_at
    ]
    held = [took for told, took in known if told.place.eta_low_s <= took <= told.place.eta_high_s]
    return len(known), len(held)


def main() -> None:
    """Serve one line of many members and print who waited how long."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--members", type=int, default=20, help="how many people ask")
    options.add_argument("--most", type=int, default=50, help="the most jobs that one of them has")
    asked = options.parse_args()
    chance = random.Random(1)
    counts = [chance.randint(1, asked.most) for _ in range(asked.members)]
    counts[0], counts[-1] = asked.most, 1  # The longest line stands before the shortest.
    with (
        interruptible(),
        tempfile.TemporaryDirectory() as home,
        Stack(ENV, Path(home)).start() as stack,
        build_services(settings_from(stack.env)) as services,
    ):
        serve(services, stack, [WARM_UP])  # Without pictures no price is known, thus no time.
        begun = time.monotonic()
        served = serve(services, stack, counts)
        took_s = time.monotonic() - begun
    starts = waits_in_starts(served.events)
    unfair = first_come_first_served(served.events)
    promised, held = held_promises(served)
    publish(
        "fairness",
        [
            Figure(
                "most_overtakings",
                "jobs of any one other member begun while one waited",
                max(overtakings(served.events)),
                "",
                1,
            ),
            Figure(
                "longest_wait_starts",
                "starts until a waiting member's own",
                max(starts),
                "",
                asked.members,
            ),
            Figure(
                "eta_held_share",
                "pictures that came within the time told",
                held / max(1, promised),
                "",
                0.8,
                higher_is_better=True,
            ),
        ],
        {
            "members": asked.members,
            "jobs": counts,
            "seconds": took_s,
            "starts": spread(starts),
            "first_come_first_served": {
                "most_overtakings": max(overtakings(unfair)),
                "longest_wait_starts": max(waits_in_starts(unfair)),
            },
            "times_told": promised,
        },
    )


if __name__ == "__main__":
    main()
