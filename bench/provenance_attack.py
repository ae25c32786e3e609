"""Attack the mark by averaging: what many marked pictures have in common is the mark.

The attacker has no key. Of each picture only what is small is kept, folded to one tile, and the
tiles of all are averaged; the average is then taken away from another picture, at several gains.
"""

import numpy as np
from numpy.typing import NDArray

from bench.provenance_corpus import Picture
from bench.provenance_likeness import psnr
from bench.report import Figure
from core.contracts.ids import VerifyId
from core.provenance.mark.base import Effort
from core.provenance.mark.spread import SpreadSpectrum
from core.provenance.mark.tile import PERIOD, layout_of, placement_of
from core.provenance.mark.waves import grain, luminance

SECRET = bytes([1]) * 32
GAINS = (0.5, 1.0, 1.5, 2.0, 3.0)
VICTIMS = ("astronaut", "cat", "hills", "plasma")
Tile = NDArray[np.float64]


def measure(ours: SpreadSpectrum, corpus: dict[str, Picture]) -> list[Figure]:
    """Attack twice: by what anybody can do, and by somebody to whom the secret places are told."""
    blind, told = 0, 0
    quality: list[float] = []
    marked = _marked(ours, corpus)
    for victim in VICTIMS:
        pixels = marked[victim][0]
        others = [pair for name, pair in marked.items() if name != victim]
        plain = np.mean([_tile(other) for other, _ in others], axis=0)
        blind += _is_removed(ours, pixels, plain) is not None
        aligned = [np.roll(_tile(other), (-place[1], -place[0]), (0, 1)) for other, place in others]
        x, y = marked[victim][1]
        removed = _is_removed(ours, pixels, np.roll(np.mean(aligned, axis=0), (y, x), (0, 1)))
        if removed is not None:
            told += 1
            quality.append(removed)
    found = f"of {len(VICTIMS)}"
    figures = [
        Figure("averaging_plain", f"removed by averaging 23 others, {found}", blind, "", None),
        Figure("averaging_told", f"... with pattern and places told, {found}", told, "", None),
    ]
    if quality:
        mean = float(np.mean(quality))
        figures.append(Figure("averaging_db", "... PSNR of what is left", mean, "dB", None))
    return figures


def _marked(
    ours: SpreadSpectrum, corpus: dict[str, Picture]
) -> dict[str, tuple[Picture, tuple[int, int]]]:
    """Mark all by ids that share one sync pattern: one picture in 16 would, of those posted."""
    layout = layout_of(SECRET)
    ids = (VerifyId(f"{number:016x}") for number in range(1, 10**6))
    alike = (each for each in ids if placement_of(layout, each).pattern == 0)
    marked = {}
    for name, pixels in corpus.items():
        mark_id = next(alike)
        embedded = ours.embed(pixels, mark_id)
        marked[name] = (embedded.pixels, placement_of(layout, mark_id).origin)
    return marked


def _tile(pixels: Picture) -> Tile:
    """Fold what is small in a picture to one tile."""
    small = grain(luminance(pixels)).astype(float)
    rows, columns = small.shape[0] // PERIOD, small.shape[1] // PERIOD
    whole = small[: rows * PERIOD, : columns * PERIOD]
    tile = whole.reshape(rows, PERIOD, columns, PERIOD).mean(axis=(0, 2))
    return _ungrained(tile / tile.std())


def _ungrained(tile: Tile) -> Tile:
    """Undo what differences do to each wave, within the mark's own band."""
    steps = np.fft.fftfreq(PERIOD)
    response = 4 - 2 * np.cos(4 * np.pi * steps)[:, None] - 2 * np.cos(4 * np.pi * steps)[None, :]
    distance = PERIOD * np.hypot(steps[:, None], steps[None, :])
    inside = (distance >= 8) & (distance <= 46)
    spectrum = np.where(inside, np.fft.fft2(tile) / np.maximum(response, 0.05), 0)
    return np.fft.ifft2(spectrum).real


def _is_removed(ours: SpreadSpectrum, pixels: Picture, tile: Tile) -> float | None:
    """Take the tile away ever more strongly; the PSNR at which nothing is read, if ever."""
    repeats = (pixels.shape[0] // PERIOD, pixels.shape[1] // PERIOD)
    laid = np.tile(tile / tile.std(), repeats)[..., None]
    for gain in GAINS:
        attacked = np.clip(np.rint(pixels - gain * laid), 0, 255).astype(np.uint8)
        if ours.detect(attacked, effort=Effort.QUICK) is None:
            return psnr(pixels, attacked)
    return None
