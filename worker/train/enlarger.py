"""Train the network that enlarges pictures for posting: `make train-enlarger`.

    python -m worker.train.enlarger [--minutes 30 | --until 16:35 | --budget tiny] [--measure]

It learns from vector emoji, rendered at 512 pixels and shrunk to 128 by several kernels; half of
the small pictures went through the pipeline's own autoencoder, so that it also mends what that
one does to edges. It is measured on drawings that it never saw, against Lanczos.
"""

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import l1_loss

from core.catalog import SHIPPED_MODELS
from worker.engine.enlarge import FACTOR, FOLDER, Enlarger, EnlargerNetwork
from worker.train.budgets import Length
from worker.train.enlarger_artwork import VectorArtwork
from worker.train.enlarger_scenes import LARGE, Pixels, large_scene, shrunk
from worker.train.evaluation_report import REPORT, add_figures
from worker.train.loops import Lesson, Loop
from worker.train.parallel import Team
from worker.train.scenes import SIZE
from worker.train.schedules import Stopwatch

log = logging.getLogger(__name__)

WORK = Path("build/train/enlarger")
AUTOENCODERS = (Path("build/train/vae"), SHIPPED_MODELS / "easel-small" / "vae")
"""The pipeline's autoencoder where it has been trained here, else the shipped one."""

WIDTH, DEPTH = 32, 6
"""125,744 weights: twice as wide costs three times as much, in training and for each picture."""

_VARIANTS = 4
_DECODED = 2
"""Of the small pictures of a scene, how many went through the autoencoder."""
_PATCH = 32
_BATCH = 16
_NOISE = 1.5 / 255
"""The most noise, as a spread, that is added to a small picture."""
_LESSON = Lesson("enlarger", peak=2e-3, weight_decay=1e-4, decay=0.998, save_every=200)


@dataclass(frozen=True, slots=True)
class Budget:
    """How many scenes to learn from and to measure on, and how long to learn."""

    scenes: int
    measured: int
    length: Length


BUDGETS = {
    "shipped": Budget(scenes=900, measured=60, length=Length(minutes=30)),
    "tiny": Budget(scenes=24, measured=4, length=Length(steps=40)),
}
"""What the shipped network got, and what merely walks the road."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Large pictures and the small ones made of each."""

    large: Pixels
    small: Pixels
    """Scene, variant, height, width, RGB."""

    @classmethod
    def prepare(
        cls, folder: Path, artwork: VectorArtwork, autoencoder: Path | None, scenes: int
    ) -> "Pairs":
        """Read the pairs of a folder, or make so many scenes of them."""
        paths = [folder / "large.npy", folder / "small.npy"]
        if not all(path.is_file() for path in paths):
            made = _pairs(artwork, artwork.taught, range(scenes), autoencoder)
            for path, pixels in zip(paths, (made.large, made.small), strict=True):
                partial = path.with_suffix(".partial.npy")
                np.save(partial, pixels)
                partial.replace(path)
        large, small = (np.load(path, mmap_mode="r") for path in paths)
        return cls(large, small)


def train(folder: Path, pairs: Pairs, watch: Stopwatch) -> EnlargerNetwork:
    """Train until the plan is done, from the last checkpoint where there is one."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = EnlargerNetwork(WIDTH, DEPTH)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's types know no memory format here.
    loop = Loop(_LESSON, network, Team(), watch, folder)
    loop.run(lambda _share: _loss(network, *_batch(pairs, loop.chance())))
    network.load_state_dict(loop.average)
    return network


def save(network: EnlargerNetwork, folder: Path) -> None:
    """Write a network in half precision, with what is needed to build it."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    config = {"width": WIDTH, "depth": DEPTH, "factor": FACTOR}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def measure(enlarger: Enlarger, pairs: Pairs) -> dict[str, float]:
    """Compare with Lanczos on each kind of small picture, in decibels, the mean over pictures."""
    kinds = ("", "_decoded")[: pairs.small.shape[1]]
    figures: dict[str, float] = {}
    for variant, kind in enumerate(kinds):
        smalls = pairs.small[:, variant]
        by_network = [enlarger.enlarge(small, LARGE) for small in smalls]
        by_lanczos = [lanczos(small, LARGE) for small in smalls]
        network, plain = _psnr(by_network, pairs.large), _psnr(by_lanczos, pairs.large)
        figures |= {
            f"enlarger_psnr{kind}_db": round(network, 2),
            f"enlarger_lanczos{kind}_db": round(plain, 2),
            f"enlarger_psnr_gain{kind}_db": round(network - plain, 2),
        }
    return figures


def lanczos(pixels: Pixels, side: int) -> Pixels:
    """Enlarge a square picture as it is done without a network."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))


def held_out_pairs(artwork: VectorArtwork, autoencoder: Path | None, count: int) -> Pairs:
    """Make the pairs to measure with: drawings never trained on, shrunk plainly, then decoded."""
    scenes = [large_scene(artwork, artwork.held_out, 10_000 + seed) for seed in range(count)]
    plain = np.stack([np.asarray(shrunk(scene)) for scene in scenes])
    smalls = [plain] if autoencoder is None else [plain, _decoded(plain, autoencoder)]
    return Pairs(np.stack([np.asarray(scene) for scene in scenes]), np.stack(smalls, axis=1))


def _pairs(
    artwork: VectorArtwork, names: Sequence[str], seeds: range, autoencoder: Path | None
) -> Pairs:
    large = np.empty((len(seeds), LARGE, LARGE, 3), np.uint8)
    small = np.empty((len(seeds), _VARIANTS, SIZE, SIZE, 3), np.uint8)
    for place, seed in enumerate(seeds):
        scene = large_scene(artwork, names, seed)
        chance = Random(seed)  # noqa: S311 - pictures, not secrets.
        large[place] = np.asarray(scene)
        for variant in range(_VARIANTS):
            made = shrunk(scene, chance if variant else None)
            small[place, variant] = np.asarray(made)
    if autoencoder is None:
        log.warning("no autoencoder at hand: the enlarger will not learn to mend its pictures")
    else:
        for variant in range(_VARIANTS - _DECODED, _VARIANTS):
            small[:, variant] = _decoded(small[:, variant], autoencoder)
    return Pairs(large, small)


@torch.inference_mode()
def _decoded(pictures: Pixels, folder: Path) -> Pixels:
    """Send pictures through the pipeline's autoencoder."""
    from diffusers import AutoencoderTiny

    # diffusers publishes no types.
    model: Any = AutoencoderTiny.from_pretrained(  # type: ignore[no-untyped-call]
        folder, dtype=torch.float32, local_files_only=True
    )
    made = []
    for at in range(0, len(pictures), _BATCH):
        pixels = torch.from_numpy(pictures[at : at + _BATCH].copy()).permute(0, 3, 1, 2)
        latents = model.encode(pixels.float() / 127.5 - 1).latents
        drawn = model.decode(latents).sample.clamp(-1, 1)
        made.append(((drawn + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(made)


def _batch(pairs: Pairs, chance: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Cut patches where there is something to see, turned every way; small first."""
    patches = [_patch(pairs, chance) for _ in range(_BATCH)]
    turns, mirror = int(chance.integers(4)), int(chance.choice((1, -1)))
    small, large = (
        _tensor([np.rot90(patch, turns)[:, ::mirror] for patch in side])
        for side in zip(*patches, strict=True)
    )
    spread = float(chance.uniform(0, _NOISE))
    return small + spread * torch.randn_like(small), large


def _patch(pairs: Pairs, chance: np.random.Generator) -> tuple[Pixels, Pixels]:
    """Take the most eventful of a few places: flat ground is learnt soon enough."""
    scene = int(chance.integers(len(pairs.large)))
    variant = int(chance.integers(pairs.small.shape[1]))
    places = chance.integers(0, SIZE - _PATCH + 1, (3, 2))
    small = pairs.small[scene, variant]
    cuts = [small[top : top + _PATCH, left : left + _PATCH] for top, left in places]
    best = int(np.argmax([cut[::2, ::2].std() for cut in cuts]))
    top, left = places[best] * FACTOR
    large = pairs.large[scene, top : top + _PATCH * FACTOR, left : left + _PATCH * FACTOR]
    return cuts[best], large


def _tensor(patches: Sequence[Pixels]) -> Tensor:
    pixels = torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2)
    return pixels.to(memory_format=torch.channels_last).float() / 255


def _loss(network: EnlargerNetwork, small: Tensor, large: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        drawn = network(small)
    drawn = drawn.float()
    edges = l1_loss(drawn.diff(dim=3), large.diff(dim=3)) + l1_loss(
        drawn.diff(dim=2), large.diff(dim=2)
    )
    return l1_loss(drawn, large) + 0.5 * edges


def _psnr(made: Sequence[Pixels], true: Pixels) -> float:
    errors = [
        np.square(each.astype(np.float32) - wanted).mean()
        for each, wanted in zip(made, true, strict=True)
    ]
    return float(np.mean([10 * np.log10(255**2 / max(error, 1e-3)) for error in errors]))


def _until(clock: str) -> float:
    """Read a time of today as seconds since the epoch."""
    at = datetime.strptime(clock, "%H:%M").astimezone()
    today = datetime.now().astimezone()
    return today.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0).timestamp()


def main() -> None:
    """Train, write and measure the network."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description="Train the network that enlarges pictures.")
    parser.add_argument("--budget", choices=BUDGETS, default="shipped")
    parser.add_argument("--minutes", type=float, help="instead of the budget's")
    parser.add_argument("--until", help="train until this time of today, as 16:35")
    parser.add_argument("--measure", action="store_true", help="only measure what is shipped")
    parser.add_argument("--folder", type=Path, help="checkpoints; the network goes into it, too")
    parser.add_argument("--output", type=Path, help="the network, instead")
    options = parser.parse_args()
    budget = BUDGETS[options.budget]
    folder = options.folder or WORK.with_name(f"enlarger-{options.budget}".removesuffix("-shipped"))
    output, report = options.output or folder / "network", folder / "evaluation.json"
    artwork = VectorArtwork.load(folder)
    autoencoder = next(each for each in AUTOENCODERS if (each / "config.json").is_file())
    if options.measure:
        output, report = options.output or FOLDER, REPORT
    else:
        pairs = Pairs.prepare(folder, artwork, autoencoder, budget.scenes)
        log.info("enlarger: %d scenes", len(pairs.large))
        length = Length(options.minutes) if options.minutes else budget.length
        watch = length.watch(_until(options.until) if options.until else None)
        save(train(folder, pairs, watch), output)
    torch.set_num_threads(1)
    figures = measure(Enlarger.load(output), held_out_pairs(artwork, autoencoder, budget.measured))
    add_figures(figures, report)
    print(f"{output}; figures in {report}")
    for key, value in figures.items():
        print(f"{key:<32} {value:>6.2f}")


if __name__ == "__main__":
    main()
