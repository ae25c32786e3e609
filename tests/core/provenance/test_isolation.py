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
from tests.core.provenance.manifests import manifest_of_file, splice, with_manifest


def _with_model_name(data: bytes, value: bytes) -> bytes:
    """Put any CBOR value in the place of the model's name."""
    manifest = manifest_of_file(data)[1]
    start = manifest.index(b"emodelkeasel-small") + 6
    return with_manifest(data, splice(manifest, start, 12, value))


def test_isolated_reading_finds_the_same(stamped, keys):
    direct = read_claim(stamped.data, "image/png", keys.anchors.pem)

    assert isolation.read_claim_isolated(stamped.data, "image/png", keys.anchors.pem) == direct


def test_false_length_costs_neither_memory_nor_time(stamped, keys, tmp_path):
    """Read in our own process, such a file makes the library fill 4 GB (measured: 5 s for 2 GB).

    A process between counts the peak memory of its one child, the reader.
    """
    (tmp_path / "hostile.png").write_bytes(_with_model_name(stamped.data, b"\x5a\xff\xff\xff\xff"))
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


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"\x9a" + (10_000_000).to_bytes(4) + bytes(10_000_000), id="memory"),
        pytest.param(b"\x9a" + (400_000).to_bytes(4) + b"\xa0" * 400_000, id="long-answer"),
    ],
)
def test_manifest_that_unfolds_is_given_up(stamped, keys, value):
    """A byte of CBOR becomes dozens in the library and four characters of its answer."""
    report = read(_with_model_name(stamped.data, value), anchors=keys)

    assert (report.state, report.found) == ("invalid", Found.BROKEN_LABEL)
    assert report.problems == ("manifest_too_costly",)


def test_fault_of_ours_is_not_blamed_on_the_file(stamped, monkeypatch, tmp_path):
    """A reader that can not even start is a bug, and says what it died of."""
    monkeypatch.setattr(isolation, "__name__", "core.provenance.nowhere")

    with pytest.raises(isolation.ReaderFailed, match="No module named"):
        isolation.read_claim_isolated(stamped.data, "image/png", None)


def test_reader_that_takes_too_long_is_ended(stamped, keys, monkeypatch):
    """No process starts Python and the library in a millisecond."""
    monkeypatch.setattr(isolation, "WALL_S", 0.001)

    with pytest.raises(isolation.ManifestTooCostly):
        isolation.read_claim_isolated(stamped.data, "image/png", None)

    report = read(stamped.data, anchors=keys)
    assert (report.state, report.found) == ("invalid", Found.BROKEN_LABEL)
    assert report.problems == ("manifest_too_costly",)


def test_reader_starts_without_the_contracts():
    """They take longer to load than all of a labelled file's reading."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import core.provenance.isolation, sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert not {"pydantic", "numpy", "sqlalchemy", "structlog"} & set(loaded)
