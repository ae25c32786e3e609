"""Whoever waits is served once before anybody is served twice, and everyone is told where they stand."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.ids import JobId, new_id
from core.contracts.jobs import QueuePlace
from core.storage import Store
from core.workflow import JobState, Outcome
from tests.core.storage.samples import START, WORKER, a_job, at
from tests.core.storage.test_concurrency import at_once

QUEUE = "generate.easel-small"


def add(store, member="web:ada", second=0.0, state=JobState.QUEUED, **fields) -> JobId:
    job = a_job(state, member=member, created_at=at(second), **fields)
    with store.unit() as unit:
        unit.jobs.add(job)
    return job.job_id


def take(store, queues=(QUEUE,), *, now=START, warm_model=None, worker=WORKER):
    """Take what is next, or None."""
    with store.unit() as unit:
        return unit.jobs.take_next(queues, worker, at(60), now=now, warm_model=warm_model)


def take_all(store, queues=(QUEUE,), **how) -> list[JobId]:
    taken = []
    while (job := take(store, queues, **how)) is not None:
        taken.append(job.job_id)
    return taken


def test_members_take_turns_with_their_oldest_jobs(store):
    """Ada's hundred do not stand before Bob's one."""
    ada = [add(store, "web:ada", second) for second in range(3)]
    bob = [add(store, "web:bob", 10 + second) for second in range(2)]

    assert take_all(store) == [ada[0], bob[0], ada[1], bob[1], ada[2]]


def test_taking_starts_the_job_for_the_worker(store):
    """State, attempt, lease and turn are one transaction; nothing waiting gives None."""
    job_id = add(store)

    job = take(store, now=at(5))

    assert (job.job_id, job.state, job.attempts, job.updated_at) == (
        job_id,
        JobState.RUNNING,
        1,
        at(5),
    )
    assert take(store) is None
    with store.unit() as unit:
        assert unit.jobs.renew(job_id, WORKER, at(90))
        assert unit.turns.served_at("local", "web:ada") == at(5)
        assert unit.turns.served_at("local", "web:bob") is None


def test_who_was_served_longest_ago_is_next_and_who_never_was_before_them(store):
    """A turn is remembered when the queue was empty in between."""
    for number, member in enumerate(("web:ada", "web:bob")):
        add(store, member)
        take(store, now=at(number))
    ada, bob, eve = (
        add(store, member, second)
        for second, member in enumerate(("web:ada", "web:bob", "web:eve"))
    )

    assert take_all(store, now=at(9)) == [eve, ada, bob]


def test_what_was_handed_back_goes_first_and_costs_no_second_turn(store):
    """Its owner waited for it once."""
    add(store, "web:bob", 0)
    handed_back = take(store, now=at(0)).job_id
    with store.unit() as unit:
        unit.jobs.advance(handed_back, Outcome.DRAINED, now=at(1), worker_id=WORKER)
        served_at = unit.turns.served_at("local", "web:bob")
    new = add(store, "web:eve", 2)

    assert take_all(store, now=at(3)) == [handed_back, new]
    with store.reading() as unit:
        assert unit.turns.served_at("local", "web:bob") == served_at


def test_higher_priority_goes_first(store):
    """Whoever asks, and however often they were served."""
    low = add(store, "web:eve", 0)
    high = [add(store, "web:ada", second, priority=1) for second in (1, 2)]

    assert take_all(store) == [*high, low]


def test_a_loaded_model_is_preferred_within_one_member_and_priority_only(store):
    """A swap may wait for one's own other jobs, never for somebody else's."""
    served = ("generate.cold", "generate.warm")

    def job(member, second, model, **fields):
        return add(store, member, second, model=model, queue=f"generate.{model}", **fields)

    ada_cold, ada_warm = job("web:ada", 0, "cold"), job("web:ada", 1, "warm")
    ada_urgent = job("web:ada", 2, "cold", priority=1)
    bob_cold = job("web:bob", 3, "cold")

    taken = take_all(store, served, warm_model="warm")

    assert taken == [ada_urgent, bob_cold, ada_warm, ada_cold]


def test_only_queued_jobs_of_the_served_queues_are_taken(store):
    """Others wait for their own worker, or for nobody."""
    for state in JobState:
        if state is not JobState.QUEUED:
            add(store, state=state)
    elsewhere = add(store, queue="generate.other")

    assert take(store) is None
    assert take_all(store, ["generate.other"]) == [elsewhere]


def test_clocks_that_differ_do_not_change_the_order(store):
    """A worker whose clock is behind must not serve the same member again."""
    ada = [add(store, "web:ada", second) for second in range(2)]
    bob = [add(store, "web:bob", 10 + second) for second in range(2)]

    taken = [take(store, now=at(now)).job_id for now in (100, 0, 50, 0)]

    assert taken == [ada[0], bob[0], ada[1], bob[1]]


def test_workers_that_take_at_once_serve_different_members(store, open_store):
    """Of eight members with five jobs each, eight workers begin one job of each."""
    for number in range(40):
        add(store, f"web:{number % 8}", number)

    taken = at_once(
        open_store, 8, lambda own, number: take(own, worker=f"worker-{number}").actor.member_id
    )

    assert sorted(taken) == [f"web:{number}" for number in range(8)]


def test_of_more_workers_than_jobs_each_job_has_one(store, open_store):
    """The tickets too many find nothing."""
    jobs = [add(store, f"web:{number}", number) for number in range(3)]

    taken = at_once(open_store, 9, lambda own, number: take(own, worker=f"worker-{number}"))

    assert sorted(job.job_id for job in taken if job) == sorted(jobs)


def test_a_job_that_is_just_being_called_back_is_passed_over(store, database_url, open_store):
    """The worker waits for the other's commit, then takes the next; no ticket is lost on it."""
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time")
    cancelled, following = add(store, second=0), add(store, second=1)
    taken = []
    worker = threading.Thread(target=lambda: taken.append(take(open_store())))

    with store.unit() as unit:
        unit.jobs.advance(cancelled, Outcome.CANCELLED, now=START)
        worker.start()
        worker.join(0.3)
        assert worker.is_alive(), "it waits"
    worker.join(30)

    assert [job.job_id for job in taken] == [following]


def test_the_line_counts_who_will_be_served_first(store):
    """Drawn ones, then what was handed back, then by turns; what is screened comes in its turn."""
    drawn = add(store, "web:eve", 0)
    assert take(store, now=at(0)).job_id == drawn
    ada = [add(store, "web:ada", second) for second in (1, 2, 3)]
    bob = add(store, "web:bob", 4, JobState.SCREENING)
    eve = add(store, "web:eve", 5)
    back = add(store, "web:zoe", 6, is_resumed=True)
    add(store, "web:ada", 0, queue="generate.other")
    add(store, "web:ada", 0, JobState.PROMPT_REVIEW)

    with store.reading() as unit:
        singly = {job_id: unit.jobs.place(job_id) for job_id in (drawn, back, *ada, bob, eve)}
        together = unit.jobs.places([*singly, JobId("nothere")])

    order = [drawn, back, ada[0], bob, eve, ada[1], ada[2]]
    assert sorted(singly, key=lambda job_id: singly[job_id].position) == order
    assert [singly[job_id].position for job_id in order] == [1, 2, 3, 4, 5, 6, 7]
    assert {place.total for place in singly.values()} == {7}
    assert together == singly


def test_the_time_to_wait_is_the_work_ahead_shared_by_the_workers(store):
    """At least the prices before it and its own; at most what runs as well, and half as slow."""
    for number, worker in enumerate(("host:1", "host:2")):
        add(store, f"web:{number}", number, price_gpu_s=4.0)
        take(store, now=at(number), worker=f"{worker}/attempt-{number}")
    add(store, "web:ada", 3, price_gpu_s=2.0)
    own = add(store, "web:bob", 4, price_gpu_s=6.0)

    with store.reading() as unit:
        place = unit.jobs.place(own)

    assert (place.eta_low_s, place.eta_high_s) == ((2 + 6) / 2, (2 + 6 + 4 + 4) / 2 * 1.5)


@pytest.mark.parametrize(
    ("running", "ahead"),
    [
        pytest.param([], 1.0, id="nobody draws"),
        pytest.param([None], 1.0, id="what runs has no price"),
        pytest.param([1.0], None, id="what is ahead has no price"),
    ],
)
def test_nobody_is_told_a_time_that_is_not_known(store, running, ahead):
    """A place without a time is still a place."""
    for price in running:
        add(store, "web:eve", 0, price_gpu_s=price)
        take(store)
    add(store, "web:ada", 1, price_gpu_s=ahead)
    own = add(store, "web:bob", 2, price_gpu_s=1.0)

    with store.reading() as unit:
        place = unit.jobs.place(own)

    assert place == QueuePlace(position=2 + len(running), total=2 + len(running))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One store for all examples: each has a community and a queue of its own."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('line') / 'easel.db'}")
    store.migrate()
    yield store
    store.close()


@st.composite
def _lines(draw):
    """Jobs as (member, priority, is_resumed), oldest first, and who was served before, in order."""
    members = st.sampled_from("abcd")
    jobs = draw(
        st.lists(
            st.tuples(members, st.sampled_from([0, 0, 0, 2]), st.sampled_from([False] * 4 + [True]))
        )
    )
    served = draw(st.lists(members, unique=True))
    # What is handed back was begun before, and its owner served with that.
    return [(member, prio, back and member in served) for member, prio, back in jobs], served


def _set_up(store, jobs, served):
    community = queue = new_id()
    with store.unit() as unit:
        latest = START
        for number, member in enumerate(served):
            unit.turns.take(community, member, now=START + timedelta(seconds=number))
            latest = unit.turns.served_at(community, member)
        added = [
            a_job(
                JobState.QUEUED,
                community=community,
                member=member,
                created_at=latest + timedelta(seconds=number),
                priority=priority,
                is_resumed=is_resumed,
                queue=queue,
            )
            for number, (member, priority, is_resumed) in enumerate(jobs)
        ]
        for job in added:
            unit.jobs.add(job)
    return queue, added


def _expected(jobs, served):
    """Say in plain words who is next, again and again, until nobody waits."""
    waiting = dict(enumerate(jobs))
    turns = {member: number for number, member in enumerate(served)}
    order = []
    while waiting:
        best = max((is_resumed, priority) for _, priority, is_resumed in waiting.values())
        ranked = [no for no, (_, prio, resumed) in waiting.items() if (resumed, prio) == best]
        never = [no for no in ranked if waiting[no][0] not in turns]
        chosen = min(never) if never else min(ranked, key=lambda no: (turns[waiting[no][0]], no))
        member, _, is_resumed = waiting.pop(chosen)
        if not is_resumed:
            turns[member] = len(served) + len(order)
        order.append(chosen)
    return order


@settings(max_examples=40, deadline=None)
@given(line=_lines())
def test_any_line_is_served_in_the_order_that_the_words_describe(shared, line):
    """Handed back, priority, least recently served, oldest: against an oracle."""
    queue, added = _set_up(shared, *line)

    taken = take_all(shared, [queue])

    assert taken == [added[number].job_id for number in _expected(*line)]


@settings(max_examples=40, deadline=None)
@given(line=_lines())
def test_any_place_that_people_are_told_is_the_one_they_have(shared, line):
    """Among jobs of one priority the line tells exactly the order in which they are then taken."""
    jobs = [(member, 0, is_resumed) for member, _, is_resumed in line[0]]
    queue, added = _set_up(shared, jobs, line[1])
    with shared.reading() as unit:
        together = unit.jobs.places([job.job_id for job in added])
        singly = {job.job_id: unit.jobs.place(job.job_id) for job in added}

    taken = take_all(shared, [queue])

    assert together == singly
    assert [together[job_id].position for job_id in taken] == list(range(1, len(taken) + 1))
