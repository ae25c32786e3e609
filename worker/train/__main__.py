"""Train the small model: `python -m worker.train`, or `make train-model`."""

import argparse
import logging
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from worker.train import stages
from worker.train.budgets import BUDGETS, SHIPPED, Budget, Length


def main() -> None:
    """Read the options and run the recipe."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = vars(_parser().parse_args())
    only_export = options.pop("export")
    budget = _budget(options)
    named = Path("build") / ("train" if budget.name == SHIPPED.name else f"train-{budget.name}")
    plan = stages.Plan(
        folder=options["folder"] or named,
        budget=budget,
        until=_moment(options["until"]),
        start=options["start"],
        weights=options["weights"],
        all_concepts=options["all_concepts"],
    )
    try:
        if only_export:
            stages.export_pipeline(plan)
        else:
            stages.run(plan)
    except stages.OtherRun as error:
        sys.exit(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.train", description=__doc__)
    parser.add_argument("--budget", choices=BUDGETS, default=SHIPPED.name, help="of every stage")
    parser.add_argument("--folder", type=Path, help="checkpoints; build/train unless the budget is")
    parser.add_argument("--processes", type=int, help="one thread each")
    parser.add_argument("--minutes", type=float, help="for the denoiser")
    parser.add_argument("--until", help="when the denoiser is to be done: HH:MM, today")
    parser.add_argument("--autoencoder-minutes", type=float)
    parser.add_argument("--decoder-minutes", type=float)
    parser.add_argument("--text-minutes", type=float)
    parser.add_argument("--shards", type=int, help="files of scenes for the denoiser")
    parser.add_argument("--from", type=Path, dest="start", help="a pipeline to go on from")
    parser.add_argument("--weights", type=Path, help="JSON: how often new scenes show a concept")
    parser.add_argument("--all-concepts", action="store_true", help="the second list too")
    parser.add_argument("--export", action="store_true", help="only write the pipeline so far")
    return parser


def _budget(options: dict[str, Any]) -> Budget:  # argparse
    """Take the named budget, with what was asked for otherwise."""
    named = BUDGETS[options["budget"]]
    return replace(
        named,
        autoencoder=_length(options["autoencoder_minutes"], named.autoencoder),
        decoder=_length(options["decoder_minutes"], named.decoder),
        text=_length(options["text_minutes"], named.text),
        denoiser=_length(options["minutes"], named.denoiser),
        shards=named.shards if options["shards"] is None else options["shards"],
        processes=options["processes"] or named.processes,
    )


def _length(minutes: float | None, planned: Length) -> Length:
    return planned if minutes is None else Length(minutes=minutes)


def _moment(clock: str | None) -> float | None:
    if clock is None:
        return None
    hour, minute = map(int, clock.split(":"))
    return datetime.now().astimezone().replace(hour=hour, minute=minute, second=0).timestamp()


if __name__ == "__main__":
    main()
