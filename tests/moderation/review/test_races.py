"""Many moderators at once, on both databases: each item is decided once and settled once."""

import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.blobs import Blobs
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.errors import IllegalStep, UserError
from core.held import HeldArea
from core.settings import CoreSettings
from core.workflow import JobState, Outcome
from moderation.gates import Gates
from moderation.review.desk import ReviewDesk, Said
from moderation.review.settling import Settling
from tests.core.storage.samples import START, a_job, a_review, at
from tests.moderation.review.conftest import MOD, person

DEADLINE_S = 120
MODERATORS, ITEMS, STORES = 50, 20, 8
"""Stores stand for processes: they share no connection. Fifty
would be all that Postgres takes."""

YES, NO = Said(Ruling.APPROVE, "fine"), Said(Ruling.REJECT, "breaks_policy")


@pytest.fixture
def store(open_store):
    """On either database, unlike the other tests here."""
    return open_store()


@pytest.fixture
def items(store):
    found = []
    with store.unit() as unit:
        for _ in range(ITEMS):
            job = a_job(JobState.PROMPT_REVIEW)
            item = a_review(job, category="violence_weapons", prompt_key="")
            unit.jobs.add(job)
            assert unit.reviews.open(item)
            found.append(item)
    return found


@pytest.fixture
def desks(open_store, gate):
    made = [open_store() for _ in range(STORES)]
    return [ReviewDesk(store, Gates(store, gate), lambda: START) for store in made]


def settling_of(desk, now, tmp_path):
    settings = CoreSettings(_env_file=None, home=tmp_path, secret_key="for-tests")
    area = HeldArea(Blobs(str(tmp_path / "blobs")), settings)
    return Settling(desk.store, area, desk.gates, lambda: now)


def at_once(count, act):
    """Run `act(number)` in that many threads that begin together."""
    gate = threading.Barrier(count)

    def one(number):
        gate.wait(DEADLINE_S)
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count), timeout=DEADLINE_S))


def told(act, *args):
    """Say what became of an act: a code, or what the item says of who had it or decided it."""
    try:
        return act(*args)
    except UserError as error:
        return (error.code, error.facts.get("name"))


def rows(store, item, kind):
    with store.reading() as unit:
        return [row for row in unit.audit.of_job(item.job_id) if row.kind == kind]


def test_fifty_claim_and_decide_the_same_twenty(store, items, desks, tmp_path):
    """Nobody decides twice, the losers are told by whom, and all of it takes effect once."""

    def work(number):
        actor, desk = person(f"m{number}"), desks[number % STORES]
        mine = []
        for turn in range(ITEMS):
            item_id = items[(number + turn) % ITEMS].item_id
            # Half of them claim first, and go on where somebody else was faster.
            outcome = told(desk.claim, actor, item_id) if number % 4 < 2 else None
            if not isinstance(outcome, tuple):
                outcome = told(desk.decide, actor, item_id, YES if number % 2 else NO)
            mine.append((item_id, actor, outcome))
        return mine

    results = [each for worked in at_once(MODERATORS, work) for each in worked]

    with store.reading() as unit:
        decided = {item.item_id: unit.reviews.get(item.item_id) for item in items}
    winners = {}
    for item_id, actor, outcome in results:
        if not isinstance(outcome, tuple):
            assert item_id not in winners, "two decided one item"
            winners[item_id] = actor
    assert {item_id: actor.member_id for item_id, actor in winners.items()} == {
        item_id: item.decided_by for item_id, item in decided.items()
    }
    assert len(results) == MODERATORS * ITEMS
    for item_id, actor, outcome in results:
        if isinstance(outcome, tuple) and outcome[0] == "review_decided":
            assert outcome[1] == winners[item_id].display_name
        elif isinstance(outcome, tuple):
            assert outcome[0] == "review_claimed"
            assert outcome[1] != actor.display_name
    assert all(len(rows(store, item, "review_decided")) == 1 for item in items)

    # Eight processes settle at the same time, and then once more.
    late = START + timedelta(seconds=60)
    settlings = [settling_of(desk, late, tmp_path) for desk in desks]
    settled = [
        each.item.item_id
        for _ in range(2)
        for done in at_once(STORES, lambda number: settlings[number].settle_due())
        for each in done
    ]

    assert Counter(settled) == dict.fromkeys(decided, 1)
    for item in items:
        assert len(rows(store, item, "review_settled")) == 1
        with store.reading() as unit:
            job = unit.jobs.get(item.job_id)
            rejected = decided[item.item_id].ruling is Ruling.REJECT
            assert unit.reviews.get(item.item_id).state is ReviewState.SETTLED
            assert job.state is (JobState.BLOCKED if rejected else JobState.QUEUED)
            assert len(
                [task for task in unit.outbox.due(now=late) if task.job_id == job.job_id]
            ) == (0 if rejected else 1)


def test_undo_and_effect_never_both_happen(store, items, desks, tmp_path):
    """At the last moment: either it is undone and stays open, or it took effect."""
    for item in items:
        desks[0].decide(MOD, item.item_id, YES)
    undoing = [
        ReviewDesk(desk.store, desk.gates, lambda: START + timedelta(seconds=59.9))
        for desk in desks
    ]
    # This clock is ahead of the other's, as two machines' are.
    settlings = [settling_of(desk, START + timedelta(seconds=60.1), tmp_path) for desk in desks]

    def race(number):
        if number % 2:
            return [told(undoing[number].undo, MOD, item.item_id) for item in items]
        return settlings[number].settle_due()

    at_once(STORES, race)

    for item in items:
        with store.reading() as unit:
            found, job = unit.reviews.get(item.item_id), unit.jobs.get(item.job_id)
        stands = (found.state, job.state)
        assert stands in {
            (ReviewState.OPEN, JobState.PROMPT_REVIEW),
            (ReviewState.SETTLED, JobState.QUEUED),
        }
        undone, done = (
            len(rows(store, item, kind)) for kind in ("review_undone", "review_settled")
        )
        assert (undone, done) == ((1, 0) if found.state is ReviewState.OPEN else (0, 1))


def test_two_first_approvals_at_once_are_two_approvals(store, desks):
    """Of different people; one person in two windows is still one."""
    job = a_job(JobState.PROMPT_REVIEW)
    item = a_review(job, category="hate_extremism")
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.reviews.open(item)

    same = at_once(4, lambda number: told(desks[number].decide, MOD, item.item_id, YES))
    other = at_once(
        4, lambda number: told(desks[number].decide, person(f"m{number}"), item.item_id, YES)
    )

    firsts = [each for each in same if not isinstance(each, tuple)]
    seconds = [each for each in other if not isinstance(each, tuple)]
    assert [each.state for each in firsts] == [ReviewState.SECOND]
    assert [each.state for each in seconds] == [ReviewState.DECIDED]
    assert seconds[0].first_by == "web:mod"


def test_calling_back_and_deciding_at_once_ends_in_one_of_the_two(store, items, desks, tmp_path):
    """In whatever order the locks come, nobody waits for the other for ever."""
    for item in items:
        desks[0].decide(MOD, item.item_id, YES)
    settlings = [settling_of(desk, at(61), tmp_path) for desk in desks]

    def race(number):
        if number % 2:
            settlings[number].settle_due()
            return
        for item in items:
            try:
                with desks[number].store.unit() as unit:
                    unit.jobs.advance(item.job_id, Outcome.CANCELLED, now=START)
            except IllegalStep:
                continue

    at_once(4, race)

    for item in items:
        with store.reading() as unit:
            found, job = unit.reviews.get(item.item_id), unit.jobs.get(item.job_id)
        assert (found.state, job.state) in {
            (ReviewState.WITHDRAWN, JobState.CANCELLED),
            (ReviewState.SETTLED, JobState.QUEUED),
            (ReviewState.SETTLED, JobState.CANCELLED),  # Approved, and then called back.
        }


SETTLER = """
import sys
from datetime import timedelta
from pathlib import Path
from core.blobs import Blobs
from core.held import HeldArea
from core.settings import CoreSettings
from core.storage import Store
from moderation.engine import Gate
from moderation.gates import Gates
from moderation.policy import load_policy
from moderation.review.settling import Settling
from tests.core.storage.samples import START

url, home, step = sys.argv[1:]
settings = CoreSettings(_env_file=None, home=Path(home), secret_key="for-tests")
store = Store(url)
area = HeldArea(Blobs(str(Path(home) / "blobs")), settings)
settling = Settling(store, area, Gates(store, Gate(load_policy())), lambda: START + timedelta(60))

def stop(name):
    real = getattr(Settling, name)
    def wait(self, *args):
        if name == "_record":
            done = real(self, *args)
        print("here", flush=True)
        sys.stdin.readline()
        return done
    setattr(Settling, name, wait)

stop(step)
settling.settle_due()
"""
"""A process that is killed in the middle of settling: before its bytes, or before its commit."""


@pytest.mark.parametrize("step", ["_move", "_record"])
def test_a_settler_that_is_killed_leaves_it_to_the_next(store, desks, database_url, tmp_path, step):
    """With kill -9: what it had not committed is as if it had never begun."""
    from tests.moderation.review.test_settling import BYTES, draw

    job = a_job(JobState.OUTPUT_REVIEW)
    item = a_review(job, kind=ReviewKind.HELD_PICTURE, category="violence_weapons")
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.reviews.open(item)
    settling = settling_of(desks[0], START + timedelta(60), tmp_path)
    draw(store, settling.held, item)
    desks[0].decide(MOD, item.item_id, YES)
    killed = subprocess.Popen(
        [sys.executable, "-c", SETTLER, database_url, str(tmp_path), step],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "here\n" in iter(killed.stdout.readline, "")  # What it logs comes before.
    killed.kill()
    killed.wait(DEADLINE_S)
    killed.stdin.close()
    killed.stdout.close()

    [done] = settling.settle_due()

    assert done.item.state is ReviewState.SETTLED
    assert len(rows(store, item, "review_settled")) == 1
    with store.reading() as unit:
        assert unit.jobs.get(job.job_id).state is JobState.PUBLISHED
        [picture] = unit.pictures.of_job(job.job_id)
    assert (tmp_path / "blobs" / picture.blob).read_bytes() == BYTES
