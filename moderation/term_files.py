"""Read term files: one term a line, `#` begins a comment."""

from pathlib import Path


def read_terms(path: Path) -> list[str]:
    """List the terms of one file, in its order."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]
