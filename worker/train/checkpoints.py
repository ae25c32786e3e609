"""Keep the state of a training stage so that a stopped run goes on where it was."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

State = dict[str, Any]
"""Tensors, numbers and the optimiser's own nested state: whatever `state_dict` gives."""


def save(path: Path, state: State) -> None:
    """Write a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load(path: Path) -> State | None:
    """Read a checkpoint; None where there is none yet."""
    if not path.is_file():
        return None
    state: State = torch.load(path, map_location="cpu", weights_only=True)
    return state


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """Have a folder written whole or not at all: give the one to write into."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    yield partial
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
