"""Take in a picture from anybody: checked by its bytes, bare of metadata, small, and a PNG.

What a file is called and says of itself counts for nothing. Its type is told by its first bytes,
its size before a pixel is decoded, and what is kept are pixels alone: EXIF, with where a photo
was taken, colour profiles, labels and whatever hides behind the end of a file are all left
behind by drawing the picture anew.
"""

import hashlib
import io
import struct
import threading
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from core.contracts.personal import UploadKind
from core.contracts.provenance import Problem
from core.errors import UserError
from core.provenance.container import NotAPicture, inspect, media_type_of

MAX_SIDE = 1024
"""Pixels of the longer side that are kept: what today's models draw at."""

MIN_SIDE = 16
"""Pixels of the shorter side below which there is nothing to go on from."""

MAX_PIXELS = 25_000_000
"""As for verifying: more than any phone's usual setting, and some 100 MB when decoded."""

_PAINTED = 128
"""How bright a mask's pixel must be to count: half, as the diffusers pipelines have it."""

_UNREADABLE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""All that Pillow was seen to raise for broken files (its decoders check little themselves)."""

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}

_one_at_a_time = threading.Lock()
"""A decoded picture may take 100 MB; ten uploads at once must not take a gigabyte."""


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture as it is kept."""

    data: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def clean(data: bytes, kind: UploadKind, *, max_bytes: int) -> CleanPicture:
    """Make a picture of our own of an uploaded file.

    Args:
        data: The file, from anybody.
        kind: A picture becomes RGB, on white where it is see-through; a mask becomes black and
            white, black where it is see-through.
        max_bytes: How large a file may be.

    Raises:
        UserError: `upload_empty`, `upload_too_large`, `upload_type_unknown`,
            `upload_too_many_pixels`, `upload_too_small`, `upload_unreadable`, `mask_empty` or
            `mask_full`.
    """
    if len(data) > max_bytes:
        raise UserError("upload_too_large", value=_mb(len(data)), allowed=_mb(max_bytes))
    media_type = _checked_type(data)
    try:
        with _one_at_a_time:
            image = _decoded(data, _FORMATS[media_type])
            made = _as_mask(image) if kind is UploadKind.MASK else _as_picture(image)
    except _UNREADABLE as error:
        raise UserError("upload_unreadable") from error
    if kind is UploadKind.MASK:
        _check_mask(made)
    if min(made.size) < MIN_SIDE:
        raise UserError("upload_too_small", value=min(made.size), allowed=str(MIN_SIDE))
    return CleanPicture(_as_png(made), *made.size)


def _checked_type(data: bytes) -> str:
    """Tell a file's type and that it is not too large, without decoding it."""
    if data and media_type_of(data) not in _FORMATS:  # What moves has a label, but is no picture.
        raise UserError("upload_type_unknown")
    try:
        container = inspect(data)
    except NotAPicture as error:
        raise UserError(_CODES.get(error.problem, "upload_unreadable")) from error
    if container.fault is not None:
        raise UserError("upload_unreadable")
    if container.width * container.height > MAX_PIXELS:
        size = f"{container.width} x {container.height}"
        raise UserError("upload_too_many_pixels", value=size, allowed=f"{MAX_PIXELS:,}")
    return container.media_type


_CODES = {Problem.EMPTY_FILE: "upload_empty"}


def _decoded(data: bytes, kind: str) -> Image.Image:
    """Decode the first frame, upright, with the longer side at most MAX_SIDE."""
    with Image.open(io.BytesIO(data), formats=[kind]) as opened:
        if opened.width * opened.height > MAX_PIXELS:  # Two walks, one file: believe neither.
            raise ValueError("more pixels than the frame says")
        if kind == "JPEG":  # It can be decoded at a half, a quarter, an eighth of its size.
            opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
        opened.load()
        image = ImageOps.exif_transpose(_in_colour(opened))
    if max(image.size) > MAX_SIDE:
        scale = MAX_SIDE / max(image.size)
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return image


def _in_colour(image: Image.Image) -> Image.Image:
    """Bring any mode to RGBA or RGB; 16 bits of grey are scaled, which Pillow does not do."""
    if image.mode.startswith("I"):
        scaled = image.convert("I").point(lambda value: value / 256)
        rgb = scaled.convert("L").convert("RGB")
    else:
        is_clear = "A" in image.getbands() or "transparency" in image.info
        rgb = image.convert("RGBA" if is_clear else "RGB")
    rgb.info = {key: value for key, value in image.info.items() if key == "exif"}
    return rgb


def _on(image: Image.Image, ground: str) -> Image.Image:
    if image.mode != "RGBA":
        return image
    under = Image.new("RGBA", image.size, ground)
    return Image.alpha_composite(under, image).convert("RGB")


def _as_picture(image: Image.Image) -> Image.Image:
    return _on(image, "white")


def _as_mask(image: Image.Image) -> Image.Image:
    grey = _on(image, "black").convert("L")
    return grey.point(lambda value: 255 if value >= _PAINTED else 0)


def _check_mask(mask: Image.Image) -> None:
    """Refuse a mask that chooses nothing or leaves nothing out."""
    match mask.getextrema():
        case (_, 0):
            raise UserError("mask_empty")
        case (255, _):
            raise UserError("mask_full")


def _as_png(image: Image.Image) -> bytes:
    """Write pixels and nothing else."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    buffer = io.BytesIO()
    bare.save(buffer, "PNG")
    return buffer.getvalue()


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f} MB"
