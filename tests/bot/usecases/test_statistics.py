"""Statistics are the last thirty days with today among them, and moderators' alone."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.usecases.statistics import DAYS, work_done
from core.errors import UserError
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_verdict


def test_a_member_is_not_told(services, ada):
    with pytest.raises(UserError, match="not_permitted"):
        work_done(services, ada)


def test_today_is_the_last_of_thirty_days(services, clock, moderator):
    """The first is twenty-nine days before it, from its midnight on."""
    today = datetime.combine(clock().date(), datetime.min.time(), UTC)
    first = today - timedelta(days=DAYS - 1)
    with services.store.unit() as unit:
        for at in (first, first - timedelta(seconds=1), clock()):
            job = a_job(JobState.BLOCKED, created_at=at)
            unit.jobs.add(job)
            unit.verdicts.add(a_verdict(job.job_id, decision="block", decided_at=at))

    found = work_done(services, moderator)

    assert len(found.days) == DAYS
    assert [day.day for day in found.days if day.refused] == [first.date(), clock().date()]
    assert found.counts.requests.count == 2
