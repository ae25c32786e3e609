"""The running web app carries decisions out by itself, and whatever breaks, it goes on."""

import anyio
import pytest

from bot.web_app import settling
from core.contracts.actors import Platform
from core.contracts.reviews import ReviewState, Ruling
from core.errors import Unavailable
from core.workflow import JobState
from moderation.review.settling import Settling
from tests.core.storage.samples import a_job, a_review, at

SOON_S = 30


@pytest.fixture
def decided(services):
    """A held request that somebody has approved."""
    job = a_job(JobState.PROMPT_REVIEW)
    item = a_review(job, state=ReviewState.DECIDED, ruling=Ruling.APPROVE, effective_at=at(0))
    with services.store.unit() as unit:
        unit.jobs.add(job)
        unit.reviews.open(item)
    return job


@pytest.mark.parametrize("trouble", [None, Unavailable("database_away"), RuntimeError("oh")])
def test_a_decision_is_carried_out_and_handed_on(services, decided, monkeypatch, trouble):
    """Also where the first look fails."""
    monkeypatch.setattr(settling, "EVERY_S", 0.01)
    looks, settle_due = [], Settling.settle_due

    def look(self):
        looks.append(1)
        if trouble is not None and len(looks) == 1:
            raise trouble
        return settle_due(self)

    monkeypatch.setattr(Settling, "settle_due", look)

    async def until_done():
        done, nudges = anyio.Event(), []

        def nudge(*platforms, is_review=False):
            nudges.append((platforms, is_review))
            done.set()

        monkeypatch.setattr(services.courier, "nudge", nudge)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(settling.settle_forever, services)
            with anyio.fail_after(SOON_S):
                await done.wait()
            tasks.cancel_scope.cancel()
        return nudges

    nudges = anyio.run(until_done)

    with services.store.reading() as unit:
        assert unit.jobs.get(decided.job_id).state is JobState.QUEUED
    assert nudges == [((Platform.WEB,), True)]
