"""A refused job has at most one rewrite."""

from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from tests.core.storage.samples import START, a_job

SPEC = GenerationSpec(prompt="a {fully clothed,happy} woman", negative=("rain",), seed=7)


def test_a_rewrite_comes_back_as_it_was(store):
    job = a_job()
    with store.unit() as unit:
        unit.jobs.add(job)
        assert unit.rewrites.add(job.job_id, SPEC, now=START)

    with store.reading() as unit:
        assert unit.rewrites.of(job.job_id) == SPEC
        assert unit.rewrites.of(JobId("another")) is None


def test_the_first_stays(store):
    """A task may be delivered twice."""
    job = a_job()
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.rewrites.add(job.job_id, SPEC, now=START)

        assert not unit.rewrites.add(job.job_id, GenerationSpec(prompt="another"), now=START)
        assert unit.rewrites.of(job.job_id) == SPEC
