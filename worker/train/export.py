"""Put the trained parts together as a stock pipeline."""

import json
from collections.abc import Iterable
from pathlib import Path

import torch

from worker.train import checkpoints
from worker.train.concepts import TrainedConcept
from worker.train.denoiser import build_scheduler
from worker.train.parts import Autoencoder, Denoiser, TextEncoder, Tokenizer, new_pipeline
from worker.train.profiles import write_profile


def save_pipeline(
    models: tuple[Denoiser, TextEncoder],
    autoencoder: Autoencoder,
    tokenizer: Tokenizer,
    concepts: Iterable[TrainedConcept],
    folder: Path,
) -> None:
    """Write the parts as a pipeline in half precision, which needs no code but diffusers' own."""
    unet, encoder = models
    pipeline = new_pipeline(
        vae=autoencoder.to(memory_format=torch.contiguous_format),
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=unet.to(memory_format=torch.contiguous_format),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    with checkpoints.whole(folder) as partial:
        pipeline.to(torch.float16).save_pretrained(partial, safe_serialization=True)
        for config in partial.glob("*/config.json"):
            _forget_origin(config)
        write_profile(partial, concepts)


def _forget_origin(config: Path) -> None:
    """Leave out where a part was read from: that is a folder of this machine."""
    fields = json.loads(config.read_text("utf-8"))
    fields.pop("_name_or_path", None)
    config.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n", "utf-8")
