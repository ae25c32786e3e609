"""Train the text screen: `python -m moderation.train --data DIR --minilm DIR_OR_WHEEL --out DIR`.

What is there already is not made again: a stopped run goes on where it was.
"""

import argparse
import logging
from pathlib import Path

import torch

from moderation.train.fitting import Lesson
from moderation.train.minilm import find_minilm
from moderation.train.stages import Plan, run


def main() -> None:
    """Read the options and run the recipe."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m moderation.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the labelled sets (*.jsonl)")
    parser.add_argument("--minilm", type=Path, required=True, help="the wheel, or its model folder")
    parser.add_argument("--out", type=Path, default=Path("build/moderation-train"))
    parser.add_argument("--date", default="unfinished", help="the first part of the version")
    parser.add_argument("--epochs", type=int, default=1, help="for each fold")
    parser.add_argument("--final-epochs", type=int, default=2, help="for what is shipped")
    parser.add_argument("--runs", type=int, default=2, help="networks that are averaged")
    parser.add_argument("--ship", type=Path, help="copy the finished screen there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    lesson = Lesson(epochs=options.epochs)
    minilm = find_minilm(options.minilm, options.out / "minilm")
    run(
        Plan(
            data=options.data,
            minilm=minilm,
            out=options.out,
            date=options.date,
            lesson=lesson,
            final_epochs=options.final_epochs,
            runs=options.runs,
            ship=options.ship,
        )
    )


if __name__ == "__main__":
    main()
