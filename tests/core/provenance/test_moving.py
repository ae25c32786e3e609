"""Files that move are read by their bytes, and a packet goes in without touching a frame."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.provenance.container import NotAPicture, inspect
from core.provenance.moving import with_packet
from tests.core.provenance.films import HEIGHT, WIDTH, box, film, mp4

PACKET = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>é </x:xmpmeta>".encode()
FILMS = {"GIF": "image/gif", "WEBP": "image/webp", "MP4": "video/mp4"}


@pytest.mark.parametrize(("kind", "media_type"), FILMS.items())
def test_type_and_size_come_from_the_bytes(kind, media_type):
    container = inspect(film(kind))

    assert (container.media_type, container.width, container.height) == (media_type, WIDTH, HEIGHT)
    assert (container.fault, container.xmp, container.has_manifest) == (None, None, False)


@pytest.mark.parametrize(("kind", "media_type"), FILMS.items())
def test_packet_is_put_in_and_found(kind, media_type):
    """Odd in length, so that WebP has to pad it; the file is whole afterwards."""
    assert len(PACKET) % 2

    container = inspect(with_packet(film(kind), media_type, PACKET))

    assert (container.xmp, container.fault) == (PACKET, None)
    assert (container.width, container.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_another_reader_finds_the_packet_and_every_frame(kind):
    """Pillow walks the same file its own way."""
    before = film(kind)

    with Image.open(io.BytesIO(with_packet(before, FILMS[kind], PACKET))) as image:
        assert image.n_frames == 4
        shown = [_frame(image, number) for number in range(4)]
        assert image.info.get("xmp") == (PACKET if kind == "WEBP" else None)
    with Image.open(io.BytesIO(before)) as image:
        assert shown == [_frame(image, number) for number in range(4)]


def _frame(image, number) -> bytes:
    image.seek(number)
    return image.convert("RGB").tobytes()


def test_frames_of_an_mp4_stay_where_its_tables_say():
    """The packet comes last: a place in the file is an address that its tables name."""
    data = film("MP4")

    assert with_packet(data, "video/mp4", PACKET).startswith(data)


def test_largest_track_gives_the_size():
    """A track of sound has no sides."""
    assert inspect(mp4(has_sound=True)).width == inspect(mp4(has_sound=False)).width == WIDTH


def test_long_boxes_are_walked():
    """A length of eight bytes, as data over 4 GB need it; and one that says `to the end`."""
    data = film("MP4")
    start = data.index(b"mdat") - 4
    body = data[start + 8 :]
    long_box = struct.pack(">I4sQ", 1, b"mdat", len(body) + 16) + body

    for rest in (long_box, b"\0\0\0\0mdat" + body):
        assert inspect(data[:start] + rest).fault is None


@pytest.mark.parametrize("kind", FILMS)
@pytest.mark.parametrize("left", [0.3, 0.7, 0.99])
def test_film_that_is_cut_says_so(kind, left):
    data = film(kind)

    try:
        fault = inspect(data[: int(len(data) * left)]).fault
    except NotAPicture as refusal:
        fault = refusal.problem

    assert fault in {"truncated", "header_broken"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"GIF89a", "header_broken", id="gif-of-nothing"),
        pytest.param(b"GIF89a\0\0\0\0\0\0\0;", "header_broken", id="gif-without-size"),
        pytest.param(
            b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\0" * 70_000, "too_many_parts", id="gif-of-extensions"
        ),
        pytest.param(box(b"ftyp", b"isom"), "header_broken", id="mp4-of-nothing"),
        pytest.param(
            box(b"ftyp", b"isom") + box(b"free") * 70_000, "too_many_parts", id="mp4-of-boxes"
        ),
        pytest.param(b"\0\0\0\x07ftypisom", "header_broken", id="box-shorter-than-its-head"),
    ],
)
def test_what_is_no_film_says_why(data, code):
    with pytest.raises(NotAPicture) as refusal:
        inspect(data)

    assert refusal.value.problem == code


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        pytest.param(film("GIF")[:-1], "image/gif", id="gif-without-end"),
        pytest.param(b"RIFF\0\0\0\0WEBPVP8L", "image/webp", id="webp-without-room"),
        pytest.param(b"OggS", "video/ogg", id="another-type"),
    ],
)
def test_packet_goes_nowhere_else(data, media_type):
    with pytest.raises(ValueError, match=media_type):
        with_packet(data, media_type, PACKET)


@given(
    kind=st.sampled_from(sorted(FILMS)),
    at=st.floats(0, 1),
    new=st.binary(max_size=30),
    cut=st.integers(0, 300),
)
def test_any_bytes_get_an_answer(kind, at, new, cut):
    data = film(kind)
    place = int(at * len(data))
    changed = data[:place] + new + data[place + len(new) :]
    changed = changed[: max(0, len(changed) - cut)]
    try:
        answer = inspect(changed).media_type
    except NotAPicture as refusal:
        answer = refusal.problem

    assert answer in {
        *FILMS.values(),
        "header_broken",
        "type_unknown",
        "empty_file",
        "too_many_parts",
    }
