"""Measure labels: the mark through what platforms do, and the sections of its neighbours.

Run by `make bench-provenance`; writes build/bench/provenance.json. A section is a module here with
`measure() -> list[Figure]`; one whose module is missing is left out, and the table says so.
"""

import argparse
import importlib
import importlib.util

from bench import provenance_mark
from bench.report import Figure, publish

SECTIONS = ("bench.provenance_stage", "bench.provenance_verify", "bench.provenance_looks")
"""The label stage and its bytes; the ladder and its wrong answers; looks among a million."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["mark"], help="Leave the other sections out.")
    wanted = parser.parse_args()
    figures, detail = provenance_mark.measure()
    for name in () if wanted.only else SECTIONS:
        found = importlib.util.find_spec(name)
        if found is None:
            print(f"{name}: not here")
            continue
        section: list[Figure] = importlib.import_module(name).measure()
        figures += section
    publish("provenance", figures, detail)


if __name__ == "__main__":
    main()
