"""Hold the verdicts of both databases to: kept whole, in order, never changed."""

from core.contracts.verdicts import Stage
from core.workflow import Outcome
from tests.core.storage.samples import a_job, a_verdict, at


def test_a_verdict_comes_back_as_it_was_written(store):
    """Findings with spans and checks with states included."""
    job = a_job()
    verdict = a_verdict(job.job_id)
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.verdicts.add(verdict)

    with store.reading() as unit:
        assert unit.verdicts.of_job(job.job_id) == [verdict]


def test_a_jobs_verdicts_come_in_the_order_of_their_making(store):
    """Also where two were made in the same moment; other jobs' and jobless ones stay out."""
    job, other = a_job(), a_job()
    rules = a_verdict(job.job_id, decided_at=at(0))
    prompt = a_verdict(job.job_id, decided_at=at(0), stage=Stage.PROMPT, findings=(), category=None)
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.jobs.add(other)
        for verdict in (rules, prompt, a_verdict(other.job_id), a_verdict(None)):
            unit.verdicts.add(verdict)

        assert unit.verdicts.of_job(job.job_id) == [rules, prompt]


def test_each_verdict_is_chained_without_its_words(store):
    """Who changes the decision of a verdict has the trail against them."""
    job = a_job()
    verdict = a_verdict(job.job_id)
    with store.unit() as unit:
        unit.jobs.begin(job, Outcome.RULES_BLOCK, now=at(1), by="web:ada")
        unit.verdicts.add(verdict)

    with store.reading() as unit:
        row = next(each for each in unit.audit.of_job(job.job_id) if each.kind == "verdict")
        assert unit.audit.check().is_sound
    assert row.facts == {
        "verdict": verdict.verdict_id,
        "stage": verdict.stage.value,
        "decision": verdict.decision.value,
        "category": verdict.category,
        "policy": verdict.policy_version,
    }
