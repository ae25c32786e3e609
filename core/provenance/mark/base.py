"""Say what a method of marking pixels gives and takes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkFacts

Pixels = NDArray[np.uint8]
"""Height x width x 3: red, green, blue. Nothing here ever writes into what it was given."""


class Effort(StrEnum):
    """How long a mark is looked for."""

    QUICK = "quick"
    """As it is, mirrored, and as a whole picture that was resized from a usual size."""
    FULL = "full"
    """At every scale as well: cut, enlarged, photographed from a screen by its pixels."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A marked picture, of the same size, and what is known of its mark."""

    pixels: Pixels
    """As they came in where the facts say that nothing was marked."""
    facts: MarkFacts


@dataclass(frozen=True, slots=True)
class Detected:
    """A mark that was found, whole and by a key of ours."""

    mark_id: VerifyId
    backend: str
    key_version: int
    scale: float
    """Sides of the picture that was looked at by the sides that it was marked with."""
    is_mirrored: bool
    score: float
    """How far it stands out, in standard deviations of what unmarked pictures give."""
    origin: tuple[float, float] = (0.0, 0.0)
    """Where the found picture's left upper corner (of the mirrored one, where it is mirrored) lay
    in the marked one: x and y in marked pixels, known only modulo `period`."""
    period: int = 0
    """After how many marked pixels the mark begins anew; 0: the method does not tell origins."""


class Backend(Protocol):
    """A method of marking."""

    @property
    def name(self) -> str:
        """Give the name that facts tell of it."""

    def embed(self, pixels: Pixels, mark_id: VerifyId) -> Embedded:
        """Write the id at the least strength that lasts; the same pixels each time.

        A picture that cannot carry one comes back as it is, its facts say why.
        """

    def embed_as(self, pixels: Pixels, facts: MarkFacts) -> Pixels:
        """Write the mark that the facts tell of, by their key and strength, into other pixels.

        Raises:
            ValueError: the facts tell of no mark of this method, or their key is gone.
        """

    def detect(self, pixels: Pixels, *, effort: Effort) -> Detected | None:
        """Find an id that this method wrote with any of its keys, or None."""
