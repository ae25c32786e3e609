"""Read a stranger's manifest in a process of its own, with bounded memory and time.

The C2PA library believes the lengths that a manifest claims: one changed byte in a file of 4 KB
made it fill 2 GB in 5 s. A bound can only be put around a process. Starting one costs 0.1 s,
so `read` does it only for a file that carries a manifest.
"""

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from core.provenance.native import Claim, ManifestUnreadable, read_claim

MEMORY_BYTES = 1 << 29
"""Address space; a file of 20 MB is read within half of it."""
CPU_S = 3
"""A file of 20 MB takes 0.2 s."""
WALL_S = 15.0
"""For a machine so busy that 3 s of work take that long."""
ANSWER_CHARS = 1_000_000
"""What the parent is ready to parse; a manifest of ours takes 3,000, an editor's some 100,000."""
_OVER_BOUNDS = 3
"""Exit code."""
_IMPORT_ROOT = Path(__file__).resolve().parents[2]


class ReaderFailed(RuntimeError):
    """Say that the reading process could not do its work, by no fault of the file."""


class ManifestTooCostly(Exception):
    """Say that reading a manifest went over the bounds."""


def read_claim_isolated(
    data: bytes, media_type: str, anchors_pem: str | None, time_roots_pem: str | None = None
) -> Claim | None:
    """Do what `native.read_claim` does, and survive it.

    Raises:
        ManifestTooCostly: the bounds were reached.
        ManifestUnreadable: see native.
    """
    head = {
        "media_type": media_type,
        "anchors_pem": anchors_pem,
        "time_roots_pem": time_roots_pem,
    }
    answer = json.loads(_run(json.dumps(head).encode() + b"\n" + data))
    if not answer["is_readable"]:
        raise ManifestUnreadable
    claim = answer["claim"]
    if claim is None:
        return None
    return Claim(
        state=claim["state"],
        manifest=claim["manifest"],
        successes=frozenset(claim["successes"]),
        failures=tuple(claim["failures"]),
    )


def _run(question: bytes) -> bytes:
    """Let the process answer; what it dies of is a matter of the file only if a bound did it."""
    try:
        # An empty environment: no secret of ours lies in a process that reads hostile bytes.
        reader = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell.
            [sys.executable, "-s", "-m", __name__],
            input=question,
            capture_output=True,
            cwd=_IMPORT_ROOT,
            env={},
            timeout=WALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ManifestTooCostly from error
    if reader.returncode < 0 or reader.returncode == _OVER_BOUNDS:
        raise ManifestTooCostly
    if reader.returncode:
        raise ReaderFailed(reader.stderr.decode(errors="replace")[-2000:])
    return reader.stdout


def _main() -> None:
    """Be the process: bounds first, then one file from stdin, one answer to stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        text = _answer()
    except MemoryError:
        sys.exit(_OVER_BOUNDS)
    if len(text) > ANSWER_CHARS:
        sys.exit(_OVER_BOUNDS)
    sys.stdout.write(text)


def _answer() -> str:
    head = json.loads(sys.stdin.buffer.readline())
    answer: dict[str, object]
    try:
        claim = read_claim(sys.stdin.buffer.read(), **head)
        answer = {"is_readable": True, "claim": claim and asdict(claim)}
    except ManifestUnreadable:
        answer = {"is_readable": False}
    return json.dumps(answer, default=sorted)


if __name__ == "__main__":
    _main()
