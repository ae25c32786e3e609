"""Build tiny Stable Diffusion pipelines with random weights, and keep their families."""

import functools

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from tests.worker.engine.tiny_pipelines import tiny_sdxl
from tests.worker.engines import SHIPPED
from worker.engine.families.sdxl import StableDiffusionXL
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.messages import ModelSource

TINY = ModelSource(source="tiny")
SIDE = 16
"""Pixels a side of what the tiny models draw."""


def tiny_sd(in_channels=4, pipeline_class=StableDiffusionPipeline, **unet_options):
    """Make an SD 1 pipeline: one text encoder, a full autoencoder, DDIM on SD's own betas."""
    torch.manual_seed(1)
    unet = UNet2DConditionModel(
        sample_size=SIDE // 2,
        in_channels=in_channels,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=8,
        **unet_options,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        sample_size=SIDE,
    )
    text = CLIPTextConfig(
        vocab_size=2048,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=32,
        bos_token_id=2046,
        eos_token_id=2047,
        pad_token_id=2047,
    )
    return pipeline_class(
        unet=unet,
        vae=vae,
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear",
            beta_start=0.00085,
            beta_end=0.012,
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer.from_pretrained(f"{SHIPPED.source}/tokenizer"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


@functools.cache
def family_sd() -> StableDiffusion:
    """Keep one tiny SD 1 model for all tests; they leave it as it was."""
    return StableDiffusion(tiny_sd(), TINY)


@functools.cache
def family_inpaint() -> StableDiffusion:
    """Keep one whose UNet was made for inpainting: nine channels."""
    return StableDiffusion(tiny_sd(9, StableDiffusionInpaintPipeline), TINY)


@functools.cache
def family_sdxl() -> StableDiffusionXL:
    """Keep one tiny SDXL model."""
    return StableDiffusionXL(tiny_sdxl(), TINY)
