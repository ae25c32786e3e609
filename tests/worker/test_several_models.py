"""One worker draws with several models, in one fair order, and no ticket gets lost between them."""

import pytest

from core.blobs import Blobs
from core.catalog import Catalog, load_catalog
from core.contracts.ids import JobId
from core.provenance.keys import load_or_create_keys
from core.provenance.stamp import Stamper
from core.settings import WorkerSettings
from core.storage import Store
from core.workflow import JobState, TaskName
from tests.worker.engine.tiny_pipelines import save_sdxl
from tests.worker.jobs import PROFILE, Workplace, job_for, queue_up
from worker.app import _arguments
from worker.engine.messages import Ready


@pytest.fixture(scope="module")
def catalog(tmp_path_factory) -> Catalog:
    """The shipped model, and a tiny one of another kind."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_sdxl(folder)
    return load_catalog("easel-small", str(folder))


@pytest.fixture
def place(tmp_path, catalog):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    stamper = Stamper(load_or_create_keys(tmp_path / "keys"))
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), stamper, catalog=catalog)
    store.close()


def ask(place, job_id, model, member="web:1", second=0.0):
    """Queue a request of a member for a model; what that sends is counted as sent."""
    profile = place.catalog.get(model)
    job = job_for(steps=2, model=model)
    place.clock.move(second)
    named = {
        "job_id": JobId(job_id),
        "actor": job.actor.model_copy(update={"member_id": member}),
        "model": profile.name,
        "queue": profile.queue,
        "created_at": place.clock(),
    }
    queue_up(place.store, job.model_copy(update=named))


def state(place, job_id):
    with place.store.reading() as unit:
        return unit.jobs.get(JobId(job_id)).state


def test_each_job_is_drawn_by_its_own_model(place, engine):
    """By one engine, one after the other; the record says which."""
    place.engine = engine
    ask(place, "small", "easel-small")
    ask(place, "tiny", "tiny", second=1)

    place.generate(JobId("small"))
    place.generate(JobId("tiny"))

    assert (state(place, "small"), state(place, "tiny")) == (JobState.PUBLISHED,) * 2
    with place.store.reading() as unit:
        [small], [tiny] = unit.pictures.of_job("small"), unit.pictures.of_job("tiny")
    assert (small.model, tiny.model) == ("easel-small", "tiny")
    assert small.model_sha256 != tiny.model_sha256


def test_a_ticket_of_one_queue_that_starts_a_job_of_another_is_replaced(place):
    """A worker of its queue alone would otherwise wait for ever: as many tickets as jobs."""
    ask(place, "first", "easel-small")
    ask(place, "second", "tiny", member="web:2", second=1)

    place.generate(JobId("second"))

    assert state(place, "first") is JobState.PUBLISHED
    assert place.queue.sent == [(TaskName.GENERATE, "second", "generate.tiny")]


def test_a_ticket_of_the_jobs_own_queue_is_used_up(place):
    """Whichever job it names."""
    ask(place, "first", "easel-small")
    ask(place, "second", "easel-small", member="web:2", second=1)

    place.generate(JobId("second"))

    assert state(place, "first") is JobState.PUBLISHED
    assert place.queue.sent == []


def test_one_members_jobs_for_the_loaded_model_go_first(place, catalog):
    """A swap waits for them, and for nobody else's."""

    place.engine.ready = Ready(
        source=catalog.get("tiny").source,
        model_sha256="ab" * 32,
        pipeline="StableDiffusionXLPipeline",
        scheduler="EulerDiscreteScheduler",
        device="cpu",
        dtype="fp32",
        load_s=1.0,
    )
    ask(place, "cold", "easel-small")
    ask(place, "warm", "tiny", second=1)

    place.generate(JobId("cold"))

    assert (state(place, "cold"), state(place, "warm")) == (JobState.QUEUED, JobState.PUBLISHED)


def test_a_worker_takes_the_tasks_of_all_its_models(catalog):
    """One Celery queue each."""
    assert "--queues=generate.easel-small,generate.tiny" in _arguments(catalog, WorkerSettings())


def test_a_job_of_a_model_that_is_no_longer_on_offer_waits_for_its_worker(place):
    """Its queue is not served here."""
    ask(place, "gone", "tiny")
    place.catalog = Catalog(profiles=(PROFILE,))

    place.generate(JobId("gone"))

    assert state(place, "gone") is JobState.QUEUED
