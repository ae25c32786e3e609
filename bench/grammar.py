"""Measure how long the grammar takes with the worst 10,000 characters that a person can send."""

import contextlib
import time

from bench.report import Figure, publish
from bot.grammar import parse
from core.errors import UserError

LENGTH = 10_000
HALF = LENGTH // 2
BAR_MS = 10.0
"""The grammar's promise, on any input."""
BAR_GROWTH = 3.0
"""Twice the text takes twice the time; four times would be a reader that looks back."""
ROUNDS = 5

UNITS = (
    *("a", "a ", " ", ",", " ,", ",;", "=", "-", "0", "9.", "\\", "\\\\", "\u00e9", "\U0001f408"),
    *("{", "}", "{a,b}", "{a,", "{{a,b},", "\\{", "::", "a::", "a::2 "),
    *('"', '"a" ', '"a', 'a" ', "\u201ca "),
    *("--", " --", "-- ", "--a", " --no", "--no=,", "a--tile", "a--tilt", "x--"),
    *("\u2014", " \u2014no", " \u2014nope", "\u200b", "\x00", "\ud800", "\u202e"),
)
"""What a repetition makes hard for a reader that backtracks, recurses or looks ahead."""

FRAMES = (
    *("UNIT", "--UNIT", "a --no UNIT", "a --no=UNIT!", "a --style UNIT", "a --style=UNIT"),
    *('"UNIT', '"UNIT"', "{UNIT}", "UNIT} --x"),
)
"""Where the repetition stands: prompt, flag name, list, value, quote, brace."""


def measure_ms(frame: str, unit: str, length: int) -> float:
    """Take the best of some rounds of CPU time: what is left is the grammar itself."""
    text = frame.replace("UNIT", unit * (length // len(unit)))
    best_s = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        with contextlib.suppress(UserError):
            parse(text)
        best_s = min(best_s, time.thread_time() - start)
    return best_s * 1000


def main() -> None:
    """Measure each hard text, and the slowest at two lengths."""
    texts = [(frame, unit) for frame in FRAMES for unit in UNITS]
    times_ms = {text: measure_ms(*text, LENGTH) for text in texts}
    slowest = sorted(texts, key=times_ms.__getitem__, reverse=True)[:5]
    worst_ms = times_ms[slowest[0]]
    worst_growth = max(measure_ms(*text, LENGTH) / measure_ms(*text, HALF) for text in slowest)
    figures = [
        Figure("grammar_worst_ms", "grammar, worst 10,000 characters", worst_ms, "ms", BAR_MS),
        Figure("grammar_growth", "grammar, twice the text", worst_growth, "x", BAR_GROWTH),
    ]
    detail = {f"{frame!r} of {unit!r}": times_ms[frame, unit] for frame, unit in slowest}
    publish("grammar", figures, {"texts": len(texts), "slowest_ms": detail})


if __name__ == "__main__":
    main()
