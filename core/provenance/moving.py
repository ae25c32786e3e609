"""Read GIF and MP4 files by their bytes, and write an XMP packet into what moves.

As with pictures, nothing is decoded and every walk is bounded. A packet is put in as bytes beside
what is there: an encoder would draw every frame anew.
"""

import struct
from collections.abc import Iterator

from core.contracts.provenance import Problem
from core.provenance.frame import MAX_PARTS, Container, NotAPicture

GIF, MP4, WEBP = "image/gif", "video/mp4", "image/webp"

_GIF_XMP = b"XMP DataXMP"
"""Application identifier and authentication code, as the XMP specification has them."""
_GIF_C2PA = b"C2PA_GIF\x01\x00\x00"
_GIF_MAGIC_TRAILER = bytes([1, *range(255, -1, -1), 0])
"""Leads a reader that knows only sub-blocks to the end of a packet, wherever it comes to stand."""
_EXTENSION, _IMAGE, _GIF_END, _APPLICATION = 0x21, 0x2C, 0x3B, 0xFF

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_BRAND_BOX, _MOVIE, _TRACK, _TRACK_HEAD = b"ftyp", b"moov", b"trak", b"tkhd"
_WEBP_HAS_XMP = 0x04


def is_gif(data: bytes) -> bool:
    """Tell a GIF by its first bytes."""
    return data[:6] in {b"GIF87a", b"GIF89a"}


def is_mp4(data: bytes) -> bool:
    """Tell an MP4, or another file of its family, by its first box."""
    return data[4:8] == _BRAND_BOX


def walk_gif(data: bytes, container: Container) -> None:
    """Walk a GIF's blocks up to its end."""
    if len(data) < 13:  # noqa: PLR2004 - signature and screen.
        raise NotAPicture(Problem.HEADER_BROKEN)
    container.width, container.height = struct.unpack("<HH", data[6:10])
    position = 13 + _colours(data[10])
    for _ in range(MAX_PARTS):
        kind = data[position] if position < len(data) else None
        if kind == _GIF_END:
            return
        if kind == _EXTENSION:
            position = _gif_extension(data, position, container)
        elif kind == _IMAGE and position + 10 <= len(data):
            position = _after_blocks(data, position + 11 + _colours(data[position + 9]))
        else:
            container.fault = Problem.TRUNCATED
            return
    raise NotAPicture(Problem.TOO_MANY_PARTS)


def walk_mp4(data: bytes, container: Container) -> None:
    """Walk an MP4's boxes: the largest track's sides are the picture's."""
    for kind, start, end in _boxes(data, 0, len(data), container):
        if kind == _MOVIE:
            _walk_movie(data, start, end, container)
        elif kind == b"uuid" and data[start : start + 16] == _XMP_UUID:
            container.xmp = container.xmp or data[start + 16 : end]
        elif kind == b"uuid" and data[start : start + 16] == _C2PA_UUID:
            container.has_manifest = True


def with_packet(data: bytes, media_type: str, packet: bytes) -> bytes:
    """Put an XMP packet into a file that moves; not a byte of its frames changes.

    Raises:
        ValueError: files of this type are not known here, or this one is not whole.
    """
    match media_type:
        case "image/gif" if data.endswith(bytes([_GIF_END])):
            head = bytes([_EXTENSION, _APPLICATION, len(_GIF_XMP)]) + _GIF_XMP
            return data[:-1] + head + packet + _GIF_MAGIC_TRAILER + data[-1:]
        case "image/webp" if data[12:16] == b"VP8X":
            return _webp_with(data, packet)
        case "video/mp4":
            return data + struct.pack(">I4s", 24 + len(packet), b"uuid") + _XMP_UUID + packet
    raise ValueError(media_type)


def _colours(flags: int) -> int:
    """Count the bytes of the colour table that a flag byte announces."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_extension(data: bytes, position: int, container: Container) -> int:
    """Take what an extension is good for, and find its end."""
    end = _after_blocks(data, position + 2)
    name = data[position + 3 : position + 14]
    if data[position + 1 : position + 3] == bytes([_APPLICATION, len(_GIF_XMP)]):
        body = data[position + 14 : end]
        if name == _GIF_XMP and container.xmp is None:
            # The packet lies there as it is; the trailer is what the block walk stumbled over.
            container.xmp = body.removesuffix(_GIF_MAGIC_TRAILER)
        elif name == _GIF_C2PA:
            container.has_manifest = True
    return end


def _after_blocks(data: bytes, position: int) -> int:
    """Find where a chain of sub-blocks ends; past the file where it does not."""
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1


def _boxes(
    data: bytes, start: int, end: int, container: Container
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, where its body begins, where it ends) of the boxes between two places."""
    for _ in range(MAX_PARTS):
        if start + 8 > end:
            return
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        body = start + 8
        if size == 1 and start + 16 <= end:  # The length follows, in eight bytes.
            size, body = int.from_bytes(data[body : body + 8]), start + 16
        stop = end if size == 0 else start + size
        if stop > end or stop < body:
            container.fault = Problem.TRUNCATED
            return
        yield kind, body, stop
        start = stop
    raise NotAPicture(Problem.TOO_MANY_PARTS)


def _walk_movie(data: bytes, start: int, end: int, container: Container) -> None:
    for kind, body, stop in _boxes(data, start, end, container):
        if kind == _TRACK:
            heads = _boxes(data, body, stop, container)
            head = next((each for each in heads if each[0] == _TRACK_HEAD), None)
            if head is not None and head[2] - head[1] >= 84:  # noqa: PLR2004 - its short version.
                # Both sides come last, in 16.16 fixed point; a track of sound has none.
                width, height = struct.unpack(">II", data[head[2] - 8 : head[2]])
                if width * height > (container.width << 16) * (container.height << 16):
                    container.width, container.height = width >> 16, height >> 16


def _webp_with(data: bytes, packet: bytes) -> bytes:
    """Raise the flag in the head, append the chunk, correct the length of the whole."""
    chunk = b"XMP " + len(packet).to_bytes(4, "little") + packet + b"\0" * (len(packet) % 2)
    whole = bytearray(data + chunk)
    whole[4:8] = (len(whole) - 8).to_bytes(4, "little")
    whole[20] |= _WEBP_HAS_XMP
    return bytes(whole)
