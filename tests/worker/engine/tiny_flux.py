"""Build a tiny Flux pipeline with random weights: guidance embedding, packed latents, two texts."""

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel

from tests.worker.engine.tiny_pipelines import _TEXT
from tests.worker.engines import SHIPPED

SIZE = 16
"""Pixels a side: 8 x 8 latents, 4 x 4 packed."""


def tiny_flux(*, is_guided: bool = True) -> FluxPipeline:
    """Make a pipeline as `FluxPipeline.from_pretrained` would give it."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(f"{SHIPPED.source}/tokenizer")
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        guidance_embeds=is_guided,
        axes_dims_rope=(4, 6, 6),
    )
    vae = AutoencoderKL(
        block_out_channels=(16, 32),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        sample_size=32,
        shift_factor=0.1,
        scaling_factor=0.3,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    words = T5Config(
        vocab_size=2048, d_model=32, d_kv=8, d_ff=37, num_layers=1, num_heads=4, pad_token_id=2047
    )
    pipeline = FluxPipeline(
        transformer=transformer,
        vae=vae,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        text_encoder=CLIPTextModel(CLIPTextConfig(**_TEXT)),
        text_encoder_2=T5EncoderModel(words),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
    )
    pipeline.set_progress_bar_config(disable=True)
    for part in (transformer, vae, pipeline.text_encoder, pipeline.text_encoder_2):
        part.eval()
    return pipeline
