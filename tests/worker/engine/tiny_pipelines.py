"""Build tiny pipelines with random weights and save them to a folder, as a model would come."""

import torch
from diffusers import (
    AutoencoderKL,
    DDPMPipeline,
    DDPMScheduler,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from tests.worker.engines import SHIPPED

_TEXT = {
    "vocab_size": 2048,
    "hidden_size": 32,
    "intermediate_size": 37,
    "projection_dim": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
    "bos_token_id": 2046,
    "eos_token_id": 2047,
    "pad_token_id": 2047,
}


def save_unconditional(folder) -> None:
    """Save a DDPM pipeline to a folder."""
    tiny_unconditional().save_pretrained(folder)


def tiny_unconditional() -> DDPMPipeline:
    """Make a DDPM pipeline: no text, no autoencoder, no size, no guidance, no callback."""
    torch.manual_seed(0)
    unet = UNet2DModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )
    pipeline = DDPMPipeline(unet=unet, scheduler=DDPMScheduler())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def save_sdxl(folder) -> None:
    """Save an SDXL pipeline to a folder."""
    tiny_sdxl().save_pretrained(folder)


def tiny_sdxl() -> StableDiffusionXLPipeline:
    """Make an SDXL pipeline: two text encoders, pooled embeddings, a full autoencoder, Euler."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=80,
    )
    vae = AutoencoderKL(
        block_out_channels=(16, 32),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        sample_size=32,
    )
    tokenizer = CLIPTokenizer.from_pretrained(f"{SHIPPED.source}/tokenizer")
    text = CLIPTextConfig(**_TEXT)
    return StableDiffusionXLPipeline(
        unet=unet,
        vae=vae,
        scheduler=EulerDiscreteScheduler(),
        text_encoder=CLIPTextModel(text),
        text_encoder_2=CLIPTextModelWithProjection(text),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        add_watermarker=False,
    )
