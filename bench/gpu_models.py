"""Build the architectures of known models with random weights: speed needs no others.

The configurations are those of stabilityai/stable-diffusion-xl-base-1.0 and of Stable Diffusion
1.5, as their public config.json files have them. Nothing is fetched.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
_NOISE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1,
}  # fmt: skip
_CLIP_L = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
}
_CLIP_G = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}


@dataclass(frozen=True)
class Architecture:
    """One model to measure, and what one picture of it costs."""

    name: str
    size: int
    steps: int
    step_tflop: float
    """One guided evaluation of the network: FlopCounterMode, 1 multiply-add = 2 operations."""
    decode_tflop: float
    unet: dict[str, Any]
    encoders: tuple[dict[str, Any], ...]
    vae: dict[str, Any] = field(default_factory=lambda: dict(_VAE))
    scheduler: type = EulerDiscreteScheduler

    noise: dict[str, Any] = field(default_factory=lambda: dict(_NOISE))

    @property
    def is_xl(self) -> bool:
        """Tell whether this is of the SDXL family."""
        return len(self.encoders) > 1

    @property
    def picture_tflop(self) -> float:
        """What one picture costs, but for its words: those are under a hundredth of it."""
        return self.steps * self.step_tflop + self.decode_tflop


SDXL = Architecture(
    name="sdxl",
    size=1024,
    steps=20,
    step_tflop=13.522,
    decode_tflop=10.470,
    unet={
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    encoders=(_CLIP_L, _CLIP_G),
    vae={**_VAE, "scaling_factor": 0.13025, "sample_size": 1024},
)

SD15 = Architecture(
    name="sd15",
    size=512,
    steps=30,
    step_tflop=1.607,
    decode_tflop=2.515,
    unet={"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
    encoders=(_CLIP_L,),
    vae={**_VAE, "scaling_factor": 0.18215, "sample_size": 512},
    scheduler=DDIMScheduler,
    noise={**_NOISE, "clip_sample": False, "set_alpha_to_one": False},
)

_TINY_CLIP = {**_CLIP_L, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
              "num_attention_heads": 2, "projection_dim": 32}  # fmt: skip
_TINY_VAE = {
    **_VAE, "block_out_channels": (8, 8, 8, 8), "norm_num_groups": 4, "layers_per_block": 1,
}  # fmt: skip
_TINY_UNET = {
    "sample_size": 8,
    "block_out_channels": (8, 16),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "attention_head_dim": 4,
}


def tiny(architecture: Architecture) -> Architecture:
    """Make an architecture of the same kind that a CPU draws in milliseconds; it costs nothing."""
    unet = {**_TINY_UNET, "cross_attention_dim": 32 * len(architecture.encoders)}
    if architecture.is_xl:
        unet |= {
            "addition_embed_type": "text_time", "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 80,
        }  # fmt: skip
    return Architecture(
        name=architecture.name,
        size=64,
        steps=2,
        step_tflop=0.0,
        decode_tflop=0.0,
        unet=unet,
        encoders=(_TINY_CLIP,) * len(architecture.encoders),
        vae=dict(_TINY_VAE),
        scheduler=architecture.scheduler,
        noise=architecture.noise,
    )


def build(architecture: Architecture, device: str, dtype: torch.dtype) -> Any:
    """Make a pipeline with random weights; it has no tokenizers, so its words are numbers."""
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            parts: dict[str, Any] = {
                "unet": UNet2DConditionModel(**architecture.unet),
                "vae": AutoencoderKL(**architecture.vae),
                "text_encoder": CLIPTextModel(CLIPTextConfig(**architecture.encoders[0])),
            }
            if architecture.is_xl:
                second = CLIPTextConfig(**architecture.encoders[1])
                parts["text_encoder_2"] = CLIPTextModelWithProjection(second)
    finally:
        torch.set_default_dtype(before)
    for part in parts.values():
        part.eval().requires_grad_(requires_grad=False)
    parts |= {"scheduler": architecture.scheduler(**architecture.noise), "tokenizer": None}
    if architecture.is_xl:
        pipeline: Any = StableDiffusionXLPipeline(**parts, tokenizer_2=None, add_watermarker=False)
    else:
        pipeline = StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
