"""Make small files that move: GIF and WebP by Pillow, an MP4 by hand, box by box."""

import io
import struct

from PIL import Image

WIDTH, HEIGHT = 37, 21


def frames(count: int = 4) -> list[Image.Image]:
    """Make frames that differ, or an encoder would keep only one."""
    return [
        Image.new("RGB", (WIDTH, HEIGHT), (number * 40, 80, 200 - number * 30))
        for number in range(count)
    ]


def film(kind: str) -> bytes:
    """Write a film of four frames as `GIF`, `WEBP` or `MP4`."""
    if kind == "MP4":
        return mp4()
    out, (first, *others) = io.BytesIO(), frames()
    first.save(out, kind, save_all=True, append_images=others, duration=100, loop=0)
    return out.getvalue()


def box(kind: bytes, *bodies: bytes) -> bytes:
    """Write one box of an MP4 with its length."""
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(*, has_sound: bool = True) -> bytes:
    """Write an MP4 of one frame (Motion JPEG): movie, tracks and data, as players want them."""
    out = io.BytesIO()
    frames()[0].save(out, "JPEG")
    brand = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2mp41")
    sound = [_track(2, 0, 0, 0, 0)] if has_sound else []

    def movie(offset: int) -> bytes:
        picture = _track(1, WIDTH, HEIGHT, offset, len(out.getvalue()))
        return box(b"moov", _movie_head(), picture, *sound)

    start = len(brand) + len(movie(0)) + 8
    return brand + movie(start) + box(b"mdat", out.getvalue())


_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _movie_head() -> bytes:
    times = struct.pack(">IIIIIIH", 0, 0, 0, 1000, 1000, 0x10000, 0x100)
    return box(b"mvhd", times, bytes(10), _MATRIX, bytes(24), struct.pack(">I", 3))


def _track(number: int, width: int, height: int, offset: int, length: int) -> bytes:
    head = struct.pack(">IIIIII", 7, 0, 0, number, 0, 1000)
    sides = struct.pack(">II", width << 16, height << 16)
    entry = box(
        b"mp4v",
        *(bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", width, height)),
        *(struct.pack(">II", 0x480000, 0x480000), bytes(4), struct.pack(">H", 1), bytes(32)),
        struct.pack(">Hh", 24, -1),
    )
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), entry),
        box(b"stts", struct.pack(">IIII", 0, 1, 1, 1000)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(">III", 0, length, 1)),
        box(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    source = box(b"dref", struct.pack(">II", 0, 1), box(b"url ", struct.pack(">I", 1)))
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, 1000, 0x55C4, 0)),
        box(b"hdlr", struct.pack(">II4s", 0, 0, b"vide"), bytes(12), b"v\0"),
        box(b"minf", box(b"vmhd", bytes(12)), box(b"dinf", source), table),
    )
    return box(b"trak", box(b"tkhd", head, bytes(16), _MATRIX, sides), media)
