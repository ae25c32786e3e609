"""Who reported a picture hears what was decided: each of them, once."""

import pytest

from core.contracts.actors import Platform
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.workflow import JobState, NoticeKind
from moderation.review.telling import tell_reporters
from tests.core.storage.samples import a_job, a_review, at


@pytest.fixture
def job(store):
    job = a_job(JobState.DELIVERED)
    with store.unit() as unit:
        unit.jobs.add(job)
    return job


def report(unit, job, *members, seconds):
    for member in members:
        assert unit.reports.add(job.job_id, f"web:{member}", "", now=at(seconds))


def an_item(unit, job, ruling=Ruling.APPROVE, *, seconds, **fields):
    ended = {"state": ReviewState.SETTLED, "closed_at": at(seconds), "ruling": ruling}
    item = a_review(
        job, seconds, **{"kind": ReviewKind.REPORT, "lapses_at": None, **ended, **fields}
    )
    assert unit.reviews.open(item)
    return item


def told(unit):
    claimed = unit.notices.claim(Platform.WEB, "d", now=at(99), lease_s=1)
    for notice in claimed:
        unit.notices.ack(notice.notice_id, "d", now=at(99))
    return [(notice.kind, notice.member_id) for notice in claimed]


@pytest.mark.parametrize(
    ("ruling", "kind"),
    [
        pytest.param(Ruling.APPROVE, NoticeKind.REPORT_KEPT, id="kept"),
        pytest.param(Ruling.REJECT, NoticeKind.REPORT_TAKEN_DOWN, id="taken down"),
    ],
)
def test_every_reporter_is_told(store, job, ruling, kind):
    with store.unit() as unit:
        report(unit, job, "bob", "cleo", seconds=1)
        item = an_item(unit, job, ruling, seconds=5)

        assert tell_reporters(unit, item, now=at(5)) == 2

        assert told(unit) == [(kind, "web:bob"), (kind, "web:cleo")]


def test_who_was_told_of_an_earlier_decision_is_not_told_again(store, job):
    """New reports bring the picture back; the old ones were answered."""
    with store.unit() as unit:
        report(unit, job, "bob", seconds=1)
        tell_reporters(unit, an_item(unit, job, seconds=5), now=at(5))
        told(unit)
        report(unit, job, "cleo", seconds=6)
        again = an_item(unit, job, Ruling.REJECT, seconds=9)

        assert tell_reporters(unit, again, now=at(9)) == 1

        assert told(unit) == [(NoticeKind.REPORT_TAKEN_DOWN, "web:cleo")]


def test_an_item_that_was_withdrawn_told_nobody(store, job):
    """So a later decision answers those reports too."""
    with store.unit() as unit:
        report(unit, job, "bob", seconds=1)
        an_item(unit, job, None, seconds=5, state=ReviewState.WITHDRAWN)
        item = an_item(unit, job, seconds=9)

        assert tell_reporters(unit, item, now=at(9)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": ReviewKind.APPEAL}, id="an appeal"),
        pytest.param({"ruling": None, "state": ReviewState.WITHDRAWN}, id="undecided"),
    ],
)
def test_what_is_no_decided_report_concerns_no_reporter(store, job, fields):
    with store.unit() as unit:
        report(unit, job, "bob", seconds=1)
        item = a_review(job, **{"kind": ReviewKind.REPORT, "ruling": Ruling.REJECT, **fields})

        assert tell_reporters(unit, item, now=at(5)) == 0

        assert told(unit) == []
