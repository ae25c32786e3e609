"""Measure the shipped model: `make eval-model` draws, reads the pictures and tells what holds.

    python -m worker.train.evaluate [--model FOLDER] [--seeds 3] [--concepts N] [--quick]

Draws every concept alone on white, and things on colours, pairs, pairs that were never taught and
shapes anew for each seed, with the profile's own steps and guidance. The reading uses no weights
(`worker.train.evaluation`) and is itself checked: on true pictures, on true pictures that went
through the autoencoder, and with the prompts shuffled.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.catalog import SHIPPED_MODELS, ModelProfile, load_profile
from worker.engine.weights import weights_sha256
from worker.train.artwork import Artwork, fetch_font
from worker.train.concepts import CONCEPTS, FURTHER_CONCEPTS, TrainedConcept
from worker.train.evaluation import Check, Pixels
from worker.train.evaluation_cases import HELD_OUT, Case, cases_for, true_picture
from worker.train.evaluation_report import REPORT, Evaluation, print_table, publish
from worker.train.evaluation_scores import Reading, read
from worker.train.evaluation_sheet import draw_sheet
from worker.train.scenes import SIZE

ARTWORK = Path("build/train/artwork")
BATCH = 12
"""Pictures that are drawn at once: as fast as more, and little memory."""
_TIMED = 5
_QUICK = 3
"""A quick evaluation asks for every third concept."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure and where to write the figures."""

    model: Path
    seeds: int = 3
    concepts: int | None = None
    """Ask for so many of them alone; None: for all."""
    is_quick: bool = False
    steps: int | None = None
    guidance_scale: float | None = None
    sheet: Path | None = None
    """Where the samples go; None: beside the model, unless it is quick."""
    report: Path = REPORT
    artwork: Path = ARTWORK


class Painter:
    """Draw pictures with the stock pipeline of a model's folder, on one thread."""

    def __init__(self, folder: Path, steps: int, guidance_scale: float) -> None:
        from diffusers import DiffusionPipeline

        torch.set_num_threads(1)
        # The pipelines are duck-typed: any that takes words and these arguments will do.
        self._pipeline: Any = DiffusionPipeline.from_pretrained(  # type: ignore[no-untyped-call] # diffusers publishes no types
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
        self._pipeline.set_progress_bar_config(disable=True)
        self._steps, self._guidance_scale = steps, guidance_scale

    @torch.inference_mode()
    def draw(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[Pixels]:
        """Draw one picture a prompt, each from its own seed."""
        drawn = self._pipeline(
            list(prompts),
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
            num_inference_steps=self._steps,
            guidance_scale=self._guidance_scale,
            output_type="pil",
        )
        return [_at_size(image) for image in drawn.images]

    @torch.inference_mode()
    def through_autoencoder(self, pictures: Sequence[Pixels], native_size: int) -> list[Pixels]:
        """Encode and decode pictures: what the decoder alone costs."""
        side, box = (native_size, native_size), Image.Resampling.BOX
        small = [Image.fromarray(each).resize(side, box) for each in pictures]
        pixels = torch.from_numpy(np.stack([np.asarray(each) for each in small]))
        autoencoder = self._pipeline.vae
        encoded = autoencoder.encode(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1)
        decoded = autoencoder.decode(encoded.latents).sample.clamp(-1, 1)
        back = ((decoded + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
        return [_at_size(Image.fromarray(each)) for each in back]

    def seconds_per_image(self) -> tuple[float, float]:
        """Time pictures drawn one by one, as the bot draws them: on the clock, and of processor."""
        self.draw(["a cat"], [0])
        clock, processor = [], []
        for seed in range(_TIMED):
            began, worked = time.monotonic(), time.process_time()
            self.draw(["a cat on a blue background"], [seed])
            clock.append(time.monotonic() - began)
            processor.append(time.process_time() - worked)
        return statistics.median(clock), statistics.median(processor)


def taught_to(profile: ModelProfile) -> tuple[TrainedConcept, ...]:
    """List the concepts of the recipe that a model's vocabulary names.

    One that is still in training has no vocabulary beside it: it is taught what the recipe lists.
    """
    if profile.vocabulary is None:
        return CONCEPTS
    known = {concept.name for concept in profile.vocabulary.concepts}
    return tuple(each for each in (*CONCEPTS, *FURTHER_CONCEPTS) if each.name in known)


def evaluate(
    painter: Painter,
    artwork: Artwork,
    evaluation: Evaluation,
    asked: Sequence[TrainedConcept],
    report: Path = REPORT,
) -> dict[Case, Pixels]:
    """Fill in an evaluation seed by seed, publishing what there is after each.

    Returns:
        The pictures of the first seed.
    """
    concepts = taught_to(evaluation.profile)
    # Only a model that was trained by this recipe has never seen the pairs that it holds out.
    is_ours = {concept.name for concept in CONCEPTS} <= {concept.name for concept in concepts}
    check = Check(artwork, [concept.name for concept in concepts])
    first: dict[Case, Pixels] = {}
    for seed in range(evaluation.seeds):
        cases = cases_for(concepts, seed, asked=asked)
        cases = [case for case in cases if is_ours or case.kind != HELD_OUT]
        evaluation.add_controls(*_controls(painter, artwork, check, cases, evaluation))
        drawn = dict(_drawn(painter, cases, f"seed {seed + 1}/{evaluation.seeds}"))
        evaluation.add([read(check, case, picture) for case, picture in drawn.items()])
        first = first or drawn
        publish(evaluation, report)
    return first


def _controls(
    painter: Painter,
    artwork: Artwork,
    check: Check,
    cases: Sequence[Case],
    evaluation: Evaluation,
) -> tuple[list[Reading], list[Reading]]:
    """Read the true pictures, as they are and from the autoencoder."""
    size = evaluation.profile.native_size or SIZE
    true = [true_picture(case, artwork) for case in cases]
    decoded = [
        picture
        for at in range(0, len(true), BATCH)
        for picture in painter.through_autoencoder(true[at : at + BATCH], size)
    ]
    both = (
        [read(check, *pair) for pair in zip(cases, made, strict=True)] for made in (true, decoded)
    )
    return next(both), next(both)


def _drawn(painter: Painter, cases: Sequence[Case], title: str) -> Iterator[tuple[Case, Pixels]]:
    began = time.monotonic()
    for at in range(0, len(cases), BATCH):
        batch = cases[at : at + BATCH]
        pictures = painter.draw([case.prompt for case in batch], [case.seed for case in batch])
        yield from zip(batch, pictures, strict=True)
        done = at + len(batch)
        pace = (time.monotonic() - began) / done
        print(f"{title}: {done} of {len(cases)} pictures, {pace:.2f} s each", flush=True)


def _at_size(image: Image.Image) -> Pixels:
    """Bring a picture to the size that the check compares at."""
    if image.size != (SIZE, SIZE):
        image = image.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(image.convert("RGB"))


def _request() -> Request:
    parser = argparse.ArgumentParser(description="Measure the shipped model.")
    parser.add_argument("--model", type=Path, default=SHIPPED_MODELS / "easel-small")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--concepts", type=int, help="ask for the first N alone, not for all")
    parser.add_argument("--quick", action="store_true", help="one seed, every third concept")
    parser.add_argument("--steps", type=int, help="instead of the profile's")
    parser.add_argument("--guidance", type=float, help="instead of the profile's")
    parser.add_argument("--sheet", type=Path, help="where the samples go: beside the model")
    given = parser.parse_args()
    return Request(
        model=given.model,
        seeds=1 if given.quick else given.seeds,
        concepts=given.concepts,
        is_quick=given.quick,
        steps=given.steps,
        guidance_scale=given.guidance,
        sheet=given.sheet,
    )


def is_measured(model: Path, report: Path) -> bool:
    """Say whether a report tells all of the weights in a model's folder."""
    if not report.is_file():
        return False
    detail = json.loads(report.read_text("utf-8")).get("detail", {})
    is_of_these = detail.get("model_sha256") == weights_sha256(model)
    return is_of_these and detail.get("is_complete") is True


def main() -> None:
    """Evaluate a model's folder."""
    run(_request())


def run(options: Request) -> None:
    """Measure what a request names; write the report and the sheet."""
    profile = load_profile(str(options.model))
    concepts = taught_to(profile)
    asked = concepts[:: _QUICK if options.is_quick else 1][: options.concepts]
    steps = options.steps or profile.steps["standard"]
    guidance_scale = options.guidance_scale or profile.guidance_scale
    painter = Painter(options.model, steps, guidance_scale)
    seconds, processor_seconds = painter.seconds_per_image()
    evaluation = Evaluation(
        profile=profile,
        sha256=weights_sha256(options.model),
        concepts=len(concepts),
        asked=len(asked),
        seeds=options.seeds,
        steps=steps,
        guidance_scale=guidance_scale,
        seconds_per_image=seconds,
        processor_seconds_per_image=processor_seconds,
    )
    artwork = Artwork.load(fetch_font(options.artwork).parent, concepts)
    pictures = evaluate(painter, artwork, evaluation, asked, options.report)
    print_table(evaluation, options.report)
    sheet = options.sheet or (None if options.is_quick else options.model / "samples.png")
    if sheet is not None:
        draw_sheet(painter.draw, pictures, sheet)
        print(f"{sheet}: {sheet.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
