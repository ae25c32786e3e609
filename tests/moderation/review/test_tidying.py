"""Queue and jobs are brought back into step, whatever left them apart."""

import pytest

from core.contracts.reviews import ReviewKind, ReviewState
from core.contracts.verdicts import Decision, Stage
from core.storage.jobs import Jobs
from core.workflow import JobState, Outcome
from moderation.review.tidying import adopt_orphans, withdraw_strays
from tests.core.storage.samples import START, a_job, a_picture, a_verdict, at

PDQ = "0f" * 32


@pytest.mark.parametrize(
    ("state", "verdicts", "kind", "category"),
    [
        pytest.param(
            JobState.PROMPT_REVIEW,
            [{"stage": Stage.RULES}],
            ReviewKind.HELD_PROMPT,
            "gore_graphic",
            id="words",
        ),
        pytest.param(JobState.PROMPT_REVIEW, [], ReviewKind.FAILED_CHECK, None, id="no verdict"),
        pytest.param(
            JobState.PROMPT_REVIEW,
            [{"decision": Decision.BLOCK}],
            ReviewKind.APPEAL,
            "gore_graphic",
            id="an appeal",
        ),
        pytest.param(
            JobState.OUTPUT_REVIEW,
            [{"stage": Stage.PROMPT}, {"stage": Stage.IMAGE, "category": "sexual_explicit"}],
            ReviewKind.HELD_PICTURE,
            "sexual_explicit",
            id="a picture",
        ),
    ],
)
def test_a_held_job_without_an_item_gets_the_one_that_it_should_have(
    store, gates, state, verdicts, kind, category
):
    """As of when it was held: it neither jumps the queue nor waits longer than others."""
    job = a_job(state, updated_at=at(-3600))
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(a_picture(job.job_id, pdq=PDQ))
        for each in verdicts:
            unit.verdicts.add(a_verdict(job.job_id, **each))

    adopted = adopt_orphans(store, gates), adopt_orphans(store, gates)

    assert adopted == (1, 0)
    with store.reading() as unit:
        item = unit.reviews.live_of_job(job.job_id)
    assert (item.kind, item.category, item.opened_at) == (kind, category, at(-3600))
    assert item.picture_hashes == ((PDQ,) if state is JobState.OUTPUT_REVIEW else ())


def test_an_item_whose_job_went_on_is_withdrawn(store, held, clock):
    """One that still waits stays."""
    stray, waiting = held(JobState.QUEUED), held()

    withdrawn = withdraw_strays(store, now=clock()), withdraw_strays(store, now=clock())

    assert withdrawn == (1, 0)
    with store.reading() as unit:
        found = unit.reviews.get(stray.item_id)
        assert (found.state, found.closed_at) == (ReviewState.WITHDRAWN, START)
        assert unit.reviews.get(waiting.item_id) == waiting


def test_what_goes_on_between_the_look_and_the_lock_is_left_alone(
    store, gates, held, clock, monkeypatch
):
    """A job that is called back needs no item; an item that somebody claims is no stray."""
    job = a_job(JobState.PROMPT_REVIEW)
    with store.unit() as unit:
        unit.jobs.add(job)
    stray = held(JobState.QUEUED)
    lock = Jobs.lock

    def busy(self, job_id):
        if job_id == job.job_id:
            self.advance(job_id, Outcome.CANCELLED, now=START)
        else:
            self._reviews.save(stray.model_copy(update={"claimed_by": "web:mod"}))
        return lock(self, job_id)

    monkeypatch.setattr(Jobs, "lock", busy)

    assert adopt_orphans(store, gates) == 0
    assert withdraw_strays(store, now=clock()) == 0
    with store.reading() as unit:
        assert unit.reviews.of_job(job.job_id) == []
        assert unit.reviews.get(stray.item_id).state is ReviewState.OPEN
