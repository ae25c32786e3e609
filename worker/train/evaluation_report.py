"""Gather an evaluation's figures, print the closing table and write them as JSON."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.catalog import ModelProfile
from worker.train.evaluation_scores import (
    ConceptScore,
    Reading,
    Score,
    by_concept,
    scores,
    shuffled_top1,
    top1,
)

REPORT = Path("build/bench/model.json")

_SHOWN = 12
"""Concepts that the table names, the worst first; the file has them all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to reach."""

    key: str
    what: str
    bar: float
    higher_is_better: bool = True

    def holds(self, value: float) -> bool:
        """Tell whether a value reaches the bar."""
        return value >= self.bar if self.higher_is_better else value <= self.bar


BARS = (
    Bar("single_top1", "one thing: the nearest artwork is it", 0.90),
    Bar("single_top5", "one thing: among the five nearest", 0.98),
    Bar("background", "colour of the background", 0.98),
    Bar("pair_slot_top1", "each of two things, in its place", 0.85),
    Bar("heldout_pair_slot_top1", "the same, pairs that were never taught", 0.70),
    Bar("shape_kind", "kind of shape", 0.85),
    Bar("shape_colour", "colour of shape", 0.90),
    Bar("check_true_top1", "check: true pictures", 1.0),
    Bar("check_autoencoder_top1", "check: true pictures, through the autoencoder", 0.98),
    Bar("shuffled_top1", "check: prompts shuffled", 0.05, higher_is_better=False),
    Bar("seconds_per_image", "seconds an image, alone, one thread", 3.0, higher_is_better=False),
)


@dataclass
class Evaluation:
    """What is measured, under what conditions, and what was read so far."""

    profile: ModelProfile
    sha256: str
    concepts: int
    asked: int
    seeds: int
    steps: int
    guidance_scale: float
    seconds_per_image: float
    processor_seconds_per_image: float
    """What it takes where nothing else runs: the clock's seconds depend on the neighbours."""
    readings: list[Reading] = field(default_factory=list)
    true: list[Reading] = field(default_factory=list)
    decoded: list[Reading] = field(default_factory=list)
    seeds_done: int = 0

    def add(self, readings: list[Reading]) -> None:
        """Count in one seed's pictures."""
        self.readings += readings
        self.seeds_done += 1

    def add_controls(self, true: list[Reading], decoded: list[Reading]) -> None:
        """Count in what was read off true pictures, plain and through the autoencoder."""
        self.true += true
        self.decoded += decoded

    def scores(self) -> dict[str, Score]:
        """Work out every figure, the controls among them."""
        return {
            **scores(self.readings, self.concepts),
            "check_true_top1": top1(self.true, self.concepts),
            "check_autoencoder_top1": top1(self.decoded, self.concepts),
            "shuffled_top1": shuffled_top1(self.readings, self.concepts),
            **_named("check_true", scores(self.true, self.concepts)),
            **_named("check_autoencoder", scores(self.decoded, self.concepts)),
        }

    def values(self) -> dict[str, float]:
        """Give the figures that have a bar."""
        measured = {key: score.value for key, score in self.scores().items()}
        measured["seconds_per_image"] = self.seconds_per_image
        return {bar.key: measured[bar.key] for bar in BARS if bar.key in measured}


def _named(prefix: str, named: dict[str, Score]) -> dict[str, Score]:
    """Keep of a control's figures those that say whether shapes and backgrounds can be read."""
    kept = ("background", "shape_kind", "shape_colour")
    return {f"{prefix}_{key}": named[key] for key in kept if key in named}


def publish(evaluation: Evaluation, path: Path = REPORT) -> None:
    """Write the figures so far, keeping what else the file says of other parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = evaluation.values()
    measured = evaluation.scores()
    record = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **{key: round(value, 4) for key, value in values.items()},
        "bars": {
            bar.key: {"bar": bar.bar, "holds": bar.holds(values[bar.key])}
            for bar in BARS
            if bar.key in values
        },
        "n": {key: score.count for key, score in measured.items()},
        "chance": {key: round(score.chance, 4) for key, score in measured.items()},
        "detail": {
            "model": evaluation.profile.name,
            "model_sha256": evaluation.sha256,
            "concepts": evaluation.concepts,
            "concepts_asked_alone": evaluation.asked,
            "seeds": evaluation.seeds_done,
            "is_complete": evaluation.seeds_done == evaluation.seeds,
            "steps": evaluation.steps,
            "guidance_scale": evaluation.guidance_scale,
            "processor_seconds_per_image": round(evaluation.processor_seconds_per_image, 3),
            "further": {
                key: round(score.value, 4) for key, score in measured.items() if key not in values
            },
            "by_concept": [_row(score) for score in by_concept(evaluation.readings)],
        },
    }
    path.write_text(json.dumps({**_kept(path), **record}, indent=2) + "\n", "utf-8")


def add_figures(figures: dict[str, float], path: Path = REPORT) -> None:
    """Write another part's figures into the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**found, **figures}, indent=2) + "\n", "utf-8")


def _kept(path: Path) -> dict[str, object]:
    """Read what the enlarger's evaluation wrote into the same file."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_text("utf-8"))
    return {key: value for key, value in found.items() if key.startswith("enlarger_")}


def _row(score: ConceptScore) -> dict[str, object]:
    return {
        "concept": score.concept,
        "top1": round(score.top1, 3),
        "n": score.count,
        "single_top1": None if score.single_top1 is None else round(score.single_top1, 3),
        "taken_for": score.taken_for,
    }


def print_table(evaluation: Evaluation, path: Path = REPORT) -> None:
    """Print every figure beside its bar, its chance level and its count, and the worst concepts."""
    values, measured = evaluation.values(), evaluation.scores()
    width = max(len(bar.what) for bar in BARS)
    print(
        f"\n{evaluation.profile.title}: {evaluation.concepts} concepts, {evaluation.steps} steps, "
        f"guidance {evaluation.guidance_scale:g}, {evaluation.seeds_done} seeds\n"
    )
    print(f"{'what':<{width}}  {'measured':>8}  {'bar':>7}  {'chance':>6}  {'n':>5}")
    for bar in BARS:
        if bar.key in values:
            print(_line(bar, values[bar.key], measured.get(bar.key), width))
    print("\nworst first:")
    for score in by_concept(evaluation.readings)[:_SHOWN]:
        taken = ", ".join(score.taken_for)
        print(f"  {score.concept:<14} {score.top1:.2f} of {score.count:<3} taken for {taken}")
    print(f"\n{path}")


def _line(bar: Bar, value: float, score: Score | None, width: int) -> str:
    sign = ">=" if bar.higher_is_better else "<="
    beside = f"{score.chance:>6.2f}  {score.count:>5}" if score else f"{'':>6}  {'':>5}"
    holds = "holds" if bar.holds(value) else "MISSED"
    return f"{bar.what:<{width}}  {value:>8.3f}  {sign} {bar.bar:.2f}  {beside}  {holds}"
