"""What a killed process left behind comes back, once, and nothing that still lives is touched."""

import contextlib
from datetime import timedelta

import pytest

from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.contracts.reviews import ReviewState, Ruling
from core.errors import Unavailable
from core.recovery import SweepReport, sweep
from core.settings import CoreSettings
from core.task_queue import TaskQueue
from core.workflow import JobState, NoticeKind, Outcome, TaskName
from tests.core.jobs_for_tests import QUEUE, START, new_job
from tests.core.storage.samples import a_review

SETTINGS = CoreSettings(visibility_timeout_s=60)
REVIEW_TIMEOUT = timedelta(hours=24)
LATE = START + timedelta(minutes=10)
"""Past every timeout but the reviews'."""


class Broker:
    """A broker's in-memory twin: it holds what it was sent until told otherwise."""

    def __init__(self) -> None:
        self.is_away = False
        self.held: dict[str, list[str]] = {}
        self.sent: list[tuple[TaskName, str]] = []

    def send(self, task, job_id, queue):
        self._answer()
        self.held.setdefault(queue, []).append(job_id)
        self.sent.append((task, job_id))

    def held_jobs(self, queue):
        self._answer()
        return frozenset(self.held.get(queue, []))

    def tickets(self, queue):
        self._answer()
        return len(self.held.get(queue, []))

    def lose_everything(self) -> None:
        self.held.clear()
        self.sent.clear()

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("broker_away")


def queue_review(store, job_id: str):
    """Put a held job before the moderators."""
    with store.unit() as unit:
        item = a_review(unit.jobs.get(job_id), lapses_at=START + REVIEW_TIMEOUT)
        assert unit.reviews.open(item)
    return item


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def swept(sqlite_store, broker):
    """Sweep as of a moment."""
    return lambda now: sweep(sqlite_store, broker, now=now, settings=SETTINGS)


def walk(store, job_id: str, *outcomes: Outcome, at=START, platform=Platform.WEB) -> None:
    """Submit a job and take it along."""
    with store.unit() as unit:
        unit.jobs.add(new_job(job_id, at=at, platform=platform))
        for outcome in outcomes:
            unit.jobs.advance(JobId(job_id), outcome, now=at)


def run(store, job_id: str, *, lease_s: float = 15, at=START, attempts: int = 0) -> None:
    """Put a job on a worker."""
    with store.unit() as unit:
        unit.jobs.add(new_job(job_id, state=JobState.QUEUED, at=at, attempts=attempts))
        unit.jobs.start(JobId(job_id), "worker-1", at + timedelta(seconds=lease_s), now=at)


def state(store, job_id: str) -> JobState:
    with store.reading() as unit:
        return unit.jobs.get(JobId(job_id)).state


def test_a_quiet_world_is_left_alone(swept, broker):
    """Nothing lost, nothing done."""
    assert swept(LATE) == SweepReport()
    assert broker.sent == []


def test_a_task_never_handed_over_is_sent(sqlite_store, swept, broker):
    """The front-end was killed between its commit and its send."""
    walk(sqlite_store, "a", Outcome.RULES_PASS)

    report = swept(START + timedelta(seconds=10))

    assert report.sent == 1
    assert broker.sent == [(TaskName.SCREEN_PROMPT, "a")]


def test_a_task_just_written_is_left_to_its_writer(sqlite_store, swept, broker):
    """The front-end is about to send it."""
    walk(sqlite_store, "a", Outcome.RULES_PASS)

    report = swept(START + timedelta(seconds=1))

    assert report.sent == 0
    assert broker.sent == []


def test_a_silent_workers_job_is_queued_and_sent_again(sqlite_store, swept, broker):
    """In the same sweep: nobody else would hand it over."""
    run(sqlite_store, "a", lease_s=15)

    report = swept(START + timedelta(seconds=16))

    assert report.lost_workers == ("a",)
    assert broker.sent == [(TaskName.GENERATE, "a")]
    assert state(sqlite_store, "a") is JobState.QUEUED


def test_a_worker_that_renews_keeps_its_job(sqlite_store, swept):
    """However long the job runs."""
    run(sqlite_store, "a", lease_s=3600)

    assert swept(LATE).lost_workers == ()
    assert state(sqlite_store, "a") is JobState.RUNNING


def test_a_job_that_takes_its_third_worker_down_fails(sqlite_store, swept, broker):
    """It is the cause, not the victim; its author is told."""
    run(sqlite_store, "a", attempts=2)

    report = swept(LATE)

    assert report.lost_workers == ("a",)
    assert report.platforms == {Platform.WEB}
    assert broker.sent == []
    assert state(sqlite_store, "a") is JobState.FAILED
    with sqlite_store.unit() as unit:
        [notice] = unit.notices.claim(Platform.WEB, "me", now=LATE, lease_s=5)
        assert notice.kind is NoticeKind.FAILED


@pytest.mark.parametrize(
    ("outcomes", "lost_task"),
    [
        pytest.param([Outcome.RULES_PASS], TaskName.SCREEN_PROMPT, id="screening"),
        pytest.param(
            [Outcome.RULES_PASS, Outcome.PROMPT_ALLOW], TaskName.GENERATE, id="generation"
        ),
    ],
)
def test_a_message_that_the_broker_lost_is_sent_again(
    sqlite_store, swept, broker, outcomes, lost_task
):
    """Redis came back without its file; the database still knows what waits."""
    walk(sqlite_store, "a", *outcomes)
    swept(START + timedelta(seconds=10))
    broker.lose_everything()

    report = swept(LATE)

    assert report.lost_messages == ("a",)
    assert broker.sent == [(lost_task, "a")]


def test_a_message_that_the_broker_holds_is_not_sent_again(sqlite_store, swept, broker):
    """A long queue is no loss, however long the job waits in it."""
    walk(sqlite_store, "a", Outcome.RULES_PASS)
    swept(START + timedelta(seconds=10))

    reports = [swept(LATE), swept(LATE + timedelta(days=3))]

    assert [report.lost_messages for report in reports] == [(), ()]
    assert len(broker.sent) == 1


def test_one_lost_message_among_held_ones_is_found(sqlite_store, swept, broker):
    """A busy queue must not hide a lost task behind its depth."""
    walk(sqlite_store, "a", Outcome.RULES_PASS)
    walk(sqlite_store, "b", Outcome.RULES_PASS)
    swept(START + timedelta(seconds=10))
    broker.held["screening"].remove("a")

    assert swept(LATE).lost_messages == ("a",)


def test_tickets_are_counted_and_not_held_against_the_jobs_that_they_name(
    sqlite_store, swept, broker
):
    """The queue's two jobs have two tickets, although both name a job that is over."""
    for name in "ab":
        walk(sqlite_store, name, Outcome.RULES_PASS, Outcome.PROMPT_ALLOW)
    swept(START + timedelta(seconds=10))
    broker.held[QUEUE] = ["gone", "gone"]

    assert swept(LATE).lost_messages == ()


def test_as_many_tickets_as_are_missing_are_sent_for_those_who_wait_longest(
    sqlite_store, swept, broker
):
    """Three wait, one is drawn, two tickets are left: the one in use and one more."""
    for age, name in enumerate("abc"):
        at = START + timedelta(seconds=age)
        walk(sqlite_store, name, Outcome.RULES_PASS, Outcome.PROMPT_ALLOW, at=at)
    swept(START + timedelta(seconds=10))
    run(sqlite_store, "drawn", lease_s=3600)
    broker.held[QUEUE] = ["c", "drawn"]

    first, second = swept(LATE), swept(LATE + timedelta(seconds=5))

    assert (first.lost_messages, second.lost_messages) == (("a", "b"), ())
    assert sorted(broker.held[QUEUE]) == ["a", "b", "c", "drawn"]


def test_a_ticket_that_is_still_in_the_outbox_is_not_missed(sqlite_store, swept, broker):
    """Its job waits for the broker, and the broker's own jobs have theirs."""
    walk(sqlite_store, "old", Outcome.RULES_PASS, Outcome.PROMPT_ALLOW)
    swept(START + timedelta(seconds=10))
    walk(sqlite_store, "new", Outcome.RULES_PASS, Outcome.PROMPT_ALLOW, at=LATE)

    assert swept(LATE).lost_messages == ()


def test_a_message_sent_again_gets_its_time(sqlite_store, swept, broker):
    """A second sweep right after must not send it a third time."""
    walk(sqlite_store, "a", Outcome.RULES_PASS)
    swept(START + timedelta(seconds=10))
    broker.lose_everything()
    swept(LATE)
    broker.lose_everything()

    assert swept(LATE + timedelta(seconds=5)).lost_messages == ()


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        pytest.param(Outcome.RULES_REVIEW, [], id="prompt-review"),
        pytest.param(
            Outcome.RULES_PASS,
            [Outcome.PROMPT_ALLOW, Outcome.STARTED, Outcome.OUTPUT_REVIEW],
            id="output-review",
        ),
    ],
)
def test_a_review_that_nobody_decides_expires(sqlite_store, swept, first, rest):
    """Held is an answer owed: after the policy's time the author is told."""
    walk(sqlite_store, "a", first, *rest)
    item = queue_review(sqlite_store, "a")

    early = swept(START + REVIEW_TIMEOUT - timedelta(seconds=1))
    late = swept(START + REVIEW_TIMEOUT + timedelta(seconds=1))

    assert (early.expired_reviews, late.expired_reviews) == ((), ("a",))
    assert late.platforms == {Platform.WEB}
    assert state(sqlite_store, "a") is JobState.EXPIRED
    with sqlite_store.reading() as unit:
        assert unit.reviews.get(item.item_id).state is ReviewState.LAPSED
        assert [row.kind for row in unit.audit.of_job("a")][-2:] == ["step", "review_lapsed"]


def test_a_review_that_was_decided_at_the_last_moment_does_not_expire(sqlite_store, swept):
    """Its decision waits for the time to undo it; the author hears of that alone."""
    walk(sqlite_store, "a", Outcome.RULES_REVIEW)
    item = queue_review(sqlite_store, "a")
    with sqlite_store.unit() as unit:
        decided = {"state": ReviewState.DECIDED, "ruling": Ruling.APPROVE}
        unit.reviews.save(item.model_copy(update=decided))

    report = swept(START + 2 * REVIEW_TIMEOUT)

    assert report.expired_reviews == ()
    assert state(sqlite_store, "a") is JobState.PROMPT_REVIEW


def test_the_databases_part_is_done_while_the_broker_is_away(sqlite_store, swept, broker):
    """And the broker's part when it is back."""
    run(sqlite_store, "a")
    broker.is_away = True

    away = swept(LATE)
    broker.is_away = False
    back = swept(LATE + timedelta(seconds=5))

    assert (away.is_broker_away, away.lost_workers, away.sent) == (True, ("a",), 0)
    assert (back.is_broker_away, back.lost_workers, back.sent) == (False, (), 1)
    assert broker.sent == [(TaskName.GENERATE, "a")]


def test_a_database_that_is_away_is_not_taken_for_the_broker(sqlite_store, swept, monkeypatch):
    """The caller must know which of the two to wait for."""

    def away(_self, **_options):
        raise Unavailable("database_away")

    monkeypatch.setattr("core.storage.outbox.Outbox.due", away)

    with pytest.raises(Unavailable, match="database_away"):
        swept(LATE)


def test_a_second_sweeper_that_comes_late_does_no_harm(sqlite_store, swept, monkeypatch):
    """It had listed the job before the first one queued it."""
    walk(sqlite_store, "a", Outcome.RULES_PASS, Outcome.PROMPT_ALLOW)
    monkeypatch.setattr("core.storage.jobs.Jobs.with_expired_lease", lambda *_: [JobId("a")])

    assert swept(LATE).lost_workers == ()
    assert state(sqlite_store, "a") is JobState.QUEUED


def test_with_the_real_broker_a_lost_message_comes_back(sqlite_store, redis_server, tmp_path):
    """Redis is killed and its file is gone: the job's task is on the queue again."""
    settings = CoreSettings(redis_url=redis_server.url)
    walk(sqlite_store, "a", Outcome.RULES_PASS, Outcome.PROMPT_ALLOW)
    with contextlib.closing(TaskQueue(settings)) as queue:

        def swept_at(now) -> SweepReport:
            return sweep(sqlite_store, queue, now=now, settings=settings)

        assert swept_at(START + timedelta(seconds=10)).sent == 2
        redis_server.kill()
        assert swept_at(LATE).is_broker_away
        (tmp_path / "redis" / "appendonly.aof").unlink()
        redis_server.start()

        report = swept_at(LATE)

        assert report.lost_messages == ("a",)
        assert queue.held_jobs(QUEUE) == {"a"}
