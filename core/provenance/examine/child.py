"""Be the process that decodes a stranger's picture: bounded in memory and time, and alone.

It knows the mark's secrets, which come by its standard input as everything does; it has no
environment, opens no file but an operator's networks, and writes nothing but answers.
"""

import io
import resource
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import SecretBytes

from core.contracts.provenance import Problem
from core.provenance.examine.align import Geometry, Original
from core.provenance.examine.answers import (
    Answer,
    Fitting,
    Head,
    LayQuestion,
    MarkFound,
    Question,
    Seen,
)
from core.provenance.examine.differ import Fit
from core.provenance.examine.fitting import fit
from core.provenance.looks import looks_of
from core.provenance.mark.base import Detected, Effort
from core.provenance.mark.keys import MarkKey, MarkKeys
from core.provenance.mark.marker import Marker, readers_of

MEMORY_BYTES, NETWORK_MEMORY_BYTES = 1 << 30, 4 << 30
"""Address space; the larger one where an operator's networks are to be loaded as well."""
CPU_S, NETWORK_CPU_S = 3, 20
MAX_PIXELS = 25_000_000
LONGEST_LINE = 1_000_000
"""Bytes of a question; a thumbnail has 30 KB."""
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
"""What is decoded, each by its one decoder: a file is never what another one makes of it."""
_WINDOW = 1536
"""A mark is sought in the middle of very large pictures first, at their own size."""
_LEAST_SIDE, _MOST_RATIO = 64, 16
"""A stroke or a speck holds no mark, and shrinks to nothing when it is laid over a thumbnail."""


class _Unreadable(Exception):
    """Carry why there are no pixels."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def decoded(data: bytes, media_type: str) -> Image.Image:
    """Decode the first frame, turned upright."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Decoders meet bytes that nobody foresaw: what they raise then is not only OSError but
        # SyntaxError, struct.error, IndexError and more. All of it means the same here.
        try:
            with Image.open(io.BytesIO(data), formats=[FORMATS[media_type]]) as image:
                return ImageOps.exif_transpose(image).convert("RGB")
        except MemoryError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _Unreadable(Problem.TOO_MANY_PIXELS) from error
        except UnidentifiedImageError as error:
            raise _Unreadable(Problem.HEADER_BROKEN) from error
        except Exception as error:
            raise _Unreadable(Problem.PIXELS_UNREADABLE) from error


class _Examiner:
    """Answer questions on one picture."""

    def __init__(self, picture: Image.Image, marker: Marker) -> None:
        self._picture, self._marker = picture, marker
        self._found: Detected | None = None
        short, long = sorted(picture.size)
        self._is_speck = short < _LEAST_SIDE or long > _MOST_RATIO * short

    def answer(self, question: Question) -> Answer:
        """Do what is asked; what an earlier question found is remembered."""
        if question.do == "look":
            return Answer(seen=self._look())
        if question.lay is not None:
            return Answer(fitting=self._lay(question.lay))
        return Answer(mark=self._seek(Effort.FULL if question.do == "search" else Effort.QUICK))

    def _look(self) -> Seen:
        return Seen(
            width=self._picture.width,
            height=self._picture.height,
            looks=looks_of(self._picture),
            mirrored_looks=looks_of(ImageOps.mirror(self._picture)),
        )

    def _seek(self, effort: Effort) -> MarkFound | None:
        if self._is_speck:
            return None
        if self._found is None:
            self._found = self._in_the_middle(effort)
        if self._found is None:
            self._found = self._marker.detect(np.asarray(self._picture), effort)
        found = self._found
        if found is None:
            return None
        return MarkFound(
            mark_id=found.mark_id,
            scale=found.scale,
            is_mirrored=found.is_mirrored,
            origin=found.origin,
            period=found.period,
        )

    def _in_the_middle(self, effort: Effort) -> Detected | None:
        """Look at a part of a picture that the method itself would make much smaller."""
        if effort is Effort.FULL or max(self._picture.size) <= 2 * _WINDOW:
            return None
        left, top = (max(0, (side - _WINDOW) // 2) for side in self._picture.size)
        part = self._picture.crop(
            (
                left,
                top,
                min(left + _WINDOW, self._picture.width),
                min(top + _WINDOW, self._picture.height),
            )
        )
        found = self._marker.detect(np.asarray(part), Effort.QUICK)
        if found is None:
            return None
        # From the part's corner to the picture's; mirrored, its other upper corner.
        inset = self._picture.width - left - part.width if found.is_mirrored else left
        origin = (found.origin[0] - inset / found.scale, found.origin[1] - top / found.scale)
        return Detected(
            mark_id=found.mark_id,
            backend=found.backend,
            key_version=found.key_version,
            scale=found.scale,
            is_mirrored=found.is_mirrored,
            score=found.score,
            origin=origin,
            period=found.period,
        )

    def _lay(self, question: LayQuestion) -> Fitting:
        if self._is_speck:
            return Fitting(fit=Fit.UNCLEAR)
        with Image.open(io.BytesIO(question.thumbnail)) as thumbnail:
            original = Original(thumbnail.convert("RGB"), question.width, question.height)
        return fit(self._picture, original, self._geometry() if question.is_by_mark else None)

    def _geometry(self) -> Geometry | None:
        found = self._found
        if found is None:
            return None
        return Geometry(found.scale, found.scale, found.is_mirrored, found.origin, found.period)


def marker_of(head: Head) -> Marker:
    """Make what reads marks, from the secrets that came along."""
    keys = tuple(
        MarkKey(version, SecretBytes(bytes.fromhex(secret))) for version, secret in head.mark_keys
    )
    weights = None if head.mark_weights is None else Path(head.mark_weights)
    return Marker(None, readers_of(MarkKeys(keys), weights) if keys else ())


def _main() -> None:
    # The first line is our own; what follows is a stranger's.
    head = Head.model_validate_json(sys.stdin.buffer.readline(LONGEST_LINE))
    bound(has_networks=head.mark_weights is not None)
    try:
        _serve(head, sys.stdin.buffer)
    except _Unreadable as error:
        _say(Answer(fault=error.problem))
    except MemoryError:
        _say(Answer(fault=Problem.PIXELS_TOO_COSTLY))


def bound(*, has_networks: bool) -> None:
    """Take away from this process what a picture could misuse."""
    memory = NETWORK_MEMORY_BYTES if has_networks else MEMORY_BYTES
    cpu_s = NETWORK_CPU_S if has_networks else CPU_S
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(head: Head, asked: BinaryIO) -> None:
    picture = decoded(asked.read(head.size_bytes), head.media_type)
    examiner = _Examiner(picture, marker_of(head))
    while line := asked.readline(LONGEST_LINE):
        _say(examiner.answer(Question.model_validate_json(line)))


def _say(answer: Answer) -> None:
    sys.stdout.write(answer.model_dump_json() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
