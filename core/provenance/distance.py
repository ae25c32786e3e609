"""Tell how far apart two perceptual hashes are; for processes that hash nothing themselves."""

MAX_DISTANCE = 31
"""Bits that may differ: what the banks of Hasher-Matcher-Actioner use for PDQ."""


def distance(one: str, other: str) -> int:
    """Count the bits in which two hashes, each 64 hexadecimal digits, differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
