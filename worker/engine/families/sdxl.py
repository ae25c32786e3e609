"""Draw with Stable Diffusion XL: two text encoders, and a UNet that is told the picture's size."""

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import (
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)

from worker.engine.drawing import BatchKey, Drawing, Guidance
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.families.traced import Rows


class StableDiffusionXL(StableDiffusion):
    """One loaded pipeline of this family."""

    pipelines = (
        StableDiffusionXLPipeline,
        StableDiffusionXLImg2ImgPipeline,
        StableDiffusionXLInpaintPipeline,
    )

    def _rows(self, words: Mapping[str, Any], guidance: Guidance, key: BatchKey) -> Rows:
        pipeline = self.pipeline
        given = {"prompt": None, **words}
        positive, negative, pooled, negative_pooled = pipeline.encode_prompt(
            device=self._device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=guidance.is_split,
            **given,
        )
        rows = {
            "encoder_hidden_states": guidance.joined(negative, positive),
            "text_embeds": guidance.joined(negative_pooled, pooled),
        }
        size = (key.height, key.width)
        projection = self._projection_size(pooled)
        time_ids = self._kits.text._get_add_time_ids(  # noqa: SLF001 - it has no public name.
            size, (0, 0), size, dtype=positive.dtype, text_encoder_projection_dim=projection
        ).to(positive.device)
        rows["time_ids"] = guidance.joined(time_ids, time_ids)
        return {**rows, **self._scale_rows(guidance, positive)}

    def _projection_size(self, pooled: torch.Tensor) -> int:
        encoder = self.pipeline.text_encoder_2
        return int(pooled.shape[-1] if encoder is None else encoder.config.projection_dim)

    def _arguments(self, rows: Rows) -> dict[str, Any]:
        added = {name: rows[name] for name in ("text_embeds", "time_ids")}
        others = {name: value for name, value in rows.items() if name not in added}
        return {**others, "added_cond_kwargs": added}

    def _image(self, drawing: Drawing) -> torch.Tensor:
        """Decode in fp32 where the autoencoder overflows in fp16, as the pipelines do."""
        vae = self.pipeline.vae
        latents = drawing.latents
        needs_upcasting = vae.dtype == torch.float16 and vae.config.force_upcast
        if needs_upcasting:
            vae.to(dtype=torch.float32)
            latents = latents.to(torch.float32)
        image: torch.Tensor = vae.decode(self._unscaled(latents), return_dict=False)[0]
        if needs_upcasting:
            vae.to(dtype=torch.float16)
        if self.pipeline.watermark is not None:
            image = self.pipeline.watermark.apply_watermark(image)
        return image

    def _unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        config = self.pipeline.vae.config
        mean, deviation = (config.get(name) for name in ("latents_mean", "latents_std"))
        unscaled: torch.Tensor
        if mean is None or deviation is None:
            unscaled = latents / config.scaling_factor
            return unscaled
        per_channel = (1, -1, 1, 1)
        scale = torch.tensor(deviation).view(per_channel).to(latents)
        shift = torch.tensor(mean).view(per_channel).to(latents)
        unscaled = latents * scale / config.scaling_factor + shift
        return unscaled

    def _checked(self, image: torch.Tensor) -> tuple[torch.Tensor, tuple[bool, ...]]:
        """Pass every picture: these pipelines have no safety checker."""
        return image, ()
