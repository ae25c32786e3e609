"""Draw with Flux: a transformer that predicts velocity, from noise straight to the picture.

The numbers are those of diffusers' own pipelines for text, picture and mask. Flux was distilled to
take its guidance as a number, so a drawing is one row of the batch, and drawings of any guidance
share it. Only what must not be in the picture (`--no`) asks for the second row of true guidance.
"""

import inspect
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from diffusers import FluxImg2ImgPipeline, FluxInpaintPipeline, FluxPipeline
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from torch.nn import functional

from core.errors import AppError, UserError
from core.prompts import PromptPart
from worker.engine import snapshots
from worker.engine.drawing import BatchKey, Drawing, Guidance, Repaint, step_options
from worker.engine.families.base import NO_PADDING, LoraBank
from worker.engine.families.beginnings import Kits, borrowed, fitted, fitted_mask
from worker.engine.families.flow_drawing import FlowDrawing, FlowRepaint, unpacked
from worker.engine.messages import DrawRequest, ImageInput, ModelSource
from worker.engine.pixels import Pixels, to_pixels
from worker.engine.schedulers import new_scheduler
from worker.engine.sizes import size_for

_TRUE_GUIDANCE = 4.0
"""For pictures with a negative prompt: what diffusers' Qwen-Image pipeline, Flux's kin without
distillation, takes for its `true_cfg_scale`. Flux's own is 1, which is none."""

_WORDS_KEPT = 16
"""Encoded prompts that are kept: 4 MB each for Flux in bf16."""

Rows = Mapping[str, torch.Tensor]


class Flux:
    """One loaded Flux pipeline."""

    pipelines = (FluxPipeline, FluxImg2ImgPipeline, FluxInpaintPipeline)
    """diffusers' classes for text, picture and mask."""

    def __init__(self, pipeline: Any, source: ModelSource, loras: LoraBank | None = None) -> None:
        """Build around a loaded pipeline; its weights are used as they lie.

        Args:
            pipeline: Of one of the family's classes.
            source: What it was loaded from.
            loras: Applies LoRAs to single rows; None refuses them.
        """
        self.pipeline = pipeline
        self._source = source
        self._loras = loras
        self._kits = Kits.of(pipeline, *self.pipelines)
        self._words: OrderedDict[object, tuple[torch.Tensor, torch.Tensor]] = OrderedDict()
        call = inspect.signature(pipeline.__call__).parameters
        self._guidance_scale = float(call["guidance_scale"].default)
        self._channels = pipeline.transformer.config.in_channels // 4
        self._patch = 2 * pipeline.vae_scale_factor

    def key(self, request: DrawRequest) -> BatchKey:
        """Tell with which drawings a request's may share a forward.

        Requests of one row a picture and of two go apart: a bucket has room for one kind alone.
        """
        size = size_for(self.pipeline, request.aspect, self._source.native_size)
        if size is None:
            raise AppError("model_unreadable")
        width, height = size
        is_split = any(_unwanted(request, picture) for picture in range(len(request.pictures)))
        return BatchKey(self._source, height, width, extra=(1 + is_split, self._patch))

    def guidance_in_force(self, asked: float | None) -> float:
        """Settle the guidance scale."""
        return self._guidance_scale if asked is None else asked

    @torch.inference_mode()
    def begin(self, request: DrawRequest, picture: int) -> FlowDrawing:
        """Encode the words and the picture to go on from, and draw the noise."""
        self._refuse(request)
        key = self.key(request)
        wanted = [part for part in request.pictures[picture].parts if part.weight > 0]
        unwanted = _unwanted(request, picture)
        guidance = Guidance(_TRUE_GUIDANCE if unwanted else 1.0, bool(unwanted))
        rows = self._rows(request, wanted, unwanted, guidance)
        scheduler = self._scheduler(request, key)
        skipped = _skipped(request)
        scheduler.set_begin_index(skipped)
        generator = torch.Generator("cpu").manual_seed(request.pictures[picture].seed)
        timesteps = scheduler.timesteps[skipped:]
        latents, repaint = self._beginning(request.image, scheduler, timesteps, generator, key)
        return FlowDrawing(
            request_id=request.request_id,
            picture=picture,
            key=key,
            scheduler=scheduler,
            timesteps=timesteps,
            latents=latents,
            generator=generator,
            guidance=guidance,
            rows=rows,
            total_steps=request.steps - skipped,
            repaint=repaint,
            loras=request.loras,
            is_reproducible=request.is_reproducible,
            fingerprint=snapshots.fingerprint(request, picture),
            step_options=step_options(scheduler, generator),
        )

    @torch.inference_mode()
    def predict(self, drawings: Sequence[Drawing], bucket: int) -> list[torch.Tensor]:
        """Ask the transformer once about all rows; a guided drawing's two lie side by side."""
        counts = [drawing.row_count for drawing in drawings]
        rows = [index for index, count in enumerate(counts) for _ in range(count)]
        room = (
            len(rows)
            if bucket == NO_PADDING
            else max(bucket * int(drawings[0].key.extra[0]), len(rows))
        )
        # What the first row is given once more costs time, and changes nothing.
        padding = room - len(rows)
        latents = torch.cat([drawings[index].latents for index in (*rows, *[0] * padding)])
        levels = torch.stack([drawings[index].timestep for index in (*rows, *[0] * padding)])
        told = {
            name: torch.cat([*(each.rows[name] for each in drawings), *[first[:1]] * padding])
            for name, first in drawings[0].rows.items()
        }
        with self._applied(drawings, padding):
            velocity: torch.Tensor = self.pipeline.transformer(
                hidden_states=latents,
                timestep=levels.to(latents) / 1000,
                txt_ids=latents.new_zeros(told["encoder_hidden_states"].shape[1], 3),
                img_ids=self._positions(drawings[0].key, latents),
                **{"guidance": None, **told},
                return_dict=False,
            )[0]
        return list(torch.split(velocity[: len(rows)], counts))

    @torch.inference_mode()
    def decode(self, drawings: Sequence[Drawing]) -> list[Pixels]:
        """Turn finished latents into pixels, each alone."""
        return [self._decoded(drawing) for drawing in drawings]

    def freeze(self, drawing: Drawing) -> bytes:
        """Write down where a drawing stands, between two steps."""
        return snapshots.freeze(drawing)

    @torch.inference_mode()
    def thaw(self, request: DrawRequest, picture: int, frozen: bytes) -> FlowDrawing:
        """Begin once more, and go on from where the drawing stood."""
        drawing = self.begin(request, picture)
        snapshots.restore(drawing, frozen)
        return drawing

    def _refuse(self, request: DrawRequest) -> None:
        own = type(self.pipeline.scheduler).__name__
        if request.is_tile:  # A transformer sees positions, not borders.
            raise UserError("model_flag_unsupported", flag="--tile")
        if request.scheduler not in {None, own}:  # The others know nothing of velocity.
            raise UserError("scheduler_unusable", value=request.scheduler)
        if request.loras and self._loras is None:
            raise UserError("model_flag_unsupported", flag="--lora")

    def _scheduler(self, request: DrawRequest, key: BatchKey) -> Any:
        """Lay out the timesteps: the larger the picture, the longer it stays in the noise."""
        scheduler, _ = new_scheduler(self.pipeline.scheduler, None)
        config = scheduler.config
        shift = calculate_shift(
            (key.height // self._patch) * (key.width // self._patch),
            config.get("base_image_seq_len", 256),
            config.get("max_image_seq_len", 4096),
            config.get("base_shift", 0.5),
            config.get("max_shift", 1.15),
        )
        steps = request.steps
        sigmas = np.linspace(1.0, 1 / steps, steps)
        scheduler.set_timesteps(steps, device="cpu", sigmas=sigmas, mu=shift)
        return scheduler

    def _rows(
        self,
        request: DrawRequest,
        wanted: Sequence[PromptPart],
        unwanted: Sequence[PromptPart],
        guidance: Guidance,
    ) -> Rows:
        """Encode the words to what the transformer is told; what is not wanted first."""
        versions = None if self._loras is None else self._loras.load(request.loras)
        sides = [unwanted, wanted] if unwanted else [wanted]
        encoding = nullcontext() if self._loras is None else self._loras.encoding(request.loras)
        with encoding:
            encoded = [self._mean(parts, (request.loras, versions)) for parts in sides]
        embeddings, pooled = (torch.cat(each) for each in zip(*encoded, strict=True))
        rows = {"encoder_hidden_states": embeddings, "pooled_projections": pooled}
        if self.pipeline.transformer.config.guidance_embeds:
            scale = self.guidance_in_force(request.guidance_scale)
            rows["guidance"] = torch.full((1 + guidance.is_split,), scale).float().to(pooled.device)
        return rows

    def _mean(
        self, parts: Sequence[PromptPart], changed_by: Hashable
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Average parts by weight: all texts are padded to one length, so they have a mean."""
        total = sum(part.weight for part in parts)
        embeddings, pooled = zip(
            *(self._encoded(part.text, changed_by) for part in parts), strict=True
        )
        if len(parts) == 1:
            return embeddings[0], pooled[0]
        shares = [part.weight / total for part in parts]
        return _weighed(embeddings, shares), _weighed(pooled, shares)

    def _encoded(self, text: str, changed_by: Hashable) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode a text, or find it encoded with the same LoRAs."""
        asked = (text, changed_by)
        if asked not in self._words:
            embeddings, pooled, _ = self.pipeline.encode_prompt(prompt=text, prompt_2=None)
            self._words[asked] = (embeddings, pooled)
            if len(self._words) > _WORDS_KEPT:
                self._words.popitem(last=False)
        self._words.move_to_end(asked)
        return self._words[asked]

    def _beginning(
        self,
        picture: ImageInput | None,
        scheduler: Any,
        timesteps: torch.Tensor,
        generator: torch.Generator,
        key: BatchKey,
    ) -> tuple[torch.Tensor, Repaint | None]:
        """Begin with noise, with a picture noised to the first timestep, or inside a mask."""
        pipeline = self.pipeline
        device = pipeline._execution_device  # noqa: SLF001 - what the pipelines' own call reads.
        size = {"height": key.height, "width": key.width}
        noise = (1, self._channels, key.height, key.width, pipeline.dtype, device, generator)
        if picture is None:
            latents, _ = borrowed(self._kits.text, scheduler).prepare_latents(*noise)
            return latents, None
        kit = self._kits.image if picture.mask is None else self._kits.inpaint
        kit = borrowed(kit, scheduler)
        pixels = kit.image_processor.preprocess(fitted(picture, key), **size)
        prepared = kit.prepare_latents(pixels.float(), timesteps[:1], *noise)
        if picture.mask is None:
            return prepared[0], None
        latents, noised_with, kept, _ = prepared
        mask = kit.mask_processor.preprocess(fitted_mask(picture, key), **size)
        patches = self._packed(mask.to(latents), key)
        return latents, FlowRepaint(kept, noised_with, patches)

    def _packed(self, mask: torch.Tensor, key: BatchKey) -> torch.Tensor:
        """Make a mask of a picture's pixels one of its patches."""
        height, width = (2 * (side // self._patch) for side in (key.height, key.width))
        small = functional.interpolate(mask, size=(height, width)).repeat(1, self._channels, 1, 1)
        pack = self.pipeline._pack_latents  # noqa: SLF001 - it has no public name.
        packed: torch.Tensor = pack(small, 1, self._channels, height, width)
        return packed

    def _positions(self, key: BatchKey, like: torch.Tensor) -> torch.Tensor:
        place = self.pipeline._prepare_latent_image_ids  # noqa: SLF001 - it has no public name.
        rows, columns = key.height // self._patch, key.width // self._patch
        positions: torch.Tensor = place(1, rows, columns, like.device, like.dtype)
        return positions

    @contextmanager
    def _applied(self, drawings: Sequence[Drawing], padding: int) -> Iterator[None]:
        """Apply each row's own LoRAs; the padding has none."""
        rows = [each.loras for each in drawings for _ in range(each.row_count)]
        if self._loras is None or not any(rows):
            yield
            return
        is_exact = any(drawing.is_reproducible for drawing in drawings)
        with self._loras.active([*rows, *[()] * padding], is_exact=is_exact):
            yield

    def _decoded(self, drawing: Drawing) -> Pixels:
        vae = self.pipeline.vae
        latents = unpacked(drawing.latents, drawing.key, self._patch)
        latents = (latents / vae.config.scaling_factor) + vae.config.shift_factor
        image = vae.decode(latents, return_dict=False)[0]
        return to_pixels(self.pipeline.image_processor.postprocess(image, output_type="np")[0])


def _unwanted(request: DrawRequest, picture: int) -> list[PromptPart]:
    """List what is to be kept out of a picture."""
    parts = request.pictures[picture].parts
    unwanted = [PromptPart(part.text, -part.weight) for part in parts if part.weight < 0]
    return [*unwanted, PromptPart(request.negative, 1.0)] if request.negative else unwanted


def _skipped(request: DrawRequest) -> int:
    """Count the steps that a picture to go on from makes needless, as the pipelines count them.

    At least one step is left: they fail where none is.
    """
    if request.image is None:
        return 0
    left = min(request.steps * request.image.strength, request.steps)
    return min(int(request.steps - left), request.steps - 1)


def _weighed(values: Sequence[torch.Tensor], shares: Sequence[float]) -> torch.Tensor:
    scaled = [value * share for value, share in zip(values, shares, strict=True)]
    return torch.stack(scaled).sum(dim=0)
