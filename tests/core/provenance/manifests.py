"""Change what lies inside a signed file's manifest, with every length around it made right."""

from tests.core.provenance.png import chunk


def manifest_of_file(data: bytes) -> tuple[int, bytes]:
    """Find where the manifest's chunk begins, and what it holds."""
    start = data.index(b"caBX") - 4
    size = int.from_bytes(data[start : start + 4])
    return start, data[start + 8 : start + 8 + size]


def with_manifest(data: bytes, manifest: bytes, *, after: bytes = b"") -> bytes:
    """Put another manifest in its place, and maybe something behind it."""
    start, old = manifest_of_file(data)
    return data[:start] + chunk(b"caBX", manifest) + after + data[start + 12 + len(old) :]


def splice(manifest: bytes, at: int, length: int, new: bytes) -> bytes:
    """Replace some bytes of a manifest and correct the length of each box around them."""
    changed = bytearray(manifest)
    for box in _boxes_around(manifest, at):
        size = int.from_bytes(manifest[box : box + 4]) + len(new) - length
        changed[box : box + 4] = size.to_bytes(4)
    changed[at : at + length] = new
    return bytes(changed)


def _boxes_around(manifest: bytes, at: int) -> list[int]:
    boxes, start = [], 0
    while start < at:
        size = int.from_bytes(manifest[start : start + 4])
        if start + size <= at:
            start += size
            continue
        boxes.append(start)
        start = start + 8 if manifest[start + 4 : start + 8] == b"jumb" else at
    return boxes
