"""Write pixels and plain metadata into a file, and nothing else that an image carries along."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import AppError
from core.provenance.aigc import KEY
from core.provenance.xmp import PNG_KEYWORD

if TYPE_CHECKING:
    from PIL import Image

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
COMPRESS_LEVEL = 4
"""Of a PNG: level 1 takes half the time and adds 6 % to a photograph, 20 % to a drawing."""
_SMALLEST = 9
"""For a copy that has to fit."""

QUALITIES = (95, 92, 88, 84, 80, 75, 70)
"""How a copy may be encoded, the best first; below 70 a mark of the usual strength gets lost."""
_SHRINK = 0.8
"""What is too large at the least quality is brought to so much of its sides, again and again."""
LEAST_SIDE = 128
"""Smaller than any preview: a copy like that would be a picture of nothing."""

_THUMBNAIL_SIDE, _THUMBNAIL_QUALITY = 320, 60
"""Enough to lay a found copy over and see what was changed; about 10 KB."""
MODES = frozenset({"L", "RGB", "RGBA"})
"""Grey, colour, and colour with transparency."""


@dataclass(frozen=True, slots=True)
class Words:
    """The plain metadata of a file."""

    packet: str
    aigc: str = ""
    """The implicit label of China, where it is asked for; in a PNG it has a key of its own."""


def encode(
    image: "Image.Image", media_type: str, words: Words | None, quality: int | None = None
) -> bytes:
    """Write a file of the pixels and the words.

    Args:
        image: In one of the `MODES`.
        media_type: PNG, JPEG or WebP.
        words: None: a file without metadata.
        quality: Of a JPEG or WebP; with it, a PNG is made as small as can be.

    Raises:
        ValueError: another type.
    """
    bare = image.copy()
    bare.info = {}
    out = io.BytesIO()
    packet = b"" if words is None else words.packet.encode()
    match media_type:
        case "image/png":
            level = COMPRESS_LEVEL if quality is None else _SMALLEST
            bare.save(out, "PNG", compress_level=level, pnginfo=_texts(words))
        case "image/jpeg":
            # 4:4:4, for a mark lies in the brightness, which its neighbours' colour shifts.
            bare.convert("RGB").save(
                out, "JPEG", quality=quality or QUALITIES[0], subsampling=0, xmp=packet
            )
        case "image/webp":
            bare.save(out, "WEBP", quality=quality or QUALITIES[0], xmp=packet)
        case _:
            raise ValueError(media_type)
    return out.getvalue()


def decode(data: bytes) -> "Image.Image":
    """Read the pixels of a file of our own making."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP", "GIF"]) as image:
        return image.convert("RGB")


def fitted(
    image: "Image.Image", media_type: str, words: Words | None, *, max_bytes: int, room: int
) -> tuple[bytes, "Image.Image"]:
    """Encode a copy that has at most so many bytes: the best that fits, smaller where none does.

    Args:
        image: The pixels.
        media_type: PNG, JPEG or WebP.
        words: As for `encode`.
        max_bytes: Of the whole.
        room: So many of them are left free, for the signature.

    Raises:
        AppError: `copy_does_not_fit`, however small.
    """
    from PIL import Image

    qualities = QUALITIES[:1] if media_type == PNG else QUALITIES
    while True:
        for quality in qualities:
            encoded = encode(image, media_type, words, quality)
            if len(encoded) <= max_bytes - room:
                return encoded, image
        size = (round(image.width * _SHRINK), round(image.height * _SHRINK))
        if min(size) < LEAST_SIDE:
            raise AppError("copy_does_not_fit", value=max_bytes)
        image = image.resize(size, Image.Resampling.LANCZOS)


def thumbnail_of(image: "Image.Image") -> bytes:
    """Make the small picture that a found copy is laid over."""
    small = image.convert("RGB")
    small.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    return encode(small, WEBP, None, _THUMBNAIL_QUALITY)


def _texts(words: Words | None) -> object:
    """Put the words into a PNG's text chunks; uncompressed, as XMP's specification asks."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    if words is not None:
        texts.add_itxt(PNG_KEYWORD, words.packet)
        if words.aigc:
            texts.add_itxt(KEY, words.aigc)
    return texts
