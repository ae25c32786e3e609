"""Twenty members, one to fifty jobs each, several slots: nobody waits longer than the bound."""

import heapq
import random
from datetime import timedelta

import pytest

from bench.fairness import overtakings, waits_in_starts
from core.storage import Store
from core.workflow import JobState
from tests.core.storage.samples import START, a_job

MEMBERS = 20
QUEUE = "generate.easel-small"


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield store
    store.close()


def arrivals(chance):
    """Say who asks when: most bring all at once, some drop in later."""
    for number in range(MEMBERS):
        late = number % 4 == 3
        for _ in range(chance.randint(1, 50)):
            yield (chance.uniform(0, 600) if late else 0.0), f"web:{number}"


def serve(store, slots, chance):
    """Serve all arrivals with that many slots; list (what happened, when, to whom) in order."""
    happened = []
    coming = sorted(arrivals(chance))
    ends = [0.0] * slots  # When each slot is free.
    while coming or any(_waiting(happened).values()):
        now = heapq.heappop(ends)
        if not any(_waiting(happened).values()) and coming:
            now = max(now, coming[0][0])
        with store.unit() as unit:
            while coming and coming[0][0] <= now:
                second, member = coming.pop(0)
                asked_at = START + timedelta(seconds=second)
                unit.jobs.add(a_job(JobState.QUEUED, member=member, created_at=asked_at))
                happened.append(("asked", second, member))
            moment = START + timedelta(seconds=now)
            job = unit.jobs.take_next([QUEUE], "w", moment, now=moment)
        assert job is not None, "a slot never idles while somebody waits"
        happened.append(("began", now, job.actor.member_id))
        heapq.heappush(ends, now + chance.uniform(0.1, 3.0))
    return happened


def _waiting(happened):
    counts = {}
    for what, _, member in happened[-2000:]:
        counts[member] = counts.get(member, 0) + (1 if what == "asked" else -1)
    return counts


@pytest.mark.parametrize("slots", [1, 4])
def test_nobody_is_overtaken_twice_by_the_same_person(store, slots):
    """The bound: between two of a member's jobs each other member begins at most one."""
    happened = serve(store, slots, random.Random(slots))

    begun = [member for what, _, member in happened if what == "began"]
    assert len(begun) == sum(what == "asked" for what, *_ in happened) > 300
    assert max(overtakings(happened)) == 1
    assert max(waits_in_starts(happened)) <= MEMBERS


def test_the_measure_sees_an_unfair_line():
    """First come, first served lets one member begin fifty jobs before another's first."""
    asked = [("asked", 0.0, "web:ada")] * 50 + [("asked", 0.0, "web:bob")]
    begun = [("began", 1.0, "web:ada")] * 50 + [("began", 1.0, "web:bob")]

    assert max(overtakings(asked + begun)) == 50
    assert max(waits_in_starts(asked + begun)) == 51
