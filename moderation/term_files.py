"""Read term files: one term a line, `#` begins a comment; or a gazetteer of names (`.yaml`)."""

from pathlib import Path

from moderation.figures import terms_of


def read_terms(path: Path) -> list[str]:
    """List the terms of one file, in its order."""
    if path.suffix == ".yaml":
        return terms_of(path)
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]
