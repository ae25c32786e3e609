"""Choose the family of a loaded pipeline."""

from typing import Any

from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    FlowMatchEulerDiscreteScheduler,
    FluxTransformer2DModel,
    UNet2DConditionModel,
)

from worker.engine.families.base import Family, LoraBank
from worker.engine.families.flow import Flux
from worker.engine.families.sdxl import StableDiffusionXL
from worker.engine.families.side_by_side import SideBySide
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.graphs import Recorder
from worker.engine.messages import ModelSource

_FAMILIES = (StableDiffusion, StableDiffusionXL)
_CHANNELS_OF_MASK = 1


def family_of(
    pipeline: Any,
    source: ModelSource,
    loras: LoraBank | None = None,
    side_by_side: SideBySide | None = None,
    graphs: Recorder | None = None,
) -> Family | None:
    """Find the family that a loaded pipeline belongs to.

    Args:
        pipeline: Any diffusers pipeline.
        source: What it was loaded from.
        loras: Applies LoRAs to single rows; None refuses them.
        side_by_side: Spreads rows over the cores of a CPU; None: one core does it all.
        graphs: Records padded forwards on a card; None: each is launched anew.

    Returns:
        None where its requests cannot share a batch and it has to draw them whole.
    """
    for family in _FAMILIES:
        text, _, inpaint = family.pipelines
        # Subclasses may do anything in their own loop, so only these very classes will do.
        if type(pipeline) in {text, inpaint} and _is_plain(pipeline):
            return family(pipeline, source, loras, side_by_side, graphs)
    if type(pipeline) in Flux.pipelines and _is_plain_flux(pipeline):
        return Flux(pipeline, source, loras)
    return None


def _is_plain(pipeline: Any) -> bool:
    """Tell whether the denoiser takes nothing but what these families tell it."""
    kinds = (type(pipeline.unet), type(pipeline.vae))
    if kinds not in {
        (UNet2DConditionModel, AutoencoderKL),
        (UNet2DConditionModel, AutoencoderTiny),
    }:
        return False
    unet, latent_channels = pipeline.unet.config, pipeline.vae.config.latent_channels
    with_mask = 2 * latent_channels + _CHANNELS_OF_MASK
    is_known_input = unet.in_channels in {latent_channels, with_mask}
    has_own_conditions = (
        unet.class_embed_type is not None
        or unet.num_class_embeds is not None
        or unet.encoder_hid_dim_type is not None
        or unet.addition_embed_type not in {None, "text", "text_time"}
    )
    is_refiner = bool(pipeline.config.get("requires_aesthetics_score"))
    return is_known_input and not has_own_conditions and not is_refiner


def _is_plain_flux(pipeline: Any) -> bool:
    """Tell whether this is Flux as its stock pipelines know it: packed latents, velocity."""
    kinds = (type(pipeline.transformer), type(pipeline.vae), type(pipeline.scheduler))
    if kinds != (FluxTransformer2DModel, AutoencoderKL, FlowMatchEulerDiscreteScheduler):
        return False
    patches = 4 * pipeline.vae.config.latent_channels
    return bool(pipeline.transformer.config.in_channels == patches)
