"""Put the trained parts together as a stock pipeline."""

from pathlib import Path

import torch

from worker.train.denoiser import build_scheduler
from worker.train.parts import Autoencoder, Denoiser, TextEncoder, Tokenizer, new_pipeline


def save_pipeline(
    unet: Denoiser,
    encoder: TextEncoder,
    autoencoder: Autoencoder,
    tokenizer: Tokenizer,
    folder: Path,
) -> None:
    """Write the parts as a pipeline in half precision, which needs no code but diffusers' own."""
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
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True)
