"""Hold the jobs of both databases to the workflow, the leases and the queue."""

import pytest

from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.contracts.jobs import QueuePlace
from core.errors import IllegalStep, NotFound
from core.workflow import (
    FINAL,
    MAX_ATTEMPTS,
    TABLE,
    WAITING,
    JobState,
    NoticeKind,
    Outcome,
    TaskName,
)
from tests.core.storage.samples import START, WORKER, a_job, an_address, at


def added(store, *args, **fields):
    """Add a job and return it."""
    job = a_job(*args, **fields)
    with store.unit() as unit:
        unit.jobs.add(job)
    return job


def running(store, worker_id=WORKER, lease_s=15, **fields):
    """Add a job and start it."""
    job = added(store, JobState.QUEUED, **fields)
    with store.unit() as unit:
        return unit.jobs.start(job.job_id, worker_id, at(lease_s), now=at(1))


def test_a_job_comes_back_as_it_was_written(store):
    """Every field survives, the times to the microsecond and in UTC."""
    parent = added(store)
    job = added(store, parent_id=parent.job_id, action="reroll", failure="model_broken", attempts=2)

    with store.reading() as unit:
        assert unit.jobs.get(job.job_id) == job
        assert unit.jobs.get(job.job_id).created_at.tzname() == "UTC"


def test_an_unknown_job_is_not_found(store):
    """Asking for it and moving it say the same."""
    with store.unit() as unit:
        with pytest.raises(NotFound, match="job_not_found"):
            unit.jobs.get("nothere")
        with pytest.raises(NotFound, match="job_not_found"):
            unit.jobs.advance("nothere", Outcome.RULES_PASS, now=START)
        assert unit.jobs.place("nothere") is None


def test_each_step_of_the_table_leaves_its_state_task_and_notice(store):
    """What the table says is what lies in jobs, outbox, notices and the trail afterwards."""
    for (state, outcome), step in TABLE.items():
        job = added(store, state)

        with store.unit() as unit:
            moved = unit.jobs.advance(job.job_id, outcome, now=at(5), by="web:mod")

        with store.unit() as unit:
            tasks = unit.outbox.due(now=at(5))
            unit.outbox.mark_sent([task.outbox_id for task in tasks], now=at(5))
            notices = unit.notices.claim(Platform.WEB, "d", now=at(5), lease_s=9)
            [row] = unit.audit.of_job(job.job_id)
            assert unit.jobs.get(job.job_id) == moved
        assert (moved.state, moved.updated_at, moved.created_at) == (step.state, at(5), START)
        assert [task.task for task in tasks] == ([step.task] if step.task else [])
        given = [(notice.kind, notice.member_id) for notice in notices]
        author = job.actor.member_id
        own, aside = [(step.notice, None)], [(step.aside, author)]
        assert given == (own if step.notice else []) + (aside if step.aside else [])
        assert (row.kind, row.by, row.at) == ("step", "web:mod", at(5))
        assert row.facts.items() >= {"from": state, "to": step.state, "outcome": outcome}.items()


def test_a_job_begun_with_its_first_step_leaves_what_two_calls_leave(store):
    """Job, task, notice and trail: the same as adding it and then taking the step."""
    for outcome in (Outcome.RULES_PASS, Outcome.RULES_BLOCK, Outcome.RULES_REVIEW):
        begun, added_first = a_job(price_gpu_s=2.5), added(store, price_gpu_s=2.5)

        with store.unit() as unit:
            at_once = unit.jobs.begin(begun, outcome, now=at(5), by="web:ada")
            assert unit.jobs.get(begun.job_id) == at_once
            in_two = unit.jobs.advance(added_first.job_id, outcome, now=at(5), by="web:ada")

        assert at_once == in_two.model_copy(update={"job_id": begun.job_id})
        with store.unit() as unit:
            trails = [unit.audit.of_job(each.job_id) for each in (begun, added_first)]
            tasks = [(task.task, task.queue) for task in unit.outbox.due(now=at(5))]
            notices = [
                [notice.kind for notice in _claimed(unit, each.job_id)]
                for each in (begun, added_first)
            ]
            unit.outbox.mark_sent(
                [task.outbox_id for task in unit.outbox.due(now=at(5))], now=START
            )
        assert [(row.kind, row.by, row.at, row.facts) for row in trails[0]] == [
            (row.kind, row.by, row.at, row.facts) for row in trails[1]
        ]
        assert tasks[::2] == tasks[1::2]
        assert notices[0] == notices[1]


def _claimed(unit, job_id):
    return unit.notices.claim(Platform.WEB, "d", now=at(5), lease_s=9, job_id=job_id)


def test_a_job_cannot_begin_with_a_later_step(store):
    """And is not there afterwards."""
    job = a_job()

    with pytest.raises(IllegalStep, match="illegal_step"), store.unit() as unit:
        unit.jobs.begin(job, Outcome.STARTED, now=at(5), by="web:ada")

    with store.reading() as unit, pytest.raises(NotFound):
        unit.jobs.get(job.job_id)


def test_tasks_go_to_screening_or_to_the_queue_of_the_model(store):
    """Screening has one queue; generation follows the job's model."""
    job = added(store)
    with store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.RULES_PASS, now=at(1))
        unit.jobs.advance(job.job_id, Outcome.PROMPT_ALLOW, now=at(2))

        tasks = unit.outbox.due(now=at(2))

    assert [(task.task, task.queue, task.job_id) for task in tasks] == [
        (TaskName.SCREEN_PROMPT, "screening", job.job_id),
        (TaskName.GENERATE, job.queue, job.job_id),
    ]


def test_a_notice_goes_to_the_given_address_or_to_the_jobs_own(store):
    """An address set on the job counts from then on."""
    job = added(store)
    elsewhere, moved = an_address(Platform.SLACK, "C1"), an_address(Platform.WEB, "random")
    with store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.RULES_REVIEW, now=at(1), address=elsewhere)
        unit.jobs.set_address(job.job_id, moved)
        unit.jobs.advance(job.job_id, Outcome.APPROVED, now=at(2))

        [first] = unit.notices.claim(Platform.SLACK, "d", now=at(2), lease_s=9)
        unit.notices.ack(first.notice_id, "d", now=at(2))
        second, aside = unit.notices.claim(Platform.WEB, "d", now=at(2), lease_s=9)

        assert (aside.address, aside.kind) == (moved, NoticeKind.APPROVED)
        assert (first.address, first.kind) == (elsewhere, NoticeKind.HELD)
        assert (second.address, second.kind) == (moved, NoticeKind.QUEUED)
        assert unit.jobs.get(job.job_id).address == moved
        assert [found.job_id for found in unit.jobs.recent("local", channel_id="random")] == [
            job.job_id
        ]


def test_a_step_that_the_table_lacks_changes_nothing(store):
    """The error leaves no trace in any table."""
    job = added(store)

    with pytest.raises(IllegalStep, match="illegal_step"), store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.DELIVERED, now=at(1))

    with store.reading() as unit:
        assert unit.jobs.get(job.job_id) == job
        assert unit.audit.of_job(job.job_id) == []


def test_starting_takes_the_lease_and_counts_the_attempt(store):
    """A second start finds the job taken."""
    job = running(store)
    assert (job.state, job.attempts, job.updated_at) == (JobState.RUNNING, 1, at(1))

    with pytest.raises(IllegalStep, match="illegal_step"), store.unit() as unit:
        unit.jobs.start(job.job_id, "worker-2", at(60), now=at(2))

    with store.unit() as unit:
        assert not unit.jobs.renew(job.job_id, "worker-2", at(60))
        assert unit.jobs.renew(job.job_id, WORKER, at(60))
        assert unit.jobs.with_expired_lease(at(59)) == []
        assert unit.jobs.with_expired_lease(at(61)) == [job.job_id]


def test_a_worker_that_lost_its_job_cannot_finish_it(store):
    """After the lease is given to another worker only that one's outcome counts."""
    job = running(store)
    with store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.WORKER_LOST, now=at(20))
        unit.jobs.start(job.job_id, "worker-2", at(40), now=at(21))

    with pytest.raises(IllegalStep, match="lease_lost"), store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.OUTPUT_ALLOW, now=at(22), worker_id=WORKER)

    with store.unit() as unit:
        done = unit.jobs.advance(job.job_id, Outcome.OUTPUT_ALLOW, now=at(23), worker_id="worker-2")
        assert (done.state, done.attempts) == (JobState.PUBLISHED, 2)
        assert not unit.jobs.renew(job.job_id, "worker-2", at(60))
        assert unit.jobs.with_expired_lease(at(1000)) == []


def test_a_lost_worker_puts_the_job_back_until_the_last_attempt(store):
    """The last loss fails the job, with the reason kept and told."""
    job = added(store, JobState.QUEUED)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with store.unit() as unit:
            unit.jobs.start(job.job_id, WORKER, at(15), now=at(attempt))
            lost = unit.jobs.advance(job.job_id, Outcome.WORKER_LOST, now=at(attempt))
            assert lost.attempts == attempt

    assert (lost.state, lost.failure) == (JobState.FAILED, "worker_lost")
    with store.unit() as unit:
        [notice] = unit.notices.claim(Platform.WEB, "d", now=at(9), lease_s=9)
        assert notice.kind is NoticeKind.FAILED
        assert unit.audit.of_job(job.job_id)[-1].facts["failure"] == "worker_lost"


def test_a_drained_job_waits_ahead_and_has_lost_no_attempt(store):
    """An orderly end is nobody's fault; what was drawn is found by the next worker."""
    job = running(store)

    with store.unit() as unit:
        drained = unit.jobs.advance(
            job.job_id, Outcome.DRAINED, now=at(3), worker_id=WORKER, snapshot="snapshots/job"
        )
    with store.unit() as unit:
        again = unit.jobs.start(job.job_id, "worker-2", at(60), now=at(4))
    with store.unit() as unit:
        twice = unit.jobs.advance(job.job_id, Outcome.DRAINED, now=at(5))

    assert (drained.state, drained.attempts, drained.is_resumed) == (JobState.QUEUED, 0, True)
    assert drained.snapshot == "snapshots/job"
    assert (again.attempts, again.snapshot) == (1, "snapshots/job")
    assert twice.snapshot == "snapshots/job", "nothing newer was left"


def test_a_failure_keeps_its_error_code(store):
    """The code that the worker gives wins over the outcome's name."""
    job = running(store)

    with store.unit() as unit:
        failed = unit.jobs.advance(
            job.job_id, Outcome.FAILED, now=at(3), worker_id=WORKER, failure="out_of_memory"
        )

    assert (failed.state, failed.failure) == (JobState.FAILED, "out_of_memory")


def test_expired_leases_come_longest_silent_first_and_no_more_than_asked(store):
    """Only running jobs count."""
    late = running(store, lease_s=30)
    early = running(store, lease_s=10)
    added(store, JobState.QUEUED)

    with store.unit() as unit:
        assert unit.jobs.with_expired_lease(at(30)) == [early.job_id]
        assert unit.jobs.with_expired_lease(at(31)) == [early.job_id, late.job_id]
        assert unit.jobs.with_expired_lease(at(31), limit=1) == [early.job_id]


def test_stalled_jobs_come_oldest_first_and_no_more_than_asked(store):
    """Jobs that moved since, or stand elsewhere, are left out."""
    second = added(store, JobState.SCREENING, created_at=at(2))
    first = added(store, JobState.SCREENING, created_at=at(1))
    added(store, JobState.SCREENING, created_at=at(5))
    added(store, JobState.QUEUED, created_at=at(1))

    with store.reading() as unit:
        assert unit.jobs.stalled(JobState.SCREENING, at(5)) == [first.job_id, second.job_id]
        assert unit.jobs.stalled(JobState.SCREENING, at(5), limit=1) == [first.job_id]


def test_a_place_counts_the_jobs_of_the_queue_that_are_not_done(store):
    """Screened, queued and running jobs stand in line by age; others and other queues do not."""
    first = added(store, JobState.RUNNING, created_at=at(1))
    second = added(store, JobState.SCREENING, created_at=at(2))
    third = added(store, JobState.QUEUED, created_at=at(3))
    added(store, JobState.QUEUED, created_at=at(1), queue="generate.other")
    held = added(store, JobState.PROMPT_REVIEW, created_at=at(1))
    done = added(store, JobState.DELIVERED, created_at=at(1))

    with store.reading() as unit:
        places = [unit.jobs.place(job.job_id) for job in (first, second, third)]
        assert places == [QueuePlace(position=place, total=3) for place in (1, 2, 3)]
        assert unit.jobs.place(held.job_id) is None
        assert unit.jobs.place(done.job_id) is None


@pytest.mark.parametrize(
    "strangers", [pytest.param(0, id="one by one"), pytest.param(9, id="in one walk")]
)
def test_places_of_several_jobs_are_those_of_each(store, strangers):
    """However many are asked for; what stands nowhere is left out."""
    first = added(store, JobState.RUNNING, created_at=at(1))
    third = added(store, JobState.QUEUED, created_at=at(3))
    added(store, JobState.QUEUED, created_at=at(2))
    held = added(store, JobState.PROMPT_REVIEW, created_at=at(1))
    asked = [first.job_id, held.job_id, third.job_id, *(JobId(f"no{n}") for n in range(strangers))]

    with store.reading() as unit:
        places = unit.jobs.places(asked)

    assert places == {
        first.job_id: QueuePlace(position=1, total=3),
        third.job_id: QueuePlace(position=3, total=3),
    }


def test_jobs_of_the_same_moment_have_different_places(store):
    """Two people who ask at once are not both next."""
    jobs = [added(store, JobState.QUEUED) for _ in range(3)]

    with store.reading() as unit:
        places = [unit.jobs.place(job.job_id) for job in jobs]

    assert sorted(place.position for place in places) == [1, 2, 3]


def test_waiting_jobs_are_counted_per_member_and_community(store):
    """Exactly the states that owe an answer count."""
    for state in JobState:
        added(store, state)
    added(store, JobState.QUEUED, member="web:bob")
    added(store, JobState.QUEUED, community="elsewhere")

    with store.reading() as unit:
        assert unit.usage.waiting("local", "web:ada")[0].count == len(WAITING)
        assert unit.usage.waiting("local", "web:bob")[0].count == 1
        assert unit.usage.waiting("local", "web:eve")[0].count == 0


def test_recent_jobs_come_newest_first_within_what_was_asked(store):
    """A community, one channel of it, one member of it, or both."""
    jobs = {
        name: added(
            store, created_at=at(second), member=member, address=an_address(channel_id=channel)
        )
        for name, second, member, channel in (
            ("old", 1, "web:ada", "general"),
            ("new", 3, "web:ada", "random"),
            ("mid", 2, "web:bob", "general"),
        )
    }
    added(store, community="elsewhere")

    def names(**asked):
        with store.reading() as unit:
            found = [job.job_id for job in unit.jobs.recent("local", **asked)]
        return [next(n for n, job in jobs.items() if job.job_id == job_id) for job_id in found]

    assert names() == ["new", "mid", "old"]
    assert names(limit=2) == ["new", "mid"]
    assert names(limit=2, offset=1) == ["mid", "old"]
    assert names(states=[JobState.NEW]) == ["new", "mid", "old"]
    assert names(states=[JobState.FAILED], limit=2) == []
    assert names(channel_id="general") == ["mid", "old"]
    assert names(member_id="web:ada") == ["new", "old"]
    assert names(member_id="web:ada", channel_id="general") == ["old"]


def test_counts_name_every_state(store):
    """A state without jobs counts zero, so that a gauge falls back."""
    for state in FINAL:
        added(store, state)
    added(store, JobState.FAILED)

    with store.reading() as unit:
        counts = unit.jobs.counts()

    expected = {state: int(state in FINAL) for state in JobState}
    assert counts == {**expected, JobState.FAILED: 2}
