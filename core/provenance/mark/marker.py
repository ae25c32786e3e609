"""Be the one that the rest of Easel asks about marks: writes by one method, reads by all."""

from collections.abc import Sequence
from pathlib import Path

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkFacts, MarkState
from core.provenance.mark.base import Backend, Detected, Effort, Embedded, Pixels
from core.provenance.mark.keys import FILE, MarkKeys, load_or_create_mark_keys
from core.provenance.mark.neural import NeuralMark
from core.provenance.mark.pixelseal import PIXELSEAL
from core.provenance.mark.spread import SpreadSpectrum
from core.provenance.mark.trustmark import TRUSTMARK

OFF = "off"
KINDS = (TRUSTMARK, PIXELSEAL)
"""What can be mounted."""


class Marker:
    """Mark what leaves by the method that the operator chose; know marks of every method again."""

    def __init__(self, writer: Backend | None, readers: Sequence[Backend]) -> None:
        """Take the methods.

        Args:
            writer: None: marks are turned off, and pictures say so.
            readers: In the order of asking; those that earlier pictures were marked by, too.
        """
        self._writer = writer
        self._readers = tuple(readers)

    def embed(self, pixels: Pixels, mark_id: VerifyId) -> Embedded:
        """Write the id into a picture; the same pixels each time."""
        if self._writer is None:
            return Embedded(pixels, MarkFacts(state=MarkState.OFF))
        return self._writer.embed(pixels, mark_id)

    def embed_as(self, pixels: Pixels, facts: MarkFacts) -> Pixels:
        """Write the mark that another picture's facts tell of: its id, key and strength.

        What was drawn again is compared with what was posted by marking it as that was.

        Raises:
            ValueError: nobody here knows that method, or its key is gone.
        """
        if facts.state not in {MarkState.MARKED, MarkState.WEAK}:
            return pixels
        for backend in self._readers:
            if backend.name == facts.backend:
                return backend.embed_as(pixels, facts)
        raise ValueError(facts.backend)

    def detect(self, pixels: Pixels, effort: Effort = Effort.FULL) -> Detected | None:
        """Find a mark of ours by any method; quickly by all before thoroughly by one."""
        efforts = (Effort.QUICK,) if effort is Effort.QUICK else (Effort.QUICK, Effort.FULL)
        for each in efforts:
            for backend in self._readers:
                found = backend.detect(pixels, effort=each)
                if found is not None:
                    return found
        return None


def load_marker(keys_dir: Path, *, backend: str, weights: Path | None = None) -> Marker:
    """Build the marker of a process from the keys folder and the method that writes.

    Our own method reads whatever writes: pictures of earlier days carry it. So does each method
    whose networks lie in the folder of weights.

    Raises:
        UserError: `mark_keys_unusable` or `mark_weights_unusable`.
    """
    if backend == OFF and not (keys_dir / FILE).exists():
        return Marker(None, ())
    keys = load_or_create_mark_keys(keys_dir)
    readers = readers_of(keys, weights)
    writer = next((reader for reader in readers if reader.name == backend), None)
    if writer is None and backend != OFF:
        # What is there was opened; this says what is missing.
        kind = next(kind for kind in KINDS if kind.name == backend)
        writer = NeuralMark(kind, weights or Path(), keys)
    return Marker(writer, readers)


def readers_of(keys: MarkKeys, weights: Path | None) -> tuple[Backend, ...]:
    """Name all methods that can read here: our own, and those whose networks are mounted.

    Raises:
        UserError: `mark_weights_unusable`.
    """
    mounted = [
        NeuralMark(kind, weights, keys)
        for kind in KINDS
        if weights is not None and (weights / kind.reader).is_file()
    ]
    return (SpreadSpectrum(keys), *mounted)
