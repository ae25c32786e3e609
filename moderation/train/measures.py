"""Measure scores against labels: areas, rates with intervals, calibration, F1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Z = 1.96
"""Standard deviations of a 95 % interval."""

_BINS = 15


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with Wilson's 95 % interval."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """Give the share; 0 of 0 is 0."""
        return self.hits / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Give the bounds between which the true share lies, 95 times of 100."""
        if not self.count:
            return (0.0, 1.0)
        n, p, z = self.count, self.value, _Z
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n)
        return (max(0.0, middle - reach), min(1.0, middle + reach))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({self.hits}/{self.count}; {low:.3f}-{high:.3f})"


def rate_above(scores: ArrayLike, threshold: float) -> Rate:
    """Count the scores at or above a threshold."""
    given = np.asarray(scores, float)
    return Rate(int((given >= threshold).sum()), len(given))


def auroc(harmless: ArrayLike, harmful: ArrayLike) -> float:
    """Give the chance that a harmful text scores above a harmless one."""
    low, high = np.asarray(harmless, float), np.asarray(harmful, float)
    ranks = _ranks(np.concatenate([low, high]))
    above = ranks[len(low) :].sum() - len(high) * (len(high) + 1) / 2
    return float(above / (len(low) * len(high)))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank from 1; equal values share their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: NDArray[np.float64] = (last - (counts - 1) / 2)[places]
    return shared


def threshold_at(harmless: ArrayLike, share: float) -> float:
    """Give the lowest threshold that at most a share of harmless texts reaches."""
    falling = np.sort(np.asarray(harmless, float))[::-1]
    allowed = int(share * len(falling))
    return float(np.nextafter(falling[min(allowed, len(falling) - 1)], np.inf))


def recall_at(harmless: ArrayLike, harmful: ArrayLike, share: float) -> float:
    """Give the recall at the threshold that lets so many false alarms happen."""
    return rate_above(harmful, threshold_at(harmless, share)).value


def calibration_error(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Give the expected calibration error over bins of equal width."""
    told, true = np.asarray(probabilities, float), np.asarray(labels, float)
    bins = np.minimum((told * _BINS).astype(int), _BINS - 1)
    total = 0.0
    for number in range(_BINS):
        inside = bins == number
        if inside.any():
            total += abs(told[inside].mean() - true[inside].mean()) * inside.mean()
    return float(total)


def macro_f1(told: Sequence[str], true: Sequence[str]) -> dict[str, float]:
    """Give each category's F1 where one category is named for each text; `` is their mean."""
    scores: dict[str, float] = {}
    for name in sorted(set(true)):
        both = sum(a == b == name for a, b in zip(told, true, strict=True))
        named, held = told.count(name), true.count(name)
        scores[name] = 2 * both / (named + held) if named + held else 0.0
    scores[""] = sum(scores.values()) / max(1, len(scores))
    return scores
