"""Train the shipped model: `python -m worker.train`, or `make train-model`."""

import argparse
import logging
from datetime import datetime
from pathlib import Path

from worker.train import stages


def main() -> None:
    """Read the options and run the recipe."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m worker.train", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/train"), help="checkpoints")
    parser.add_argument("--processes", type=int, default=2, help="one thread each")
    parser.add_argument("--minutes", type=float, default=150, help="for the denoiser")
    parser.add_argument("--until", help="when the denoiser is to be done: HH:MM, today")
    parser.add_argument("--autoencoder-minutes", type=float, default=15)
    parser.add_argument("--text-minutes", type=float, default=5)
    parser.add_argument("--shards", type=int, default=16, help="of 2,048 scenes each")
    parser.add_argument("--from", type=Path, dest="start", help="a pipeline to go on from")
    parser.add_argument("--weights", type=Path, help="JSON: how often new scenes show a concept")
    parser.add_argument("--all-concepts", action="store_true", help="the second list too")
    parser.add_argument("--export", action="store_true", help="only write the pipeline so far")
    options = vars(parser.parse_args())
    only_export = options.pop("export")
    plan = stages.Plan(**options | {"until": _moment(options["until"])})
    if only_export:
        stages.export_pipeline(plan)
    else:
        stages.run(plan)


def _moment(clock: str | None) -> float | None:
    if clock is None:
        return None
    hour, minute = map(int, clock.split(":"))
    return datetime.now().astimezone().replace(hour=hour, minute=minute, second=0).timestamp()


if __name__ == "__main__":
    main()
