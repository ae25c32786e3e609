"""A file's frame is read by its bytes alone: any bytes at all, and no pixel decoded."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.provenance.container import NotAPicture, inspect
from tests.core.provenance.png import SIGNATURE, chunk, header

END = chunk(b"IEND", b"")


def _encoded(kind, *, mode="RGB", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (37, 21), 90 if mode == "L" else (9, 8, 7, 6)[: len(mode)]).save(
        out, kind, **options
    )
    return out.getvalue()


TYPES = {"image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4"}
FILES = {
    "png": _encoded("PNG"),
    "jpeg": _encoded("JPEG"),
    "webp": _encoded("WEBP"),
}


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        pytest.param(FILES["png"], "image/png", id="png"),
        pytest.param(_encoded("PNG", mode="L"), "image/png", id="png-grey"),
        pytest.param(FILES["jpeg"], "image/jpeg", id="jpeg"),
        pytest.param(_encoded("JPEG", progressive=True), "image/jpeg", id="jpeg-progressive"),
        pytest.param(FILES["webp"], "image/webp", id="webp-lossy"),
        pytest.param(_encoded("WEBP", lossless=True), "image/webp", id="webp-lossless"),
        pytest.param(_encoded("WEBP", mode="RGBA", xmp=b"<x/>"), "image/webp", id="webp-extended"),
        pytest.param(
            b"\xff\xd8\xff\xe0\0\x04ab" + b"\xff\xff\xff" + FILES["jpeg"][3:],
            "image/jpeg",
            id="jpeg-with-fill-bytes",
        ),
    ],
)
def test_type_and_size_come_from_the_bytes(data, media_type):
    container = inspect(data)

    assert (container.media_type, container.width, container.height) == (media_type, 37, 21)
    assert container.fault is None
    assert not container.has_manifest


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_packet_is_found(kind):
    assert inspect(_encoded(kind, xmp=b"<x:xmpmeta/>")).xmp == b"<x:xmpmeta/>"


def _itxt(text: bytes, *, flag: int, keyword: bytes = b"XML:com.adobe.xmp") -> bytes:
    body = keyword + b"\0" + bytes([flag, 0]) + b"en\0title\0" + text
    return SIGNATURE + header(9, 9) + chunk(b"iTXt", body) + END


@pytest.mark.parametrize(
    ("data", "packet"),
    [
        pytest.param(_itxt(b"<x/>", flag=0), b"<x/>", id="plain"),
        pytest.param(_itxt(zlib.compress(b"<x/>"), flag=1), b"<x/>", id="compressed"),
        pytest.param(_itxt(b"rubbish", flag=1), None, id="compressed-rubbish"),
        pytest.param(_itxt(b"<x/>", flag=0, keyword=b"Comment"), None, id="another-text"),
    ],
)
def test_xmp_packet_of_a_png_is_found(data, packet):
    assert inspect(data).xmp == packet


def test_compressed_packet_does_not_unfold_without_bound():
    """100 KB that would become 100 MB stop at one."""
    bomb = _itxt(zlib.compress(bytes(100_000_000), 9), flag=1)

    assert len(bomb) < 200_000
    assert len(inspect(bomb).xmp) == 1_000_000


def test_manifest_is_seen(stamped):
    assert inspect(stamped.data).has_manifest


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(FILES["png"][:-13], "truncated", id="png-without-end"),
        pytest.param(FILES["png"][:50], "truncated", id="png-head"),
        pytest.param(
            FILES["png"][:-5] + b"!" + FILES["png"][-4:], "truncated", id="png-end-renamed"
        ),
        pytest.param(
            FILES["png"][:45] + bytes([FILES["png"][45] ^ 1]) + FILES["png"][46:],
            "crc_broken",
            id="png-checksum",
        ),
        pytest.param(FILES["jpeg"][:-20], "truncated", id="jpeg-without-end"),
        pytest.param(
            FILES["jpeg"][:-2].replace(b"\xff\xda", b"\0\0"), "truncated", id="jpeg-no-scan"
        ),
        pytest.param(FILES["webp"][:-9], "truncated", id="webp-cut"),
    ],
)
def test_file_that_is_not_whole_says_so(data, fault):
    assert inspect(data).fault == fault


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "empty_file", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a", "type_unknown", id="signature-cut"),
        pytest.param(b"GIF8", "type_unknown", id="gif-signature-cut"),
        pytest.param(b"RIFF\0\0\0\0WAVE", "type_unknown", id="sound"),
        pytest.param(SIGNATURE + END, "header_broken", id="png-without-header"),
        pytest.param(b"\xff\xd8\xff\xd9", "header_broken", id="jpeg-of-nothing"),
        pytest.param(b"RIFF\x04\0\0\0WEBP", "header_broken", id="webp-of-nothing"),
        pytest.param(
            b"\xff\xd8" + b"\xff\xe0\0\x02" * 70_000, "too_many_parts", id="jpeg-of-segments"
        ),
        pytest.param(
            b"RIFF\0\0\0\0WEBP" + b"JUNK\0\0\0\0" * 70_000, "too_many_parts", id="webp-of-chunks"
        ),
    ],
)
def test_what_is_no_picture_says_why(data, code):
    with pytest.raises(NotAPicture) as refusal:
        inspect(data)

    assert refusal.value.problem == code


def test_length_beyond_the_file_is_not_believed():
    huge = SIGNATURE + header(9, 9) + struct.pack(">I", 2**32 - 1) + b"IDAT" + b"few bytes"

    assert inspect(huge).fault == "truncated"


@given(
    start=st.sampled_from([b"", SIGNATURE, b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", *FILES.values()]),
    cut=st.integers(0, 400),
    rest=st.binary(max_size=200),
)
def test_any_bytes_get_an_answer(start, cut, rest):
    """Whatever comes in: a frame, or a code that says why there is none."""
    try:
        container = inspect(start[: len(start) - cut] + rest if cut < len(start) else start + rest)
    except NotAPicture as refusal:
        answer = refusal.problem
    else:
        answer = container.media_type

    assert answer in {"empty_file", "type_unknown", "header_broken", *TYPES}
