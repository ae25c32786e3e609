"""Hold the record of uploads of both databases to: found by id, counted by member, forgotten."""

import pytest

from core.contracts.ids import new_upload_id
from core.contracts.personal import Upload, UploadKind
from core.errors import NotFound
from tests.core.storage.samples import at


def an_upload(seconds=0, member="web:ada", community="local", **fields):
    upload_id = new_upload_id()
    defaults = {
        "upload_id": upload_id,
        "community_id": community,
        "member_id": member,
        "kind": UploadKind.PICTURE,
        "blob": f"uploads/{upload_id}.png",
        "sha256": "ab" * 32,
        "width": 64,
        "height": 32,
        "size_bytes": 100,
        "file_name": "holiday.jpg",
        "created_at": at(seconds),
    }
    return Upload(**{**defaults, **fields})


def keep(store, *uploads):
    with store.unit() as unit:
        for upload in uploads:
            unit.uploads.add(upload)


def test_an_upload_comes_back_as_it_was_kept(store):
    upload = an_upload(kind=UploadKind.MASK, file_name="a\0b 🍎.png")

    keep(store, upload)

    with store.reading() as unit:
        found = unit.uploads.get(upload.upload_id)
        assert found == upload.model_copy(update={"file_name": "a\ufffdb 🍎.png"})
        assert not unit.uploads.is_deleted(upload.upload_id)


def test_an_unknown_id_is_not_found(store):
    with store.reading() as unit, pytest.raises(NotFound) as caught:
        unit.uploads.get("up-000000000000")

    assert caught.value.code == "image_not_found"


def test_a_members_own_are_counted_since_a_moment(store):
    """Another member's, another community's and older ones are not."""
    keep(
        store,
        an_upload(1),
        an_upload(10),
        an_upload(20),
        an_upload(20, member="web:bob"),
        an_upload(20, community="elsewhere"),
    )

    with store.reading() as unit:
        assert unit.uploads.count_since("local", "web:ada", at(1)) == 2


def test_what_stands_from_before_a_moment_is_listed_oldest_first(store):
    first, second, third = an_upload(1), an_upload(2), an_upload(3)
    keep(store, second, third, first)

    with store.unit() as unit:
        assert unit.uploads.standing_before(at(3), limit=9) == [first, second]
        assert unit.uploads.standing_before(at(3), limit=1) == [first]
        unit.uploads.mark_deleted(first.upload_id, at(5))

        assert unit.uploads.standing_before(at(3), limit=9) == [second]


def test_a_deleted_upload_keeps_its_row_and_loses_its_name(store):
    """It still counts, and still tells what a picture went on from."""
    upload = an_upload(1)
    keep(store, upload)

    with store.unit() as unit:
        unit.uploads.mark_deleted(upload.upload_id, at(5))

    with store.reading() as unit:
        assert unit.uploads.is_deleted(upload.upload_id)
        assert unit.uploads.get(upload.upload_id).file_name == ""
        assert unit.uploads.count_since("local", "web:ada", at(0)) == 1
