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

from core.provenance.native import Claim, ManifestUnreadable, read_claim

MEMORY_BYTES = 1 << 29
"""Address space; a file of 20 MB is read within half of it."""
CPU_S = 3
"""A file of 20 MB takes 0.2 s."""
WALL_S = 15.0
"""For a machine so busy that 3 s of work take that long."""


class ManifestTooCostly(Exception):  # noqa: N818 - a fact about a file, named as one.
    """Say that reading a manifest went over the bounds."""


def read_claim_isolated(data: bytes, media_type: str, anchors_pem: str | None) -> Claim | None:
    """Do what `native.read_claim` does, and survive it.

    Raises:
        ManifestTooCostly: the bounds were reached.
        ManifestUnreadable: see native.
    """
    head = json.dumps({"media_type": media_type, "anchors_pem": anchors_pem})
    try:
        # An empty environment: no secret of ours lies in a process that reads hostile bytes.
        reader = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell.
            [sys.executable, "-I", "-m", __name__],
            input=head.encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=WALL_S,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise ManifestTooCostly from error
    answer = json.loads(reader.stdout)
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


def _main() -> None:
    """Be the process: bounds first, then one file from stdin, one answer to stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    head = json.loads(sys.stdin.buffer.readline())
    answer: dict[str, object]
    try:
        claim = read_claim(sys.stdin.buffer.read(), head["media_type"], head["anchors_pem"])
        answer = {"is_readable": True, "claim": claim and asdict(claim)}
    except ManifestUnreadable:
        answer = {"is_readable": False}
    json.dump(answer, sys.stdout, default=sorted)


if __name__ == "__main__":
    _main()
