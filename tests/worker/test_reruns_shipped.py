"""On this machine the shipped model draws a picture again bit for bit, and it is told so."""

import pytest

from core.blobs import Blobs
from core.contracts.ids import JobId
from core.prompts import escape
from core.provenance.keys import load_or_create_keys
from core.provenance.stamp import Stamper
from core.storage import Store
from tests.worker.jobs import JOB_ID, Workplace, job_for, queue_up


@pytest.fixture
def place(tmp_path, engine):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    stamper = Stamper(load_or_create_keys(tmp_path / "keys"))
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), stamper, engine=engine)
    store.close()


def drawn(place, job):
    queue_up(place.store, job)
    place.generate(job.job_id)
    with place.store.reading() as unit:
        return unit.pictures.of_job(job.job_id)


def test_a_picture_of_the_shipped_model_is_drawn_again_identically(place):
    """As a whole request, and alone in another process's company: value by value."""
    text = "a {red,blue} car"
    first = drawn(place, job_for(text, steps=4))

    whole = job_for(text, steps=4).model_copy(
        update={"job_id": JobId("again"), "parent_id": JOB_ID, "action": "rerun"}
    )
    alone = job_for(escape(first[1].prompt), steps=4).model_copy(
        update={"job_id": JobId("alone"), "parent_id": JOB_ID, "action": "rerun"}
    )
    again = [*drawn(place, whole), *drawn(place, alone)]

    originals = [each.difference.original for each in again]
    assert originals == [first[0].verify_id, first[1].verify_id, first[1].verify_id]
    assert all(each.difference.values == 512 * 512 * 3 for each in again)
    assert [each.difference.differing for each in again] == [0, 0, 0]
    assert all(each.environment.startswith("cpu ") for each in again)
