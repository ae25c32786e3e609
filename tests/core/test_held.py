"""What waits for a person is kept so that nobody can look at it, and loses no bit by that."""

import hashlib
import os
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from core.blobs import Blobs
from core.contracts.ids import VerifyId
from core.errors import AppError, NotFound, Unavailable
from core.held import HeldArea, held_key, is_held
from core.settings import CoreSettings
from core.storage import Store
from tests.core.storage.samples import START as NOW
from tests.core.storage.samples import a_job, a_picture

DATA = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def blobs(tmp_path):
    return Blobs(str(tmp_path / "blobs"))


@pytest.fixture
def files(tmp_path):
    root = tmp_path / "blobs"
    return lambda: {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def area_of(blobs, keys="", secret="a secret"):
    return HeldArea(blobs, CoreSettings(_env_file=None, secret_key=secret, held_keys=keys))


def hold(area, job_id="job1", data=DATA):
    picture = a_picture(job_id, sha256=hashlib.sha256(data).hexdigest())
    blob = area.put(picture.verify_id, data)
    return picture.model_copy(update={"blob": blob})


@pytest.mark.parametrize("keys", [pytest.param("", id="derived"), pytest.param(NEW, id="set")])
def test_a_held_picture_is_unreadable_in_the_store_and_whole_for_the_area(blobs, files, keys):
    """Nothing of the picture lies there in plain; what comes back is the same to the last bit."""
    area = area_of(blobs, keys)

    picture = hold(area)

    assert list(files()) == [held_key(picture.verify_id)] == [picture.blob]
    assert DATA[:8] not in files()[picture.blob]
    assert DATA[100:130] not in files()[picture.blob]
    assert area.read(picture) == DATA


def test_publishing_lays_out_the_very_bytes_and_may_be_repeated(blobs, files):
    """A decision that was broken off is carried out again, from any point."""
    area = area_of(blobs)
    picture = hold(area)

    assert area.publish(picture) == area.publish(picture)

    key = f"published/{picture.job_id}/{picture.verify_id}.png"
    published = picture.model_copy(update={"blob": key})
    assert files()[key] == DATA
    assert area.publish(published) == key
    assert area.read(published) == DATA
    assert not is_held(published)
    area.clear(published)
    area.clear(published)
    assert list(files()) == [key]


def test_destroying_leaves_nothing_and_may_be_repeated(blobs, files):
    """Also what a publishing that was broken off has laid out."""
    area = area_of(blobs)
    picture = hold(area)
    area.publish(picture)

    area.destroy(picture)
    area.destroy(picture)

    assert files() == {}
    with pytest.raises(NotFound):
        area.read(picture)


def test_a_key_that_is_not_there_loses_nothing(blobs, files):
    """The error says which picture; with the key back, it opens."""
    picture = hold(area_of(blobs, OLD))
    before = files()

    with pytest.raises(Unavailable) as raised:
        area_of(blobs, NEW, "another secret").publish(picture)

    assert raised.value.code == "held_key_unknown"
    assert raised.value.facts == {"verify_id": picture.verify_id}
    assert files() == before
    assert area_of(blobs, OLD).read(picture) == DATA


def test_keys_are_rotated(blobs):
    """The first encrypts and all decrypt, the derived one too: nothing is lost on the way."""
    derived, old = hold(area_of(blobs)), hold(area_of(blobs, OLD))
    rotated = area_of(blobs, f"{NEW}, {OLD}")

    new = hold(rotated)

    assert [rotated.read(each) for each in (derived, old, new)] == [DATA] * 3
    assert area_of(blobs, NEW).read(new) == DATA
    with pytest.raises(Unavailable):
        area_of(blobs, OLD).read(new)


def test_bytes_that_are_not_those_of_the_record_are_not_published(blobs, files):
    """Somebody who has the key and the store could otherwise have anything posted."""
    area = area_of(blobs)
    picture = hold(area)
    area.put(picture.verify_id, DATA + b"more")

    with pytest.raises(AppError) as raised:
        area.publish(picture)

    assert raised.value.code == "held_altered"
    assert list(files()) == [picture.blob]


def test_files_that_no_row_names_go_after_a_day(blobs, files, tmp_path):
    """A worker was killed before it wrote the row, or a decision before it removed the file."""
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    area = area_of(blobs)
    waiting, unwritten, young, published, destroyed = (
        hold(area).model_copy(update={"index": index}) for index in range(5)
    )
    with store.unit() as unit:
        unit.jobs.add(a_job(job_id="job1"))
        for picture in (waiting, published, destroyed):
            unit.pictures.add(picture)
        unit.pictures.set_blob(published.verify_id, area.publish(published))
        unit.pictures.mark_deleted(destroyed.verify_id, NOW)
    for each in (waiting, unwritten, published, destroyed):
        age(tmp_path / "blobs" / held_key(each.verify_id), NOW - timedelta(days=1, seconds=1))
    age(tmp_path / "blobs" / held_key(young.verify_id), NOW - timedelta(hours=23))

    gone = area.discard_orphans(store, now=NOW)

    assert gone == 3
    assert {key for key in files() if key.startswith("held/")} == {waiting.blob, young.blob}
    assert area.discard_orphans(store, now=NOW) == 0
    store.close()


def test_an_empty_area_has_no_orphans(blobs, tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()

    assert area_of(blobs).discard_orphans(store, now=NOW) == 0
    store.close()


def age(path, moment):
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_a_verify_id_names_the_file():
    """One folder holds them all: a sweep lists it at once."""
    assert held_key(VerifyId("0123456789abcdef")) == "held/0123456789abcdef"
