"""Read pictures by their bytes: type, size, XMP packet, and whether they are whole.

GIF and MP4 have their walks in `moving`.

Uploads are hostile. No pixel is decoded here, so a small file that unfolds to gigabytes costs
nothing, and every walk is bounded by the file's length and a count of its parts.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from core.contracts.provenance import Problem
from core.provenance import moving
from core.provenance.frame import MAX_PARTS, Container, NotAPicture
from core.provenance.xmp import MAX_PACKET_BYTES, PNG_KEYWORD

__all__ = ["MAX_PARTS", "Container", "NotAPicture", "inspect"]

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers SOF0 to SOF15; the three taken out are tables and an extension."""
_JPEG_SCAN = 0xDA


def inspect(data: bytes) -> Container:
    """Walk a file's frame.

    Raises:
        NotAPicture: `empty_file`, `type_unknown`, `header_broken` or `too_many_parts`.
    """
    if not data:
        raise NotAPicture(Problem.EMPTY_FILE)
    for is_type, media_type, walk in _TYPES:
        if is_type(data):
            container = Container(media_type)
            walk(data, container)
            if container.width < 1 or container.height < 1:
                raise NotAPicture(Problem.HEADER_BROKEN)
            return container
    raise NotAPicture(Problem.TYPE_UNKNOWN)


def media_type_of(data: bytes) -> str | None:
    """Tell a file's type by its first bytes, whatever comes after them; None: none of ours."""
    return next((media_type for is_type, media_type, _ in _TYPES if is_type(data)), None)


def _walk_png(data: bytes, container: Container) -> None:
    for kind, body, is_whole in _png_chunks(data, container):
        if not is_whole and container.fault is None:
            container.fault = Problem.CRC_BROKEN
        if kind == b"IHDR" and len(body) >= 8 and not container.width:  # noqa: PLR2004 - two sides.
            container.width, container.height = struct.unpack(">II", body[:8])
        elif kind == b"iTXt" and container.xmp is None:
            container.xmp = _png_xmp(bytes(body))
        elif kind == b"caBX":
            container.has_manifest = True


def _png_chunks(data: bytes, container: Container) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Yield (type, body, whether its checksum holds) up to IEND; mark what is cut off."""
    view, position = memoryview(data), len(_PNG)
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack(">I4s", data[position : position + 8].ljust(8, b"\0"))
        end = position + 8 + length
        if end + 4 > len(data):
            container.fault = Problem.TRUNCATED
            return
        (checksum,) = struct.unpack(">I", data[end : end + 4])
        yield kind, view[position + 8 : end], zlib.crc32(view[position + 4 : end]) == checksum
        if kind == b"IEND":
            return
        position = end + 4
    raise NotAPicture(Problem.TOO_MANY_PARTS)


def _png_xmp(body: bytes) -> bytes | None:
    """Take the packet out of an iTXt chunk, if it is one."""
    keyword, _, rest = body.partition(b"\0")
    if keyword != PNG_KEYWORD.encode() or len(rest) < 2:  # noqa: PLR2004 - two flag bytes.
        return None
    is_compressed = rest[0] == 1
    _, _, rest = rest[2:].partition(b"\0")  # language
    _, _, text = rest.partition(b"\0")  # translated keyword
    if not is_compressed:
        return text
    try:
        # Bounded: a few KB can unfold to gigabytes.
        return zlib.decompressobj().decompress(text, MAX_PACKET_BYTES)
    except zlib.error:
        return None


def _walk_jpeg(data: bytes, container: Container) -> None:
    for marker, body in _jpeg_segments(data, container):
        if marker in _JPEG_FRAMES and len(body) >= 5:  # noqa: PLR2004 - depth and two sides.
            container.height, container.width = struct.unpack(">HH", body[1:5])
        elif marker == 0xE1 and body.startswith(_JPEG_XMP):  # noqa: PLR2004 - APP1.
            container.xmp = container.xmp or body[len(_JPEG_XMP) :]
        elif marker == 0xEB and body[:2] == b"JP":  # noqa: PLR2004 - APP11 with a JUMBF box.
            container.has_manifest = True


def _jpeg_segments(data: bytes, container: Container) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, body) up to the scan; mark a file without an end."""
    position = 2
    for _ in range(MAX_PARTS):
        while data[position : position + 2] == b"\xff\xff":  # fill bytes
            position += 1
        head = data[position : position + 4]
        if len(head) < 4 or head[0] != 0xFF:  # noqa: PLR2004 - a marker and its length.
            container.fault = Problem.TRUNCATED
            return
        marker, length = head[1], int.from_bytes(head[2:4])
        yield marker, data[position + 4 : position + 2 + length]
        if marker == _JPEG_SCAN:
            if data.find(b"\xff\xd9", position) < 0:
                container.fault = Problem.TRUNCATED
            return
        position += 2 + length
    raise NotAPicture(Problem.TOO_MANY_PARTS)


def _walk_webp(data: bytes, container: Container) -> None:
    if int.from_bytes(data[4:8], "little") + 8 > len(data):
        container.fault = Problem.TRUNCATED
    for kind, body in _riff_chunks(data):
        if kind == b"XMP " and container.xmp is None:
            container.xmp = bytes(body)
        elif kind == b"C2PA":
            container.has_manifest = True
        elif not container.width:
            container.width, container.height = _webp_size(kind, body)


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, position = memoryview(data), 12
    for _ in range(MAX_PARTS):
        if position + 8 > len(data):
            return
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        yield data[position : position + 4], view[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
    raise NotAPicture(Problem.TOO_MANY_PARTS)


def _webp_size(kind: bytes, body: memoryview) -> tuple[int, int]:
    """Read the sides out of the first chunk, which is one of three kinds (RFC 9649)."""
    if len(body) < 10:  # noqa: PLR2004 - the longest of the three heads.
        return 0, 0
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


_TYPES: tuple[tuple[Callable[[bytes], bool], str, Callable[[bytes, Container], None]], ...] = (
    (lambda data: data.startswith(_PNG), "image/png", _walk_png),
    (lambda data: data.startswith(_JPEG), "image/jpeg", _walk_jpeg),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", "image/webp", _walk_webp),
    (moving.is_gif, moving.GIF, moving.walk_gif),
    (moving.is_mp4, moving.MP4, moving.walk_mp4),
)
"""Every type that a label can be read from, told by its first bytes, with its walk."""
