"""Freed memory stays with the process, where the C library can be told so."""

import platform
import subprocess
import sys

import pytest

from worker.engine.heap import keep_freed_memory

PROBE = """
import ctypes, resource, sys
from worker.engine.heap import keep_freed_memory
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def used():
    block = libc.malloc(16 << 20)
    ctypes.memset(block, 1, 16 << 20)
    libc.free(block)
used()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    used()
    other = libc.malloc(40 << 20)  # Larger than any block before: the library's own limit moves.
    libc.free(other)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments):
    """Count the pages that a process is handed while it takes and frees the same block."""
    probe = [sys.executable, "-c", PROBE, *arguments]
    return int(subprocess.run(probe, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_a_freed_block_is_taken_again_without_the_system():
    assert 10 * faults("kept") < faults("plain")


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr("worker.engine.heap.ctypes.CDLL", lambda _name: object())

    assert keep_freed_memory() is False
