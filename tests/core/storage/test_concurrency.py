"""Hold both databases to what happens when several do the same thing at once.

Threads with stores of their own stand for processes: they share no connection.
"""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from core.contracts.actors import Platform
from core.errors import IllegalStep, NotFound
from core.workflow import JobState, NoticeKind, Outcome, TaskName
from tests.core.storage.samples import START, a_job, an_address, at

DEADLINE_S = 60
"""Nothing here takes a second on an idle machine."""

DIES_IN_A_UNIT = """
import sys
from core.storage import Store
from core.workflow import Outcome
from tests.core.storage.samples import START
with Store(sys.argv[1]).unit() as unit:
    unit.jobs.advance(sys.argv[2], Outcome.RULES_PASS, now=START)
    unit.jobs.get(sys.argv[2])
    print("written", flush=True)
    sys.stdin.readline()
"""
"""A process that is killed after its writes and before its commit."""


def at_once(open_store, count, act):
    """Run `act(store, number)` in that many threads that begin together; list what they gave."""
    stores = [open_store() for _ in range(count)]
    gate = threading.Barrier(count)

    def one(number):
        gate.wait(DEADLINE_S)
        return act(stores[number], number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count), timeout=DEADLINE_S))


def added(store, state=JobState.NEW):
    """Add a job and give its id."""
    job = a_job(state)
    with store.unit() as unit:
        unit.jobs.add(job)
    return job.job_id


def test_of_twenty_that_take_one_step_one_does(store, open_store):
    """The others learn that they lost; there is one task and one audit row."""
    job_id = added(store)

    def step(own, _number):
        try:
            with own.unit() as unit:
                return unit.jobs.advance(job_id, Outcome.RULES_PASS, now=START).state
        except IllegalStep as error:
            return error.code

    results = at_once(open_store, 20, step)

    assert sorted(results) == ["illegal_step"] * 19 + [JobState.SCREENING]
    with store.reading() as unit:
        assert len(unit.outbox.due(now=START)) == 1
        assert len(unit.audit.of_job(job_id)) == 1


def test_of_ten_workers_that_start_a_job_one_has_it(store, open_store):
    """Its lease is the one that can be renewed."""
    job_id = added(store, JobState.QUEUED)

    def start(own, number):
        try:
            with own.unit() as unit:
                unit.jobs.start(job_id, f"worker-{number}", at(15), now=START)
        except IllegalStep:
            return None
        return f"worker-{number}"

    winners = [winner for winner in at_once(open_store, 10, start) if winner]

    assert len(winners) == 1
    with store.unit() as unit:
        assert [unit.jobs.renew(job_id, f"worker-{number}", at(30)) for number in range(10)] == [
            f"worker-{number}" == winners[0] for number in range(10)
        ]


def test_sweepers_share_out_lost_jobs(store, database_url, open_store):
    """On Postgres a second sweeper leaves the first one's; SQLite lets only one at a time write."""
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time")
    job_id = added(store, JobState.QUEUED)
    with store.unit() as unit:
        unit.jobs.start(job_id, "worker", at(1), now=START)

    with store.unit() as unit, open_store().unit() as other:
        assert unit.jobs.with_expired_lease(at(2)) == [job_id]
        assert other.jobs.with_expired_lease(at(2)) == []


def test_no_two_claimers_get_one_notice(store, open_store):
    """Six claimers empty the table: each notice is claimed, and once."""
    with store.unit() as unit:
        for _ in range(60):
            job = a_job()
            unit.jobs.add(job)
            unit.notices.add(NoticeKind.RESULT, job.job_id, an_address(), now=START)

    def drain(own, number):
        taken = []
        while True:
            with own.unit() as unit:
                found = unit.notices.claim(
                    Platform.WEB, f"delivery-{number}", now=START, lease_s=60, limit=3
                )
            if not found:
                return taken
            taken += [notice.notice_id for notice in found]

    taken = list(chain.from_iterable(at_once(open_store, 6, drain)))

    assert len(taken) == 60
    assert len(set(taken)) == 60


def test_a_jobs_notices_keep_their_order_among_many_tellers(store, open_store):
    """Whoever tells them, the next is handed out only after the one before was told."""
    job_id = added(store)
    kinds = [NoticeKind.HELD, NoticeKind.QUEUED, NoticeKind.RESULT] * 4
    with store.unit() as unit:
        for kind in kinds:
            unit.notices.add(kind, job_id, an_address(), now=START)
    told, is_told = [], threading.Lock()

    def tell(own, number):
        owner = f"delivery-{number}"
        while len(told) < len(kinds):
            with own.unit() as unit:
                found = unit.notices.claim(Platform.WEB, owner, now=START, lease_s=60)
            for notice in found:
                with is_told:
                    told.append(int(notice.notice_id))
                with own.unit() as unit:
                    assert unit.notices.ack(notice.notice_id, owner, now=START)

    at_once(open_store, 4, tell)

    assert told == sorted(told)
    assert len(told) == len(kinds)


def test_of_ten_reports_by_one_member_one_counts(store, open_store):
    """A double click is one objection."""
    job_id = added(store)

    def report(own, _number):
        with own.unit() as unit:
            return unit.reports.add(job_id, "web:bob", "gore", now=START)

    assert sorted(at_once(open_store, 10, report)) == [False] * 9 + [True]


def test_ten_sweepers_ask_for_a_task_once(store, open_store):
    """The outbox holds one unsent row."""
    job_id = added(store)

    def resend(own, _number):
        with own.unit() as unit:
            unit.outbox.add(TaskName.GENERATE, job_id, "q", now=START)

    at_once(open_store, 10, resend)

    with store.reading() as unit:
        assert [task.job_id for task in unit.outbox.due(now=START)] == [job_id]


def put(own, key, body):
    """Write a chat message in a unit of its own."""
    with own.unit() as unit:
        return unit.chat.put(
            key=key,
            community_id="local",
            channel_id="general",
            audience=None,
            author="Ada",
            author_id=None,
            kind="member",
            body=body,
            job_id=None,
            now=START,
        )


def test_ten_writers_of_one_key_edit_one_message(store, open_store):
    """Each edit has a revision of its own, and the last one stands."""
    edits = at_once(open_store, 10, lambda own, number: put(own, "k", f"body {number}"))

    assert sorted(edit.revision for edit in edits) == list(range(1, 11))
    assert len({edit.message_no for edit in edits}) == 1
    last = max(edits, key=lambda edit: edit.revision)
    with store.reading() as unit:
        assert unit.chat.get("k") == last


def test_a_page_that_follows_the_changes_misses_none(store, open_store):
    """Revisions become visible in their order, however the writers' commits interleave."""

    def write(own, number):
        for index in range(10):
            put(own, f"{number}-{index}", "hello")

    def follow(own, _number):
        seen, revision = [], 0
        while len(seen) < 40:
            with own.reading() as unit:
                changes = unit.chat.changes_after("general", revision, viewer="web:eve")
            seen += [change.revision for change in changes]
            revision = max([revision, *(change.revision for change in changes)])
        return seen

    *_, seen = at_once(
        open_store, 5, lambda own, number: (follow if number == 4 else write)(own, number)
    )

    assert seen == list(range(1, 41))


def test_a_process_killed_inside_a_unit_leaves_nothing_and_holds_up_nobody(
    store, database_url, open_store
):
    """SIGKILL between the writes and the commit: the step was never taken, and can be."""
    job_id = added(store)
    process = subprocess.Popen(
        [sys.executable, "-c", DIES_IN_A_UNIT, database_url, job_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"written\n"
        process.kill()

    with store.reading() as unit:
        assert unit.jobs.get(job_id).state is JobState.NEW
        assert unit.outbox.due(now=START) == []
    with store.unit() as unit:
        assert unit.jobs.advance(job_id, Outcome.RULES_PASS, now=START).state is JobState.SCREENING


def test_readers_do_not_wait_for_an_open_unit(store, open_store):
    """A page loads while a unit is being written, and sees what was committed."""
    reader, job = open_store(), a_job()
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.jobs.get(job.job_id)

        with reader.reading() as elsewhere, pytest.raises(NotFound):
            elsewhere.jobs.get(job.job_id)
