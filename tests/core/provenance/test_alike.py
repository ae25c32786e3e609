"""The index finds what looks alike among all that was labelled, whenever and by whom it was."""

import random
import threading
from datetime import timedelta

import pytest

from core.contracts.registry import Fingerprints, RecordKind
from core.provenance import alike
from core.provenance.alike import LATE, Alike, LooksIndex
from core.storage import Store
from tests.core.storage.samples import a_record, at

RANDOM = random.Random(5)


@pytest.fixture
def store(tmp_path):
    with_tables = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    with_tables.migrate()
    yield with_tables
    with_tables.close()


def a_hash():
    return f"{RANDOM.getrandbits(256):064x}"


def some_looks(quality=100):
    return Fingerprints(pdq=a_hash(), pdq_quality=quality, phash=a_hash())


def changed(digits, bits):
    """Turn some bits of a hash over."""
    flips = sum(1 << place for place in RANDOM.sample(range(256), bits))
    return f"{int(digits, 16) ^ flips:064x}"


def an_id(number):
    return f"{number:016x}"


def add(store, *records):
    with store.unit() as unit:
        for record in records:
            unit.registry.add(record)


def ids(found):
    return [each.verify_id for each in found]


def test_the_most_alike_comes_first_with_its_distances(store):
    index, asked = LooksIndex(store), some_looks()
    near = asked.model_copy(update={"pdq": changed(asked.pdq, 5), "phash": changed(asked.phash, 9)})
    far = asked.model_copy(
        update={"pdq": changed(asked.pdq, 31), "phash": changed(asked.phash, 40)}
    )
    add(store, *(a_record(an_id(at), fingerprints=some_looks()) for at in range(50)))
    add(store, a_record(an_id(90), fingerprints=far), a_record(an_id(91), fingerprints=near))

    assert index.nearest(asked) == [Alike(an_id(91), 5, 9), Alike(an_id(90), 31, 40)]
    assert ids(index.nearest(asked, most=1)) == [an_id(91)]
    assert len(index) == 52


@pytest.mark.parametrize(
    ("pdq_bits", "phash_bits", "quality", "is_found"),
    [
        pytest.param(31, 200, 50, True, id="by PDQ alone"),
        pytest.param(32, 200, 50, False, id="a bit too far by PDQ"),
        pytest.param(31, 200, 49, False, id="PDQ of too little"),
        pytest.param(200, 40, 50, True, id="by pHash alone"),
        pytest.param(200, 41, 50, False, id="a bit too far by pHash"),
        pytest.param(200, 40, 10, True, id="pHash of little"),
        pytest.param(0, 0, 9, False, id="nothing to tell by"),
        pytest.param(256, 256, 100, False, id="the very opposite"),
    ],
)
def test_both_hashes_have_their_bounds(store, pdq_bits, phash_bits, quality, is_found):
    """Also where the picture that is asked for has less in it than the known one, or more."""
    asked = some_looks()
    known = Fingerprints(
        pdq=changed(asked.pdq, pdq_bits),
        pdq_quality=quality,
        phash=changed(asked.phash, phash_bits),
    )
    add(store, a_record(fingerprints=known))
    other_way = asked.model_copy(update={"pdq_quality": quality})

    assert bool(LooksIndex(store).nearest(asked)) is is_found
    known_well = LooksIndex(store)
    add(
        store,
        a_record(an_id(1), fingerprints=known.model_copy(update={"pdq_quality": 100})),
    )
    assert (an_id(1) in ids(known_well.nearest(other_way))) is is_found


def test_what_is_recorded_later_is_found_at_once_and_nothing_twice(store):
    """Even of the same moment, and where it was made before what is known already."""
    index, asked = LooksIndex(store), some_looks()
    add(store, a_record(an_id(5), fingerprints=asked, created_at=at(0)))
    assert ids(index.nearest(asked)) == [an_id(5)]

    add(store, a_record(an_id(1), fingerprints=asked, created_at=at(0)))
    late = at(0) - LATE + timedelta(seconds=1)
    add(store, a_record(an_id(2), fingerprints=asked, created_at=late))

    assert ids(index.nearest(asked)) == [an_id(1), an_id(2), an_id(5)]
    assert ids(index.nearest(asked)) == [an_id(1), an_id(2), an_id(5)]
    assert len(index) == 3


def test_more_of_one_moment_than_a_page_holds_are_all_taken_in(store, monkeypatch):
    """And so is what makes the rows grow, with what was there."""
    monkeypatch.setattr(alike, "PAGE", 3)
    monkeypatch.setattr(alike, "_FIRST_ROOM", 2)
    index, looks = LooksIndex(store), [some_looks() for _ in range(10)]
    add(store, *(a_record(an_id(at), fingerprints=each) for at, each in enumerate(looks)))

    found = [index.nearest(each) for each in looks]

    assert found == [[Alike(an_id(at), 0, 0)] for at in range(10)]
    assert len(index) == 10


def test_copies_and_what_has_no_looks_are_not_in_it(store):
    asked = some_looks()
    copy = a_record(an_id(1), fingerprints=asked, kind=RecordKind.COPY)
    add(store, copy, a_record(an_id(2), fingerprints=None))

    assert LooksIndex(store).nearest(asked) == []


def test_a_deleted_picture_is_still_known_by_its_looks(store):
    """Its thumbnail is forgotten; whether it stands, the registry and the pictures tell."""
    index, asked = LooksIndex(store), some_looks()
    with store.unit() as unit:
        unit.registry.add(a_record(an_id(1), fingerprints=asked), b"small")
    with store.unit() as unit:
        unit.registry.forget_thumbnails([an_id(1)])

    assert ids(index.nearest(asked)) == [an_id(1)]


def test_threads_fill_it_once(store):
    """Eight that ask at the same moment, while more is recorded, each find all there was."""
    index, looks = LooksIndex(store), [some_looks() for _ in range(40)]
    add(store, *(a_record(an_id(at), fingerprints=each) for at, each in enumerate(looks)))
    begin, found = threading.Barrier(9), []

    def ask(own):
        begin.wait()
        found.extend(index.nearest(each)[0].verify_id for each in own)

    threads = [threading.Thread(target=ask, args=(looks[at::8],)) for at in range(8)]
    for each in threads:
        each.start()
    begin.wait()
    add(store, *(a_record(an_id(99 + at), fingerprints=some_looks()) for at in range(20)))
    for each in threads:
        each.join()

    assert sorted(found) == [an_id(at) for at in range(40)]
    index.refresh()
    assert len(index) == 60
