"""On this machine the shipped model draws a picture again, and it is told how alike."""

import pytest

from core.blobs import Blobs
from core.contracts.ids import JobId
from core.prompts import escape
from core.provenance.building import stamper_of
from core.settings import CoreSettings
from core.storage import Store
from tests.worker.jobs import JOB_ID, Workplace, job_for, queue_up


@pytest.fixture
def place(tmp_path, engine):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    # Marked, as what is posted is: what is told of two drawings must not change by that.
    stamper = stamper_of(CoreSettings(_env_file=None, home=tmp_path))
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), stamper, engine=engine)
    store.close()


def drawn(place, job):
    queue_up(place.store, job)
    place.generate(job.job_id)
    with place.store.reading() as unit:
        return unit.pictures.of_job(job.job_id)


class Reproducible:
    """The engine as a worker asks it that always draws in reproducible mode."""

    def __init__(self, engine):
        self._engine = engine

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def draw(self, request, report):
        asked = request.model_copy(update={"is_reproducible": True})
        return self._engine.draw(asked, report)


def drawn_twice(place):
    """Two pictures, drawn again as a whole, and the second of them alone."""
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
    assert all(each.environment.startswith("cpu ") for each in (*again, one))
    with place.store.reading() as unit:
        marks = [unit.registry.get(each.verify_id).mark.mark_id for each in (*first, *again, one)]
    assert len(set(marks)) == 5, "each has a mark of its own"
    return [each.difference for each in (*again, one)]


def test_in_reproducible_mode_a_picture_is_drawn_again_bit_for_bit(place):
    """As a whole or alone: company makes no difference."""
    place.engine, place.is_reproducible = Reproducible(place.engine), True

    assert [each.differing for each in drawn_twice(place)] == [0, 0, 0]


def test_outside_of_it_company_changes_a_last_digit_here_and_there(place):
    """The pictures of one request are company to each other too, from the step they meet at."""
    for each in drawn_twice(place):
        assert each.differing <= each.values / 100
        assert each.largest <= 2
