"""Say whether the record is whole, and if not, where it breaks first and how."""

from core.contracts.records import Break, ChainReport

BREAKS = {
    Break.ALTERED: "Row {number} does not follow from the row before it: it, or that one, was "
    "altered.",
    Break.MISSING: "Row {number} is missing.",
    Break.INSERTED: "Row {number} was not written by Easel: somebody added it.",
    Break.REORDERED: "Row {number} stands in another's place: rows were moved.",
    Break.HEAD: "The end of the chain was removed or altered; the last sound row is {number}.",
    Break.UNCHAINED: "The rows before row {number}, which is where the chain begins, are not as "
    "many as they were then.",
}
"""What each break means, with the first wrong row's number."""


def chain_report(report: ChainReport) -> str:
    """Word what a look at the whole trail found, for a terminal."""
    lines = []
    if report.fault is not None:
        lines.append(BREAKS[report.fault].format(number=report.fault_no))
        lines.append(f"The {report.rows:,} chained rows before that are as they were written.")
    else:
        lines.append(f"{report.rows:,} chained rows are as they were written.")
    if report.unchained:
        lines.append(
            f"{report.unchained:,} rows are older than the chain, and nothing vouches for them."
        )
    if report.erased:
        lines.append(f"In {report.erased:,} rows somebody was erased at their wish.")
    if report.is_expected_found is not None:
        is_there = "is in" if report.is_expected_found else "is NOT in"
        lines.append(f"The expected hash {is_there} the chain.")
    if report.last_no:
        lines.append(f"Last sound row: {report.last_no}, hash {report.last_hash}")
    return "\n".join(lines)
