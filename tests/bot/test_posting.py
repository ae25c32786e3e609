"""No row, no post: at every door the registry is asked first."""

import pytest

from bot.posting import require_rows
from bot.usecases import imagine
from core.errors import NotFound
from tests.bot.road import publish
from tests.registered import record_of


def forget(services, verify_id):
    """Take a row away, as if its picture had never been labelled."""
    with services.store.unit() as unit:
        unit.registry._session.delete(unit.registry._row(verify_id))


@pytest.fixture
def pictures(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple --n 2", address).job_id
    publish(services, job_id, 2)
    with services.store.reading() as unit:
        return unit.pictures.of_job(job_id)


def test_labelled_pictures_pass_with_what_is_known_of_them(services, pictures):
    with services.store.reading() as unit:
        records = require_rows(unit, pictures)

    assert list(records) == [each.verify_id for each in pictures]
    assert all(records[each.verify_id].sha256 == each.sha256 for each in pictures)


def test_one_without_a_row_stops_all(services, pictures):
    forget(services, pictures[1].verify_id)

    with services.store.reading() as unit, pytest.raises(NotFound) as refusal:
        require_rows(unit, pictures)

    assert refusal.value.code == "picture_unlabelled"
    assert refusal.value.facts == {"verify_id": pictures[1].verify_id}


def test_a_row_about_other_bytes_is_none(services, pictures):
    """A label is of one file: what lies there now is not what was labelled."""
    forget(services, pictures[0].verify_id)
    with services.store.unit() as unit:
        unit.registry.add(record_of(pictures[0], sha256="00" * 32))

    with services.store.reading() as unit, pytest.raises(NotFound) as refusal:
        require_rows(unit, pictures)

    assert refusal.value.code == "picture_unlabelled"


def test_what_shows_no_picture_passes(services):
    with services.store.reading() as unit:
        assert require_rows(unit, ()) == {}
