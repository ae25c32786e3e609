"""Say what a file's frame tells of its picture, or that there is none."""

from dataclasses import dataclass

from core.contracts.provenance import Problem

MAX_PARTS = 65_536
"""A 20 MB PNG in the smallest usual pieces (4 KB) has 5,000; a walk of this many takes 0.1 s."""


class NotAPicture(ValueError):
    """Carry the problem of a file in which no picture can be found."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class Container:
    """What a file's frame says of its picture."""

    media_type: str
    width: int = 0
    height: int = 0
    xmp: bytes | None = None
    has_manifest: bool = False
    """There is a place where a C2PA manifest may be; other JUMBF data of a JPEG looks the same."""
    fault: Problem | None = None
    """Why it is not whole: `truncated` or `crc_broken`."""
