"""Say how like two pictures are: PSNR and SSIM (Wang et al. 2004, Gaussian window of 11)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.provenance_corpus import Picture

_WINDOW = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr(one: Picture, other: Picture) -> float:
    """Over all three colours, in dB."""
    error = np.mean((one.astype(float) - other) ** 2)
    return float(10 * np.log10(255**2 / error))


def ssim(one: Picture, other: Picture) -> float:
    """Of the luminance, mean over the picture."""
    x, y = _luminance(one), _luminance(other)
    mean_x, mean_y = _smoothed(x), _smoothed(y)
    variance_x = _smoothed(x * x) - mean_x**2
    variance_y = _smoothed(y * y) - mean_y**2
    covariance = _smoothed(x * y) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    likeness /= (mean_x**2 + mean_y**2 + _C1) * (variance_x + variance_y + _C2)
    return float(likeness.mean())


def _luminance(pixels: Picture) -> NDArray[np.float64]:
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float64)


def _smoothed(field: NDArray[np.float64]) -> NDArray[np.float64]:
    window = _WINDOW / _WINDOW.sum()
    rows = sum(w * field[i : len(field) - 10 + i] for i, w in enumerate(window))
    return sum(w * rows[:, i : rows.shape[1] - 10 + i] for i, w in enumerate(window))
