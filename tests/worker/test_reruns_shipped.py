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
    """Asked for as a whole, value by value; alone, all but for a last digit here and there.

    Pictures that share the steps of one request are company to each other.
    """
    text = "a {red,blue} car"
    first = drawn(place, job_for(text, steps=4))

    whole = job_for(text, steps=4).model_copy(
        update={"job_id": JobId("again"), "parent_id": JOB_ID, "action": "rerun"}
    )
    alone = job_for(escape(first[1].prompt), steps=4).model_copy(
        update={"job_id": JobId("alone"), "parent_id": JOB_ID, "action": "rerun"}
    )
    again, one = drawn(place, whole), drawn(place, alone)[0]

    assert [each.difference.original for each in again] == [each.verify_id for each in first]
    assert one.difference.original == first[1].verify_id
    assert [each.difference.values for each in (*again, one)] == [512 * 512 * 3] * 3
    assert [each.difference.differing for each in again] == [0, 0]
    assert one.difference.differing <= one.difference.values / 100
    assert one.difference.largest <= 2
    assert all(each.environment.startswith("cpu ") for each in (*again, one))
