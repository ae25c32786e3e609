"""What a commit left behind reaches the broker at least once, in order, and is recorded."""

from datetime import timedelta

import pytest

from core.contracts.ids import JobId
from core.errors import Unavailable
from core.outbox import flush
from core.workflow import Outcome, TaskName
from tests.core.jobs_for_tests import QUEUE, START, new_job


class Sender:
    """A broker that takes `room` tasks and is then away."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.sent: list[tuple[TaskName, str, str]] = []

    def send(self, task, job_id, queue):
        if len(self.sent) >= self.room:
            raise Unavailable("broker_away")
        self.sent.append((task, job_id, queue))


def submit(store, *job_ids: str, at=START) -> None:
    for job_id in job_ids:
        with store.unit() as unit:
            unit.jobs.add(new_job(job_id, at=at))
            unit.jobs.advance(JobId(job_id), Outcome.RULES_PASS, now=at)


def due(store, now=START) -> list[str]:
    with store.reading() as unit:
        return [task.job_id for task in unit.outbox.due(now=now)]


def test_what_is_due_is_sent_oldest_first_and_only_once(sqlite_store):
    """A second flush finds nothing."""
    submit(sqlite_store, "a", "b")
    sender = Sender()

    counts = [flush(sqlite_store, sender, now=START) for _ in range(2)]

    assert counts == [2, 0]
    assert sender.sent == [
        (TaskName.SCREEN_PROMPT, "a", "screening"),
        (TaskName.SCREEN_PROMPT, "b", "screening"),
    ]
    assert due(sqlite_store) == []


def test_generation_goes_to_the_models_queue(sqlite_store):
    """The job knows its queue; screening has one for all."""
    submit(sqlite_store, "a")
    flush(sqlite_store, Sender(), now=START)
    with sqlite_store.unit() as unit:
        unit.jobs.advance(JobId("a"), Outcome.PROMPT_ALLOW, now=START)
    sender = Sender()

    flush(sqlite_store, sender, now=START)

    assert sender.sent == [(TaskName.GENERATE, "a", QUEUE)]


def test_a_broker_that_goes_away_midway_keeps_what_it_took(sqlite_store):
    """What was sent is recorded, the rest waits, and the caller is told."""
    submit(sqlite_store, "a", "b", "c")

    with pytest.raises(Unavailable, match="broker_away"):
        flush(sqlite_store, Sender(room=2), now=START)

    assert due(sqlite_store) == ["c"]


def test_a_crash_before_the_record_sends_again(monkeypatch, sqlite_store):
    """At least once: the other order would lose the task."""
    submit(sqlite_store, "a")
    sender = Sender()
    monkeypatch.setattr("core.outbox._record", _crash)
    with pytest.raises(KeyboardInterrupt):
        flush(sqlite_store, sender, now=START)
    monkeypatch.undo()

    flush(sqlite_store, sender, now=START)

    assert [job_id for _, job_id, _ in sender.sent] == ["a", "a"]


def _crash(*_args: object) -> None:
    raise KeyboardInterrupt


def test_young_tasks_are_left_to_who_wrote_them(sqlite_store):
    """The sweeper would otherwise race every front-end for its own tasks."""
    submit(sqlite_store, "old", at=START)
    submit(sqlite_store, "young", at=START + timedelta(seconds=9))
    sender = Sender()

    flush(sqlite_store, sender, now=START + timedelta(seconds=10), min_age_s=3)

    assert [job_id for _, job_id, _ in sender.sent] == ["old"]


def test_a_full_batch_says_that_more_may_be_due(sqlite_store):
    """The caller goes on until a batch is not full."""
    submit(sqlite_store, "a", "b", "c")
    sender = Sender()

    counts = [flush(sqlite_store, sender, now=START, limit=2) for _ in range(2)]

    assert counts == [2, 1]
    assert [job_id for _, job_id, _ in sender.sent] == ["a", "b", "c"]
