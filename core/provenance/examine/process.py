"""Ask a process of its own about a stranger's picture, and outlive whatever it does.

Decoders are where hostile files do harm, so none runs in a process that has secrets or serves
anybody else. One file, one process: nothing of one person's upload is left for the next. Starting
one costs 0.4 s of CPU, so it is not started for a file whose bytes or signature say enough.
"""

import contextlib
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Self

from core.contracts.provenance import Problem
from core.provenance.examine.answers import (
    Answer,
    Fitting,
    Head,
    LayQuestion,
    MarkFound,
    Question,
    Seen,
)

WALL_S = 15.0
"""For all answers together, on a machine so busy that 3 s of work take that long."""
_ANSWER_BYTES = 100_000
_MODULE = "core.provenance.examine.child"
_IMPORT_ROOT = Path(__file__).resolve().parents[3]
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""No secret of ours; one thread, since every thread's stack counts as memory."""


class PixelsUnreadable(Exception):
    """Carry the problem for which nothing is known of a picture's pixels."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class ExaminerFailed(RuntimeError):
    """Say that the process could not do its work, by no fault of the file."""


class PixelProcess:
    """One process for one file; leaving the block ends it, whatever it is doing."""

    def __init__(
        self,
        data: bytes,
        media_type: str,
        mark_keys: tuple[tuple[int, str], ...],
        mark_weights: Path | None = None,
    ) -> None:
        self._data = data
        self._head = Head(
            media_type=media_type,
            size_bytes=len(data),
            mark_keys=mark_keys,
            mark_weights=None if mark_weights is None else str(mark_weights.resolve()),
        )
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end.
        self._is_late = threading.Event()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell.
            [sys.executable, "-s", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=_IMPORT_ROOT,
            env=_ENVIRONMENT,
        )
        self._timer = threading.Timer(WALL_S, self._end_late)
        self._timer.daemon = True
        self._timer.start()
        self._tell(self._head.model_dump_json().encode() + b"\n" + self._data)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)
        self._errors.close()

    def look(self) -> Seen:
        """Take the picture's fingerprints.

        Raises:
            PixelsUnreadable: there are no pixels, or not within the bounds.
        """
        seen = self._ask(Question(do="look")).seen
        if seen is None:
            raise PixelsUnreadable(Problem.PIXELS_UNREADABLE)
        return seen

    def mark(self, *, is_thorough: bool) -> MarkFound | None:
        """Look for a mark of ours.

        Raises:
            PixelsUnreadable: not within the bounds; nothing can be asked any more.
        """
        return self._ask(Question(do="search" if is_thorough else "glance")).mark

    def fit(self, question: LayQuestion) -> Fitting:
        """Lay the picture over a record's thumbnail.

        Raises:
            PixelsUnreadable: as for `mark`.
        """
        fitting = self._ask(Question(do="lay", lay=question)).fitting
        return fitting or Fitting(fit="unclear")

    def _ask(self, question: Question) -> Answer:
        self._tell(question.model_dump_json().encode() + b"\n")
        line = self._process.stdout.readline(_ANSWER_BYTES) if self._process.stdout else b""
        if not line.endswith(b"\n"):
            raise self._death()
        answer = Answer.model_validate_json(line)
        if answer.fault is not None:
            raise PixelsUnreadable(answer.fault)
        return answer

    def _tell(self, words: bytes) -> None:
        """Write; a process that is gone has left an answer that says why, or a cause of death."""
        if self._process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(words)
            self._process.stdin.flush()

    def _death(self) -> Exception:
        """Tell what it died of; only a bound is a matter of the file."""
        code = self._process.wait()
        if code < 0 or self._is_late.is_set():
            return PixelsUnreadable(Problem.PIXELS_TOO_COSTLY)
        self._errors.seek(0)
        return ExaminerFailed(self._errors.read()[-2000:].decode(errors="replace"))

    def _end_late(self) -> None:
        self._is_late.set()
        self._process.kill()


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        pipe.close()
