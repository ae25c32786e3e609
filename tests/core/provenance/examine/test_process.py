"""The process that looks at pixels knows nothing that it need not, and ends when it is left."""

import contextlib
import io
import os
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core.provenance.examine import process
from core.provenance.examine.process import PixelProcess, PixelsUnreadable
from tests.core.provenance.png import SIGNATURE, chunk, header

SECRET = "5a" * 32


def png(side=32):
    out = io.BytesIO()
    Image.new("RGB", (side, side), (10, 200, 90)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
def test_process_has_no_secret_to_show_and_none_of_ours(monkeypatch):
    """What anybody on the host can list of it, and what it could read of its own."""
    monkeypatch.setenv("EASEL_SECRET_KEY", "hush")

    with PixelProcess(png(), "image/png", ((1, SECRET),)) as pixels:
        pixels.look()
        folder = Path(f"/proc/{pixels._process.pid}")
        told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()

    assert SECRET.encode() not in told
    assert b"hush" not in told


def test_leaving_ends_it_whatever_it_does():
    """As when whoever asked has gone: an error passes through, and no process stays."""
    pixels = PixelProcess(png(), "image/png", ())

    with pytest.raises(KeyboardInterrupt), pixels:
        raise KeyboardInterrupt

    child = pixels._process
    assert child.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_memory_is_bounded(monkeypatch):
    """A file of 30 KB that unfolds to 24 megapixels stays within what it may have."""
    rows = zlib.compress(bytes(4 * 4900 + 1) * 4900, 9)
    data = SIGNATURE + header(4900, 4900) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")

    with PixelProcess(data, "image/png", ()) as pixels:
        with contextlib.suppress(PixelsUnreadable):
            pixels.look()
        peak = _peak_bytes(pixels._process.pid)

    assert peak is None or peak < 1 << 30


def _peak_bytes(pid):
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    lines = [line for line in status.read_text().splitlines() if line.startswith("VmPeak")]
    return int(lines[0].split()[1]) * 1024 if lines else None


def test_unreadable_picture_says_why():
    with (
        PixelProcess(png()[:60], "image/png", ()) as pixels,
        pytest.raises(PixelsUnreadable) as refused,
    ):
        pixels.look()

    assert refused.value.problem == "pixels_unreadable"


def test_late_answer_is_a_matter_of_the_file(monkeypatch):
    monkeypatch.setattr(process, "WALL_S", 0.001)

    with (
        PixelProcess(png(), "image/png", ()) as pixels,
        pytest.raises(PixelsUnreadable) as refused,
    ):
        pixels.look()

    assert refused.value.problem == "pixels_too_costly"
