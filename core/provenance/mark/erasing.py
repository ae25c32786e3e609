"""Take an earlier mark of ours out of a picture that is about to get a new one.

A picture that was enlarged to twice its sides and marked anew holds both, and once somebody
halves it, the earlier one lies at its own size again and would be the first to be found.
"""

import numpy as np

from core.provenance.mark.base import Pixels
from core.provenance.mark.search import Reading, bands_of, turn, weights_of
from core.provenance.mark.tile import Complexes, Floats, Layout, carriers_of
from core.provenance.mark.waves import Plane, grain, luminance, waves
from core.provenance.mark.writing import mask_of

_FIRST_DB = 45.0
"""A first try; what it takes away says how much is there."""
_ROUNDS = 2
_MOST = 4.0
"""How many times the first try may be taken away: 33 dB, more than any strength writes."""


def erased(pixels: Pixels, layout: Layout, reading: Reading, shrunk: float) -> Pixels:
    """Write the mark's opposite, each band of carriers as strongly as the mark is there.

    Args:
        pixels: The picture.
        layout: Of the key that wrote the mark.
        reading: Where it lies.
        shrunk: By how much the picture was made smaller before it was looked at.
    """
    scales = (reading.scales[0] / shrunk, reading.scales[1] / shrunk)
    side = pixels[:, ::-1] if reading.is_mirrored else pixels
    mask = mask_of(side)
    mark = carriers_of(layout, reading.mark_id)
    back = turn(layout, mark, (-reading.shift[0], -reading.shift[1]))
    before, levels = _carriers(side, layout, scales)
    bands = bands_of(layout)
    amounts = reading.gains
    for _ in range(_ROUNDS):
        cleaned = _less(side, layout, back * weights_of(layout, amounts), scales, mask)
        after, _ = _carriers(cleaned, layout, scales)
        removed, left = (before - after) / levels, after / levels
        # How much of what was taken away in each band is still there: least squares.
        there = np.bincount(bands, (left * removed.conj()).real, minlength=amounts.size)
        taken = np.bincount(bands, np.abs(removed) ** 2, minlength=amounts.size)
        amounts = np.clip(amounts * (1 + there / np.maximum(taken, 1e-9)), 0.01, _MOST)
    cleaned = _less(side, layout, back * weights_of(layout, amounts), scales, mask)
    return np.ascontiguousarray(cleaned[:, ::-1]) if reading.is_mirrored else cleaned


def _less(
    pixels: Pixels, layout: Layout, carriers: Complexes, scales: tuple[float, float], mask: Floats
) -> Pixels:
    """Take these waves away."""
    height, width = pixels.shape[:2]
    # A whole mark of unit carriers has this mean square: both halves of each wave.
    unit = np.sqrt(2 * layout.u.size) / 2 * np.sqrt(np.mean(mask**2))
    amplitude = 255 * 10 ** (-_FIRST_DB / 20) / unit
    drawn = waves(layout, carriers.astype(np.complex64), scales, (width, height)) * mask
    left = pixels - (amplitude * drawn)[..., None]
    return np.asarray(np.clip(np.rint(left), 0, 255), np.uint8)


def _carriers(
    pixels: Pixels, layout: Layout, scales: tuple[float, float]
) -> tuple[Complexes, Floats]:
    return Plane(grain(luminance(pixels))).raw(layout, scales)
