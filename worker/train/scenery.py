"""Render scenes to files before training, in as many processes as there are."""

import logging
from pathlib import Path

import numpy as np

from worker.train.backgrounds import SIZE
from worker.train.scenes import Stock, compose

log = logging.getLogger(__name__)


def render(stock: Stock, seeds: range, path: Path) -> None:
    """Render the scenes of the seeds to one array of 8-bit pictures, whole or not at all."""
    partial = path.with_suffix(".partial.npy")
    shape = (len(seeds), SIZE, SIZE, 3)
    pictures = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    for index, seed in enumerate(seeds):
        pictures[index] = np.asarray(compose(stock, seed).picture)
    pictures.flush()
    partial.replace(path)
