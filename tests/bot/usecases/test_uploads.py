"""A member's file is checked, kept as a picture of our own, and theirs alone."""

import io
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw

from bot.usecases import uploads
from bot.usecases.uploads import FILE_NAME_MAX, clean_name
from core.blobs import Blobs
from core.contracts.personal import UploadKind
from core.errors import NotFound, Unavailable, UserError

KNOWN_POSITIVE = "easel-known-positive-7q2k9x4m"


def file(size=(64, 48), colour="red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", comment=b"SECRET")
    return buffer.getvalue()


def mask() -> bytes:
    image = Image.new("L", (64, 64))
    ImageDraw.Draw(image).rectangle((0, 0, 20, 20), 255)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def limited(services, monkeypatch, **limits):
    settings = services.settings.model_copy(update=limits)
    object.__setattr__(services, "settings", settings)


def test_a_file_is_kept_as_a_png_of_its_own(services, ada):
    upload = uploads.store(services, ada, file(), file_name="C:\\photos\\my cat.jpg")

    data = services.blobs.get(upload.blob)
    assert upload.upload_id.startswith("up-")
    assert upload.blob == f"uploads/{upload.upload_id}.png"
    assert (upload.width, upload.height, upload.size_bytes) == (64, 48, len(data))
    assert (upload.file_name, upload.kind) == ("my cat.jpg", UploadKind.PICTURE)
    assert Image.open(io.BytesIO(data)).format == "PNG"
    assert b"SECRET" not in data
    assert uploads.own(services, ada, upload.upload_id) == upload


def test_a_mask_is_kept_as_one(services, ada):
    upload = uploads.store(services, ada, mask(), kind=UploadKind.MASK)

    assert upload.kind is UploadKind.MASK
    assert Image.open(io.BytesIO(services.blobs.get(upload.blob))).mode == "L"


def test_nobody_else_finds_it(services, ada, bob, stranger, moderator):
    """Not even whoever has the same id elsewhere, and no moderator."""
    upload_id = uploads.store(services, ada, file()).upload_id

    for other in (bob, stranger, moderator):
        with pytest.raises(NotFound) as caught:
            uploads.own(services, other, upload_id)
        assert caught.value.code == "image_not_found"


def test_one_whose_time_was_over_says_so(services, ada, clock):
    upload_id = uploads.store(services, ada, file()).upload_id
    with services.store.unit() as unit:
        unit.uploads.mark_deleted(upload_id, clock())

    with pytest.raises(UserError) as caught:
        uploads.own(services, ada, upload_id)

    assert caught.value.code == "upload_gone"


def test_a_broken_file_leaves_nothing(services, ada, tmp_path):
    with pytest.raises(UserError) as caught:
        uploads.store(services, ada, b"GIF89a" + bytes(99))

    assert caught.value.code == "upload_type_unknown"
    assert not list(tmp_path.rglob("up-*"))


def test_a_file_over_the_setting_is_refused(services, ada, monkeypatch):
    limited(services, monkeypatch, upload_max_bytes=1024)

    with pytest.raises(UserError) as caught:
        uploads.store(services, ada, bytes(1025))

    assert caught.value.code == "upload_too_large"


@pytest.mark.parametrize(
    ("limits", "span", "later"),
    [
        pytest.param({"uploads_per_hour": 2}, "hour", timedelta(hours=1, seconds=1), id="hour"),
        pytest.param({"uploads_per_day": 2}, "day", timedelta(days=1, seconds=1), id="day"),
    ],
)
def test_a_member_brings_so_many_in_a_time(
    services, ada, bob, clock, monkeypatch, limits, span, later
):
    """Deleted ones count, other members' do not, and time heals."""
    limited(services, monkeypatch, **limits)
    first = uploads.store(services, ada, file())
    uploads.store(services, ada, mask(), kind=UploadKind.MASK)
    with services.store.unit() as unit:
        unit.uploads.mark_deleted(first.upload_id, clock())

    with pytest.raises(UserError) as caught:
        uploads.store(services, ada, file())

    assert (caught.value.code, caught.value.facts) == (
        "too_many_uploads",
        {"value": 2, "allowed": span},
    )
    uploads.store(services, bob, file())
    clock.move(later.total_seconds())
    uploads.store(services, ada, file())


def test_a_name_goes_through_the_gate(services, ada, tmp_path):
    """The verdict is on record, the file is not kept, and the error does not repeat the name."""
    with pytest.raises(UserError) as caught:
        uploads.store(services, ada, file(), file_name=f"{KNOWN_POSITIVE}.jpg")

    assert (caught.value.code, caught.value.facts) == ("upload_name_refused", {})
    assert not list(tmp_path.rglob("up-*"))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("cat.png", "cat.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("  a \t cat .png ", "a cat .png"),
        ("\ud800", ""),
        ("猫.png", "猫.png"),
        ("x" * 500, "x" * FILE_NAME_MAX),
        ("", ""),
    ],
)
def test_a_name_is_text_and_never_a_path(typed, kept):
    assert clean_name(typed) == kept


def test_a_blob_store_that_is_away_keeps_nothing(services, ada, monkeypatch):
    """The row that was written first says deleted, so nothing refers to bytes that are not there."""

    def away(*_args):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(Blobs, "put", away)
    with pytest.raises(Unavailable):
        uploads.store(services, ada, file())
    monkeypatch.undo()

    with services.store.reading() as unit:
        assert unit.uploads.standing_before(services.clock() + timedelta(days=1), limit=9) == []
