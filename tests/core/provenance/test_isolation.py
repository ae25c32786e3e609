"""A manifest that would eat the host is read by a process that may not grow."""

import subprocess
import sys
import textwrap
import time

import pytest

from core.contracts.provenance import Found
from core.provenance import isolation
from core.provenance.native import read_claim
from core.provenance.read import read


def _with_false_length(data: bytes, claimed: int) -> bytes:
    """Turn the model's name into a byte string that claims to be `claimed` bytes long."""
    start = data.index(b"emodelkeasel-small") + 6
    return data[:start] + b"\x5a" + claimed.to_bytes(4) + data[start + 5 :]


def test_isolated_reading_finds_the_same(stamped, keys):
    direct = read_claim(stamped.data, "image/png", keys.anchors.pem)

    assert isolation.read_claim_isolated(stamped.data, "image/png", keys.anchors.pem) == direct


def test_false_length_costs_neither_memory_nor_time(stamped, keys, tmp_path):
    """Read in our own process, such a file makes the library fill 4 GB (measured: 5 s for 2 GB).

    A process between counts the peak memory of its one child, the reader.
    """
    (tmp_path / "hostile.png").write_bytes(_with_false_length(stamped.data, 2**32 - 1))
    script = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from core.provenance.read import read

        report = read(Path(sys.argv[1]).read_bytes(), anchors=sys.argv[2])
        print(report.found, *report.problems, sep="\\n")
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
    """)

    start = time.perf_counter()
    between = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "hostile.png"), keys.anchors.pem],
        check=True,
        capture_output=True,
        text=True,
    )
    duration_s = time.perf_counter() - start
    found, *problems, peak_bytes = between.stdout.split()

    assert found == Found.CHANGED_AFTER_SIGNING
    assert "assertion.cbor.invalid" in problems
    assert int(peak_bytes) < isolation.MEMORY_BYTES
    assert duration_s < isolation.WALL_S


def test_reader_that_takes_too_long_is_ended(stamped, keys, monkeypatch):
    """No process starts Python and the library in a millisecond."""
    monkeypatch.setattr(isolation, "WALL_S", 0.001)

    with pytest.raises(isolation.ManifestTooCostly):
        isolation.read_claim_isolated(stamped.data, "image/png", None)

    report = read(stamped.data, anchors=keys)
    assert (report.state, report.found) == ("invalid", Found.BROKEN_LABEL)
    assert report.problems == ("manifest_too_costly",)
