"""Hold the outbox of both databases to: asked once, sent at least once, never forgotten."""

from core.contracts.outbox import OutboxTask
from core.workflow import JobState, Outcome, TaskName
from tests.core.storage.samples import a_job, at

GENERATE, SCREEN = TaskName.GENERATE, TaskName.SCREEN_PROMPT


def added(store, count=1):
    """Add that many jobs and give their ids."""
    jobs = [a_job(JobState.QUEUED) for _ in range(count)]
    with store.unit() as unit:
        for job in jobs:
            unit.jobs.add(job)
    return [job.job_id for job in jobs]


def test_due_tasks_come_oldest_first_of_that_age_and_no_more_than_asked(store):
    """A sweeper leaves the young ones to whoever just wrote them."""
    first, second, third = added(store, 3)
    with store.unit() as unit:
        for second_of_day, job_id in enumerate((first, second, third)):
            unit.outbox.add(GENERATE, job_id, "q", now=at(second_of_day))

    with store.reading() as unit:
        now = at(2)
        assert [task.job_id for task in unit.outbox.due(now=now)] == [first, second, third]
        assert [task.job_id for task in unit.outbox.due(now=now, min_age_s=1)] == [first, second]
        assert [task.job_id for task in unit.outbox.due(now=now, limit=1)] == [first]


def test_a_task_that_waits_unsent_is_not_asked_for_twice(store):
    """Whoever asks again finds it waiting, as it was."""
    [job_id] = added(store)
    with store.unit() as unit:
        unit.outbox.add(GENERATE, job_id, "q", now=at(0))
        unit.outbox.add(GENERATE, job_id, "other", now=at(5))
        unit.outbox.add(SCREEN, job_id, "screening", now=at(6))

        tasks = unit.outbox.due(now=at(9))

    assert [(task.task, task.queue, task.created_at) for task in tasks] == [
        (GENERATE, "q", at(0)),
        (SCREEN, "screening", at(6)),
    ]


def test_a_sent_task_is_done_until_it_is_asked_for_again(store):
    """The count of sends goes up, and the last time is known."""
    [job_id] = added(store)
    with store.unit() as unit:
        assert unit.outbox.last_sent_at(job_id, GENERATE) is None
        unit.outbox.add(GENERATE, job_id, "q", now=at(0))
        [task] = unit.outbox.due(now=at(1))
        assert unit.outbox.last_sent_at(job_id, GENERATE) is None
        unit.outbox.mark_sent([task.outbox_id], now=at(1))
        unit.outbox.mark_sent([task.outbox_id], now=at(2))
        assert unit.outbox.due(now=at(3)) == []
        assert unit.outbox.last_sent_at(job_id, GENERATE) == at(1)

        unit.outbox.add(GENERATE, job_id, "q", now=at(10))

        [again] = unit.outbox.due(now=at(10))
        assert (task.attempts, again.attempts) == (0, 1)
        unit.outbox.mark_sent([again.outbox_id], now=at(11))
        assert unit.outbox.last_sent_at(job_id, GENERATE) == at(11)
        assert unit.outbox.last_sent_at(job_id, SCREEN) is None


def test_marking_nothing_sent_changes_nothing(store):
    """A flush that found the broker away marks an empty list."""
    [job_id] = added(store)
    with store.unit() as unit:
        unit.outbox.add(GENERATE, job_id, "q", now=at(0))

        unit.outbox.mark_sent([], now=at(1))

        assert [type(task) for task in unit.outbox.due(now=at(1))] == [OutboxTask]


def test_a_step_asks_again_for_what_is_still_unsent_without_doubling_it(store):
    """A task that was sent but not yet marked, then lost with its worker, waits once."""
    [job_id] = added(store)
    with store.unit() as unit:
        unit.outbox.add(GENERATE, job_id, "q", now=at(0))
        unit.jobs.start(job_id, "worker-1", at(15), now=at(1))
        unit.jobs.advance(job_id, Outcome.WORKER_LOST, now=at(20))

        assert [task.task for task in unit.outbox.due(now=at(20))] == [GENERATE]
