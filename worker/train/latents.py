"""Keep what the denoiser is trained on: the latents of many scenes, and their captions.

The scenes are encoded once, a shard at a time, so that training pays for no picture twice.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from worker.train import checkpoints
from worker.train.autoencoder import Pictures, factor_of, to_tensor
from worker.train.parallel import Team
from worker.train.parts import Autoencoder, Tokenizer
from worker.train.scenes import Stock, compose
from worker.train.tokenizer import MAX_LENGTH

log = logging.getLogger(__name__)

_BATCH = 32
SIDE = 16
"""Latents a side."""


@dataclass(frozen=True, slots=True)
class Shards:
    """Files to write, and the scenes in each."""

    numbers: range
    size: int = 2048


@dataclass(frozen=True, slots=True)
class Examples:
    """Scaled latents, and the tokens of the caption of each."""

    latents: Tensor
    tokens: Tensor

    def __len__(self) -> int:
        return len(self.latents)


def encode(
    team: Team, stock: Stock, autoencoder: Autoencoder, folder: Path, shards: Shards
) -> None:
    """Compose and encode the shards that are not there yet, each process its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for shard in shards.numbers[team.rank :: team.size]:
        path = folder / f"{shard:04}.pt"
        if not path.exists():
            first = shard * shards.size
            checkpoints.save(path, _encoded(stock, autoencoder, range(first, first + shards.size)))
            log.info("encoded %s", path.name)
    team.gather()


def load(folder: Path, tokenizer: Tokenizer) -> Examples:
    """Read every shard there is."""
    shards = [checkpoints.load(path) for path in sorted(folder.glob("*.pt"))]
    found = [shard for shard in shards if shard is not None]
    captions = [caption for shard in found for caption in shard["captions"]]
    return Examples(
        torch.cat([shard["latents"] for shard in found]), tokens_of(captions, tokenizer)
    )


def tokens_of(captions: list[str], tokenizer: Tokenizer) -> Tensor:
    """Turn captions into rows of token ids, filled up as the pipeline does it."""
    rows = tokenizer(captions, padding="max_length", max_length=MAX_LENGTH, truncation=True)
    return torch.tensor(rows["input_ids"], dtype=torch.long)


@torch.no_grad()
def _encoded(stock: Stock, autoencoder: Autoencoder, seeds: range) -> checkpoints.State:
    captions: list[str] = []
    latents: list[Tensor] = []
    for start in range(seeds.start, seeds.stop, _BATCH):
        scenes = [compose(stock, seed) for seed in range(start, min(start + _BATCH, seeds.stop))]
        captions += [scene.caption for scene in scenes]
        pixels = to_tensor(np.stack([_sized(scene.picture, autoencoder) for scene in scenes]))
        with torch.autocast("cpu", torch.bfloat16):
            coded = autoencoder.encode(pixels).latents
        latents.append((coded.float() * autoencoder.config.scaling_factor).half())
    return {"captions": captions, "latents": torch.cat(latents)}


def _sized(picture: Image.Image, autoencoder: Autoencoder) -> Pictures:
    """Make a picture small for an autoencoder whose factor is small: the latents stay as many."""
    side = SIDE * factor_of(autoencoder)
    small = picture.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small if picture.width != side else picture)
