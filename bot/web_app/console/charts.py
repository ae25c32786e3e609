"""Lay out charts in numbers, which a template writes down as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 180
"""Of the drawing; the page stretches it to its own width."""

_GAP = 0.22
"""The part of a day's room that is left free between it and the next."""

_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    series: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Bars for days, beside each other for each day's series."""

    bars: Sequence[Bar]
    lines: Sequence[tuple[float, int]]
    """Where a line goes across, and which number it stands for; the lowest first."""
    labels: Sequence[date]
    """The first day, one in the middle, and the last."""


def columns_of(days: Sequence[date], series: Mapping[str, Sequence[int]]) -> Columns:
    """Lay out each day's numbers beside each other; a number above 0 is always seen."""
    top = top_of(max((number for numbers in series.values() for number in numbers), default=0))
    room = WIDTH / max(1, len(days))
    width = room * (1 - _GAP) / max(1, len(series))
    bars = []
    for place, (name, numbers) in enumerate(series.items()):
        for at, number in enumerate(numbers):
            if number:
                height = max(2.0, number / top * HEIGHT)
                x = at * room + room * _GAP / 2 + place * width
                bars.append(Bar(name, *(round(v, 2) for v in (x, HEIGHT - height, width, height))))
    half = top // 2
    lines = [(float(HEIGHT), 0), *([(HEIGHT / 2, half)] if top % 2 == 0 else []), (0.0, top)]
    labels = [days[0], days[len(days) // 2], days[-1]] if days else []
    return Columns(bars, lines, labels)


def top_of(number: int) -> int:
    """Find the round number that a scale ends at: 1, 2 or 5 and noughts, no less than 2."""
    size = 1
    while True:
        for step in _STEPS:
            if step * size >= max(number, 2):
                return step * size
        size *= 10


def part_of(number: float, whole: float) -> float:
    """Say how long a bar of 100 is; a number above 0 is always seen."""
    if number <= 0 or whole <= 0:
        return 0
    return round(max(1.0, min(100.0, number / whole * 100)), 2)
