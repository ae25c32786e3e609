"""Write the measured report for people, as tables."""

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Any]  # Any: JSON.

_RATES = "| {name} | {blocked:.3f} | {caught:.3f} | {count} | {low:.3f}-{high:.3f} |"


def as_tables(report: Report) -> str:
    """Write the report's tables."""
    thresholds = report["thresholds"]
    lines = [f"Thresholds: block {thresholds['block']:.3f}, review {thresholds['review']:.3f}", ""]
    for title in ("false alarms", "caught"):
        lines += _rates(title, report[title])
    lines += ["| ranking | AUROC | recall at 1 % | at 5 % |", "| --- | --- | --- | --- |"]
    for name, one in report["ranking"].items():
        cells = (one["auroc"], one["recall at 1 %"], one["recall at 5 %"])
        lines.append(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    lines += ["", "| hidden by | still caught | of |", "| --- | --- | --- |"]
    for name, one in report["evasions"].items():
        lines.append(f"| {name} | {one['share']:.3f} | {one['count']} |")
    lines += ["", "| category | F1 |", "| --- | --- |"]
    for name, value in report["categories"].items():
        lines.append(f"| {name or 'mean'} | {value:.3f} |")
    return "\n".join([*lines, "", f"Calibration error: {report['calibration error']:.3f}", ""])


def _rates(title: str, sets: Report) -> list[str]:
    lines = [
        f"| {title} | blocked | block or review | of | 95 % |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, rates in sets.items():
        caught = rates["caught"]
        if not caught["count"]:
            continue
        cells = {"blocked": rates["blocked"]["share"], "caught": caught["share"]}
        bounds = {key: caught[key] for key in ("count", "low", "high")}
        lines.append(_RATES.format(name=name, **cells, **bounds))
    return [*lines, ""]
