"""Find plain metadata that says that AI made a picture; anybody can write it, so it proves nothing.

Only where such metadata lies is looked at, a bounded part of it, and no text is parsed or kept.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from core.contracts.examination import UnsignedClaim
from core.contracts.provenance import ProvenanceReport
from core.provenance.container import MAX_PARTS

MAX_BLOCK_BYTES = 1_000_000
"""Of one text or EXIF block; a large ComfyUI workflow has 300 KB."""

_AI_SOURCES = re.compile(
    r"(trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia)$", re.IGNORECASE
)
_PNG_KEYS = {
    b"parameters": UnsignedClaim.PARAMETERS,
    b"prompt": UnsignedClaim.COMFYUI,
    b"workflow": UnsignedClaim.COMFYUI,
    b"AIGC": UnsignedClaim.AIGC,
    b"invokeai_metadata": UnsignedClaim.SOFTWARE,
    b"sd-metadata": UnsignedClaim.SOFTWARE,
    b"fooocus_scheme": UnsignedClaim.SOFTWARE,
}
"""PNG's text keywords as AUTOMATIC1111, ComfyUI, GB 45438-2025, InvokeAI and Fooocus write them."""
_IN_TEXT = (
    (re.compile(rb"Steps: \d+, (Sampler|Schedule|CFG)"), UnsignedClaim.PARAMETERS),
    (re.compile(rb"(prompt|workflow): ?\{"), UnsignedClaim.COMFYUI),
    (re.compile(rb"\"?AIGC\"?\s*[:=>]"), UnsignedClaim.AIGC),
    (
        re.compile(rb"NovelAI|Midjourney|DALL.E|Stable Diffusion|ComfyUI|InvokeAI|Adobe Firefly"),
        UnsignedClaim.SOFTWARE,
    ),
)
_PNG_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})


def unsigned_claims(data: bytes, report: ProvenanceReport) -> tuple[UnsignedClaim, ...]:
    """List what a file's plain metadata says of AI, each kind once."""
    found = set()
    source = report.xmp_digital_source_type or ""
    if report.xmp_ai_system or _AI_SOURCES.search(source):
        found.add(UnsignedClaim.XMP)
    for key, block in _blocks(data, report.media_type):
        if key in _PNG_KEYS:
            found.add(_PNG_KEYS[key])
        # UTF-16, as EXIF's user comment is, has a zero by each letter of these.
        text = block[:MAX_BLOCK_BYTES].replace(b"\0", b"")
        found.update(claim for pattern, claim in _IN_TEXT if pattern.search(text))
    return tuple(claim for claim in UnsignedClaim if claim in found)


def _blocks(data: bytes, media_type: str | None) -> Iterator[tuple[bytes, bytes]]:
    """Yield (keyword, text) of a PNG's texts; blocks of the others have no keyword."""
    if media_type == "image/png":
        yield from _png_texts(data)
    elif media_type == "image/jpeg":
        yield from ((b"", block) for block in _jpeg_blocks(data))
    elif media_type == "image/webp":
        yield from ((b"", block) for block in _webp_blocks(data))


def _png_texts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    for _ in range(MAX_PARTS):
        if position + 12 > len(data):
            return
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        # Cut before it is copied: a chunk may be as long as the file.
        body = data[position + 8 : position + 8 + min(length, MAX_BLOCK_BYTES)]
        if kind in _PNG_TEXTS:
            keyword, _, text = body.partition(b"\0")
            yield keyword, _unpacked(text[1:]) if kind == b"zTXt" else text
        elif kind == b"eXIf":
            yield b"", body
        position += 12 + length


def _unpacked(text: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(text, MAX_BLOCK_BYTES)
    except zlib.error:
        return b""


def _jpeg_blocks(data: bytes) -> Iterator[bytes]:
    """Yield the application segments and comments that come before the pixels."""
    position = 2
    for _ in range(MAX_PARTS):
        head = data[position : position + 4]
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA:  # noqa: PLR2004 - a marker; the scan.
            return
        length = int.from_bytes(head[2:4])
        # APP1 has EXIF and XMP, the comment is for any text.
        if head[1] in {0xE1, 0xFE}:
            yield data[position + 4 : position + 2 + length]
        position += 2 + length


def _webp_blocks(data: bytes) -> Iterator[bytes]:
    position = 12
    for _ in range(MAX_PARTS):
        if position + 8 > len(data):
            return
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if data[position : position + 4] in {b"EXIF", b"XMP "}:
            yield data[position + 8 : position + 8 + min(length, MAX_BLOCK_BYTES)]
        position += 8 + length + length % 2
