"""What moderators see of their work is what the record holds, in as many queries however much it is."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import event

from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.statistics import Day, Decider, Waiting
from core.contracts.verdicts import Decision
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_review, a_verdict

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
NOW = MONDAY + 2 * DAY + 12 * HOUR


def refused(store, at, *, community="local", decision=Decision.BLOCK):
    with store.unit() as unit:
        job = a_job(JobState.BLOCKED, created_at=at, community=community)
        unit.jobs.add(job)
        for _ in range(2):  # By the rules, and then by the classifier: one request.
            verdict = a_verdict(job.job_id, decided_at=at, decision=decision)
            unit.verdicts.add(verdict.model_copy(update={"community_id": community}))


def opened(store, at, *, by=None, after=HOUR, ruling=Ruling.APPROVE, community="local", **fields):
    """An item; with a name, somebody decided it some time later."""
    decided = (
        {
            "state": ReviewState.SETTLED,
            "ruling": ruling,
            "decided_by": f"web:{by}",
            "decided_name": by.title(),
            "decided_at": at + after,
            "closed_at": at + after,
        }
        if by
        else {}
    )
    with store.unit() as unit:
        job = a_job(JobState.PROMPT_REVIEW, created_at=at, community=community)
        unit.jobs.add(job)
        times = {"opened_at": at, "due_at": at + 4 * HOUR}
        assert unit.reviews.open(a_review(job, **times | decided | fields))


def found(store, since=MONDAY, days=3):
    with store.reading() as unit:
        return unit.statistics.between("local", since, since + days * DAY, now=NOW)


def test_each_day_has_its_own(store):
    """From midnight on and before the next; decisions count on the day that they were made."""
    refused(store, MONDAY)
    refused(store, MONDAY + DAY - timedelta(microseconds=1))
    refused(store, MONDAY + DAY)
    refused(store, MONDAY + DAY, decision=Decision.REVIEW)
    refused(store, MONDAY - timedelta(microseconds=1))
    refused(store, MONDAY + 3 * DAY)
    refused(store, MONDAY, community="club")
    opened(store, MONDAY, by="mo", after=25 * HOUR)
    opened(store, MONDAY - DAY, by="mo", after=25 * HOUR)
    opened(store, MONDAY + 2 * DAY)
    opened(store, MONDAY, by="mo", community="club")

    assert found(store).days == (
        Day(day=date(2026, 11, 16), refused=2, held=1, decided=1),
        Day(day=date(2026, 11, 17), refused=1, held=0, decided=1),
        Day(day=date(2026, 11, 18), refused=0, held=1, decided=0),
    )


def test_people_are_counted_by_what_they_decided(store):
    for by, ruling, times in [
        ("mo", Ruling.APPROVE, 1),
        ("kim", Ruling.APPROVE, 1),
        ("kim", Ruling.REJECT, 2),
    ]:
        for _ in range(times):
            opened(store, MONDAY, by=by, ruling=ruling)
    opened(store, MONDAY - 2 * DAY, by="eve")
    opened(store, MONDAY, by="eve", community="club")

    assert found(store).deciders == (
        Decider(member_id="web:kim", name="Kim", approved=1, rejected=2),
        Decider(member_id="web:mo", name="Mo", approved=1),
    )


def test_the_wait_is_the_median_of_what_was_decided_in_the_time(store):
    for hours in (1, 2, 9):
        opened(store, MONDAY, by="mo", after=hours * HOUR)
    opened(store, MONDAY - 9 * DAY, by="mo", after=HOUR)
    opened(store, MONDAY)

    assert found(store).wait_s == 2 * 3600
    assert found(store, since=MONDAY - 5 * DAY, days=2).wait_s is None


def test_the_queue_has_an_age(store):
    """What is decided, even where that can still be undone, waits for nobody."""
    for age in (0.5, 1, 3.9, 4, 24, 71, 72, 500):
        opened(store, NOW - age * HOUR)
    opened(store, NOW - 2 * HOUR, due_at=NOW - HOUR, state=ReviewState.SECOND)
    opened(store, NOW - 2 * HOUR, by="mo", closed_at=None, state=ReviewState.DECIDED)
    opened(store, NOW - 2 * HOUR, community="club")

    assert found(store).waiting == Waiting(
        by_age=(1, 3, 1, 2, 2), overdue=6, oldest=NOW - 500 * HOUR
    )
    assert found(store).waiting.count == 9


def test_overturned_appeals_are_a_part_of_the_answered_ones(store):
    assert found(store).reversal_rate is None
    for ruling in (Ruling.APPROVE, Ruling.REJECT, Ruling.REJECT, Ruling.REJECT):
        opened(store, MONDAY, by="mo", ruling=ruling, kind=ReviewKind.APPEAL)
    opened(store, MONDAY, kind=ReviewKind.APPEAL)

    assert found(store).reversal_rate == 0.25


def test_the_number_of_queries_does_not_grow(store):
    """Eleven, for sixty items as for none."""
    counts = []
    for _ in range(2):
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        engine = store._engines.reading
        event.listen(engine, "before_cursor_execute", note)
        found(store, days=30)
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len([each for each in seen if each.startswith("SELECT")]))
        for number in range(30):
            opened(store, MONDAY + number * HOUR, by=f"mo{number}")
            refused(store, MONDAY + number * HOUR)

    assert counts == [11, 11]
