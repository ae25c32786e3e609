"""Draw with Stable Diffusion 1 and 2 and their kin: one UNet, one text encoder.

The numbers are those of diffusers' own pipelines for text, picture and mask: their methods encode
the words and prepare the latents; the loop over the steps is taken apart, so that drawings may
join and leave it between any two.
"""

import inspect
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from diffusers import (
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
)

from core.errors import AppError, UserError
from worker.engine import snapshots
from worker.engine.conditioning import words_for
from worker.engine.drawing import BatchKey, Drawing, Guidance, step_options
from worker.engine.families.base import NO_PADDING, LoraBank, rows_for
from worker.engine.families.beginnings import (
    Beginning,
    Course,
    Kits,
    first_step,
    from_noise,
    from_picture,
    inside_mask,
)
from worker.engine.families.side_by_side import Part, SideBySide, padded
from worker.engine.families.traced import Rows, Traced
from worker.engine.graphs import Inputs, Recorder
from worker.engine.messages import DrawRequest, ModelSource
from worker.engine.pixels import Pixels, to_pixels
from worker.engine.schedulers import Schedulers
from worker.engine.sizes import size_for
from worker.engine.tiling import padded_layers, wrapped_around

_WORDS_KEPT = 64
"""Encoded prompts that are kept, since the pictures of a request mostly share theirs: 40 MB for
SDXL in bf16."""


class StableDiffusion:
    """One loaded pipeline of this family."""

    pipelines: tuple[type, type, type] = (
        StableDiffusionPipeline,
        StableDiffusionImg2ImgPipeline,
        StableDiffusionInpaintPipeline,
    )
    """diffusers' classes for text, picture and mask."""

    def __init__(
        self,
        pipeline: Any,
        source: ModelSource,
        loras: LoraBank | None = None,
        side_by_side: SideBySide | None = None,
        graphs: Recorder | None = None,
    ) -> None:
        """Build around a loaded pipeline; its weights are used as they lie.

        Args:
            pipeline: Of one of the family's classes.
            source: What it was loaded from.
            loras: Applies LoRAs to single rows; None refuses them.
            side_by_side: Spreads rows over the cores of a CPU; None: one core does it all.
            graphs: Records padded forwards on a card; None: each is launched anew.
        """
        self.pipeline = pipeline
        self._source = source
        # Found once: finding it walks through all weights of all parts.
        self._device = pipeline._execution_device  # noqa: SLF001 - what its own call reads.
        self._loras = loras
        self._kits = Kits.of(pipeline, *self.pipelines)
        self._schedulers = Schedulers(pipeline.scheduler)
        self._is_on_cpu = self._device.type == "cpu"
        self._traced = Traced(pipeline.unet, self._ask) if self._is_on_cpu else None
        self._side_by_side = side_by_side or SideBySide(1)
        self._graphs = None if graphs is None else graphs(pipeline.unet, self._ask_named)
        self._layers = padded_layers(pipeline)
        self._words: OrderedDict[object, Rows] = OrderedDict()
        self._joined: tuple[tuple[Drawing, ...], int, Rows] = ((), 0, {})
        call = inspect.signature(pipeline.__call__).parameters
        self._guidance_scale = float(call["guidance_scale"].default)
        rescale = call.get("guidance_rescale")
        self._guidance_rescale = 0.0 if rescale is None else float(rescale.default)

    @torch.inference_mode()
    def begin(self, request: DrawRequest, picture: int) -> Drawing:
        """Encode the words and the picture to go on from, and draw the noise."""
        key = self.key(request)
        guidance = self._guidance(request)
        with self._tiling(is_tile=request.is_tile):
            rows = self._encoded(request, picture, guidance, key)
            scheduler, options = self._schedulers.new(request.scheduler, request.steps)
            generator = torch.Generator("cpu").manual_seed(request.pictures[picture].seed)
            strength = 1.0 if request.image is None else request.image.strength
            skipped = first_step(scheduler, request.steps, strength)
            course = Course(
                device=self._device,
                scheduler=scheduler,
                timesteps=scheduler.timesteps[skipped * scheduler.order :],
                strength=strength,
                generator=generator,
                width=key.width,
                height=key.height,
                dtype=rows["encoder_hidden_states"].dtype,
            )
            beginning = self._beginning(request, course)
        drawing = Drawing(
            request_id=request.request_id,
            picture=picture,
            key=key,
            scheduler=scheduler,
            timesteps=course.timesteps,
            latents=beginning.latents,
            generator=generator,
            guidance=guidance,
            rows=rows,
            total_steps=request.steps - skipped,
            extra_channels=beginning.extra_channels,
            repaint=beginning.repaint,
            loras=request.loras,
            is_reproducible=request.is_reproducible,
            fingerprint=snapshots.fingerprint(request, picture),
            step_options=step_options(scheduler, generator, **options),
        )
        self._prepare(drawing)
        return drawing

    @torch.inference_mode()
    def predict(self, drawings: Sequence[Drawing], bucket: int) -> list[torch.Tensor]:
        """Ask the UNet once about all rows; a guided drawing's two lie side by side."""
        counts = [each.row_count for each in drawings]
        # On a CPU parts of one size do what on a GPU the whole forward's size does.
        is_exact = self._is_on_cpu and any(drawing.is_reproducible for drawing in drawings)
        row_count = padded(sum(counts)) if is_exact else rows_for(drawings, bucket)
        inputs = [_repeated(drawing.model_input(), drawing.row_count) for drawing in drawings]
        levels = [float(each.timestep) for each in drawings for _ in range(each.row_count)]
        padding = row_count - len(levels)
        if padding:  # What the first row is given once more costs time, and changes nothing.
            inputs.append(_repeated(inputs[0][:1], padding))
            levels += levels[:1] * padding
        sample = torch.cat(inputs)
        timesteps = torch.tensor(levels).to(sample.device, non_blocking=True)
        is_tile = drawings[0].key.is_tile
        with self._tiling(is_tile=is_tile):
            rows = self._joined_rows(drawings, row_count)
            if any(drawing.loras for drawing in drawings):
                answer = self._ask_with_loras(drawings, sample, timesteps, rows, is_exact=is_exact)
            elif self._graphs is not None and bucket != NO_PADDING:
                named = {"sample": sample, "timesteps": timesteps, **rows}
                answer = self._graphs.ask(named, kind=is_tile)
            elif self._traced is None:
                answer = self._ask(sample, timesteps, rows)
            else:
                answer = self._ask_parts(sample, timesteps, rows, is_tile, is_exact=is_exact)
        return list(torch.split(answer[: row_count - padding], counts))

    @torch.inference_mode()
    def decode(self, drawings: Sequence[Drawing]) -> list[Pixels]:
        """Turn finished latents into pixels, each alone."""
        return [self._decoded(drawing) for drawing in drawings]

    def freeze(self, drawing: Drawing) -> bytes:
        """Write down where a drawing stands, between two steps."""
        return snapshots.freeze(drawing)

    @torch.inference_mode()
    def thaw(self, request: DrawRequest, picture: int, frozen: bytes) -> Drawing:
        """Begin once more, and go on from where the drawing stood."""
        drawing = self.begin(request, picture)
        snapshots.restore(drawing, frozen)
        return drawing

    def key(self, request: DrawRequest) -> BatchKey:
        """Tell with which drawings a request's may share a forward."""
        size = size_for(self.pipeline, request.aspect, self._source.native_size)
        if size is None:
            raise AppError("model_unreadable")
        width, height = size
        return BatchKey(self._source, height, width, request.is_tile)

    def guidance_in_force(self, asked: float | None) -> float:
        """Settle the guidance scale."""
        return self._guidance_scale if asked is None else asked

    def _guidance(self, request: DrawRequest) -> Guidance:
        scale = self.guidance_in_force(request.guidance_scale)
        is_split = scale > 1 and self.pipeline.unet.config.time_cond_proj_dim is None
        return Guidance(scale, is_split, self._guidance_rescale)

    def _beginning(self, request: DrawRequest, course: Course) -> Beginning:
        image = request.image
        config = self.pipeline.unet.config
        if config.in_channels != self.pipeline.vae.config.latent_channels:
            return inside_mask(self._kits, course, image)
        if image is None:
            return from_noise(self._kits, course)
        if image.mask is None:
            return from_picture(self._kits, course, image)
        return inside_mask(self._kits, course, image)

    def _encoded(
        self, request: DrawRequest, picture: int, guidance: Guidance, key: BatchKey
    ) -> Rows:
        """Encode a picture's words, or find them encoded."""
        if request.loras and self._loras is None:
            raise UserError("model_flag_unsupported", flag="--lora")
        parts = request.pictures[picture].parts
        versions = None if self._loras is None else self._loras.load(request.loras)
        asked = (parts, request.negative, guidance, request.loras, versions, key)
        if asked in self._words:
            self._words.move_to_end(asked)
            return self._words[asked]
        encoding = nullcontext() if self._loras is None else self._loras.encoding(request.loras)
        with encoding:
            words = words_for(self.pipeline, parts, request.negative)
            rows = self._rows(words, guidance, key)
        self._words[asked] = rows
        if len(self._words) > _WORDS_KEPT:
            self._words.popitem(last=False)
        return rows

    def _rows(self, words: Mapping[str, Any], guidance: Guidance, key: BatchKey) -> Rows:  # noqa: ARG002 - SDXL tells its UNet the size.
        """Encode words to what the UNet is told; without them first, then with them."""
        given = {"prompt": None, **words}
        positive, negative = self.pipeline.encode_prompt(
            device=self._device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=guidance.is_split,
            **given,
        )
        rows = {"encoder_hidden_states": guidance.joined(negative, positive)}
        return {**rows, **self._scale_rows(guidance, positive)}

    def _scale_rows(self, guidance: Guidance, like: torch.Tensor) -> Rows:
        """Tell the guidance scale to UNets that were distilled to take it as a number."""
        width = self.pipeline.unet.config.time_cond_proj_dim
        if width is None:
            return {}
        scales = torch.tensor(guidance.scale - 1).repeat(1)
        embedded = self.pipeline.get_guidance_scale_embedding(scales, embedding_dim=width)
        return {"timestep_cond": embedded.to(like)}

    def _joined_rows(self, drawings: Sequence[Drawing], row_count: int) -> Rows:
        """Join what all rows are told; it is the same at each step until somebody comes or goes."""
        company = tuple(drawings)
        if self._joined[:2] != (company, row_count):
            joined = {
                name: _filled(torch.cat([each.rows[name] for each in drawings]), row_count)
                for name in drawings[0].rows
            }
            self._joined = (company, row_count, joined)
        return self._joined[2]

    def _prepare(self, drawing: Drawing) -> None:
        """Have the UNet traced for what this drawing will ask it."""
        if self._traced is not None and not drawing.loras:
            is_tile = drawing.key.is_tile
            sample = _repeated(drawing.model_input(), drawing.row_count)
            timesteps = torch.full((drawing.row_count,), float(drawing.timestep))
            with self._tiling(is_tile=is_tile):
                self._traced.prepare(sample, timesteps, drawing.rows, is_tile=is_tile)

    def _ask_parts(
        self,
        sample: torch.Tensor,
        timesteps: torch.Tensor,
        rows: Rows,
        is_tile: bool,
        *,
        is_exact: bool,
    ) -> torch.Tensor:
        """Ask for parts of the rows side by side."""
        assert self._traced is not None, "parts are for the CPU"
        traced = self._traced

        def ask(part: Part) -> torch.Tensor:
            told = _of(rows, part)
            return traced.ask(sample[part], timesteps[part], told, is_tile=is_tile)

        spread = self._side_by_side.spread_exact if is_exact else self._side_by_side.spread
        return spread(ask, sample.shape[0])

    def _ask_with_loras(
        self,
        drawings: Sequence[Drawing],
        sample: torch.Tensor,
        timesteps: torch.Tensor,
        rows: Rows,
        *,
        is_exact: bool,
    ) -> torch.Tensor:
        """Ask with each row's own LoRAs, which hang on the layers: one part after another."""
        assert self._loras is not None, "a request with LoRAs was refused"
        loras = [each.loras for each in drawings for _ in range(each.row_count)]
        loras += [()] * (sample.shape[0] - len(loras))  # The padding has none.
        bank = self._loras
        keep_bits = any(drawing.is_reproducible for drawing in drawings)

        def ask(part: Part) -> torch.Tensor:
            with bank.active(loras[part], is_exact=keep_bits):
                return self._ask(sample[part], timesteps[part], _of(rows, part))

        if is_exact:
            return SideBySide(1).spread_exact(ask, sample.shape[0])
        return ask(slice(None))

    def _ask(self, sample: torch.Tensor, timesteps: torch.Tensor, rows: Rows) -> torch.Tensor:
        answer: torch.Tensor = self.pipeline.unet(
            sample, timesteps, **self._arguments(rows), return_dict=False
        )[0]
        return answer

    def _ask_named(self, inputs: Inputs) -> torch.Tensor:
        rows = {name: each for name, each in inputs.items() if name not in {"sample", "timesteps"}}
        return self._ask(inputs["sample"], inputs["timesteps"], rows)

    def _arguments(self, rows: Rows) -> dict[str, Any]:
        """Arrange what the rows are told in the arguments of the UNet's call."""
        return dict(rows)

    @contextmanager
    def _tiling(self, *, is_tile: bool) -> Iterator[None]:
        with wrapped_around(self._layers) if is_tile else nullcontext():
            yield

    def _decoded(self, drawing: Drawing) -> Pixels:
        with self._tiling(is_tile=drawing.key.is_tile):
            image = self._image(drawing)
        image, is_unsafe = self._checked(image)
        if any(is_unsafe):
            raise UserError("model_withheld")
        pixels = self.pipeline.image_processor.postprocess(image, output_type="np")
        return to_pixels(pixels[0])

    def _image(self, drawing: Drawing) -> torch.Tensor:
        vae = self.pipeline.vae
        latents = drawing.latents / vae.config.scaling_factor
        image: torch.Tensor = vae.decode(latents, return_dict=False)[0]
        return image

    def _checked(self, image: torch.Tensor) -> tuple[torch.Tensor, Sequence[bool]]:
        """Let the model's own safety checker look, where it has one."""
        if self.pipeline.safety_checker is None:
            return image, ()
        dtype = self.pipeline.unet.dtype  # Found by walking through all its weights: 5 ms.
        checked, is_unsafe = self.pipeline.run_safety_checker(image, image.device, dtype)
        return checked, is_unsafe or ()


def _repeated(row: torch.Tensor, count: int) -> torch.Tensor:
    return row if count == 1 else row.expand(count, *row.shape[1:])


def _of(rows: Rows, part: Part) -> Rows:
    return {name: each[part] for name, each in rows.items()}


def _filled(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Pad with the first row."""
    missing = count - rows.shape[0]
    return torch.cat((rows, _repeated(rows[:1], missing))) if missing else rows
