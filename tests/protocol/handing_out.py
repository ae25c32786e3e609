"""The ways in which platforms were seen to hand pictures out, as functions of bytes."""

import io

from PIL import Image


def as_it_is(data: bytes) -> bytes:
    """What Discord does with most PNG files, for now."""
    return data


def without_metadata(data: bytes) -> bytes:
    """What Discord did in March 2023, and Slack does with EXIF: the pixels, written anew."""
    return encoded(data, "PNG")


def encoded(
    data: bytes, image_format: str, size: tuple[int, int] | None = None, **options
) -> bytes:
    """What a preview is: smaller, in another format, with nothing but pixels."""
    with Image.open(io.BytesIO(data)) as image:
        pixels = image.convert("RGB")
    pixels = Image.frombytes("RGB", pixels.size, pixels.tobytes())  # Without the file's texts.
    if size is not None:
        pixels.thumbnail(size)
    out = io.BytesIO()
    pixels.save(out, image_format, **options)
    return out.getvalue()
