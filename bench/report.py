"""Print a closing table and write the figures of one bench where CI and people find them."""

import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number, its bar and whether it holds."""

    key: str
    what: str
    value: float
    unit: str
    bar: float | None
    """None: nothing was promised; it stands beside another."""
    higher_is_better: bool = False

    @property
    def holds(self) -> bool:
        """Tell whether the figure meets its bar."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.higher_is_better else self.value <= self.bar


def percentile(values: Sequence[float], share: float) -> float:
    """Take the nearest-rank percentile, which is always a value that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(len(ordered) * share, 9)) - 1)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Sum up a sample: count, median, p95, p99, maximum."""
    return {
        "count": len(values),
        "p50": statistics.median(values),
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
        "max": max(values),
    }


def machine() -> dict[str, object]:
    """Say what the figures were measured on."""
    return {
        "cpus": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def publish(name: str, figures: Sequence[Figure], detail: dict[str, object]) -> Path:
    """Print the table and write `build/bench/NAME.json`."""
    width = max(len(figure.what) for figure in figures)
    print(f"\n{'what':<{width}}  {'measured':>12}  {'bar':>12}")
    for figure in figures:
        sign = ">=" if figure.higher_is_better else "<="
        line = f"{figure.what:<{width}}  {figure.value:>9.2f} {figure.unit:<2}  "
        if figure.bar is not None:
            line += f"{sign} {figure.bar:>6.2f} {figure.unit:<2}  "
            line += "holds" if figure.holds else "MISSED"
        print(line.rstrip())
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    record = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        **{figure.key: figure.value for figure in figures},
        "bars": {figure.key: {"bar": figure.bar, "holds": figure.holds} for figure in figures},
        "detail": detail,
    }
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    print(f"\n{path}")
    return path
