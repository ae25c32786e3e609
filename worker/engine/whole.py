"""Draw a picture with any other diffusers pipeline, in one go.

What shares no batch (unconditional models, PixArt, Kandinsky, whatever comes next) is still drawn:
alone, through its own `__call__`, with the same progress, previews and cancelling, because every
pipeline calls its scheduler at every step.
"""

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting
from PIL import Image, ImageOps

from core.errors import UserError
from worker.engine.conditioning import words_for
from worker.engine.families.beginnings import borrowed
from worker.engine.lora import LoraBank
from worker.engine.messages import DrawRequest, ImageInput, ModelSource
from worker.engine.pixels import Pixels, to_pixels
from worker.engine.schedulers import SCHEDULERS, new_scheduler
from worker.engine.sizes import size_for
from worker.engine.steps import OnStep, StepReport, watched
from worker.engine.tiling import tiled

_PICTURES_DIMS = 4
"""Of a pipeline's answer: pictures, height, width, channels."""

_Size = tuple[int, int] | None
"""Width and height; None where the pipeline does not say and the picture decides."""


class Whole:
    """Any pipeline that shares no batch."""

    def __init__(self, pipeline: Any, source: ModelSource, loras: LoraBank | None = None) -> None:
        """Build around a loaded pipeline.

        Args:
            pipeline: Any subclass of DiffusionPipeline.
            source: What it was loaded from.
            loras: Applies LoRAs; None refuses them.
        """
        self.pipeline = pipeline
        self._source = source
        self._loras = loras

    def guidance_in_force(self, asked: float | None) -> float:
        """Settle the guidance scale; 0 where the pipeline knows none."""
        accepted = inspect.signature(self.pipeline.__call__).parameters
        if "guidance_scale" not in accepted:
            return 0.0
        own = accepted["guidance_scale"].default
        return float(asked if asked is not None else own if isinstance(own, int | float) else 0.0)

    @torch.inference_mode()
    def draw(self, request: DrawRequest, picture: int, on_step: OnStep) -> Pixels:
        """Draw one picture: its pixels depend on the request and its seed, nothing else.

        Args:
            request: The request.
            picture: Which of its pictures.
            on_step: Told of each step; what it raises ends the picture there.

        Raises:
            UserError: `model_flag_unsupported`, `scheduler_unusable`, `model_draws_no_pictures`,
                `model_withheld`, or what is wrong with a LoRA.
            AppError: `picture_broken`.
            Exception: whatever the pipeline or `on_step` raises.
        """
        pipeline = self._kit(request.image)
        arguments = self._arguments(pipeline, request, picture)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._changed(request))
            stack.enter_context(_scheduled(pipeline, request.scheduler, arguments))
            scheduler = getattr(pipeline, "scheduler", None)
            stack.enter_context(watched(scheduler, request.steps, _counted(request, on_step)))
            if request.is_tile:
                stack.enter_context(tiled(pipeline))
            # Only now: text encoders have their LoRAs.
            arguments |= words_for(pipeline, request.pictures[picture].parts, request.negative)
            return _pixels(pipeline(**arguments))

    def _kit(self, image: ImageInput | None) -> Any:
        """Find the pipeline around the same weights that goes on from a picture."""
        if image is None:
            return self.pipeline
        kind = AutoPipelineForImage2Image if image.mask is None else AutoPipelineForInpainting
        flag = "--image" if image.mask is None else "--mask"
        try:
            kit = kind.from_pipe(self.pipeline)
        except ValueError as error:  # diffusers knows none for this class.
            raise UserError("model_flag_unsupported", flag=flag) from error
        accepted = inspect.signature(kit.__call__).parameters
        if "image" not in accepted or (image.mask is not None and "mask_image" not in accepted):
            raise UserError("model_flag_unsupported", flag=flag)
        kit.set_progress_bar_config(disable=True)
        return kit

    def _arguments(self, pipeline: Any, request: DrawRequest, picture: int) -> dict[str, Any]:
        """Say all but the words, in the arguments that this pipeline's call takes."""
        size = size_for(pipeline, request.aspect, self._source.native_size)
        seed = request.pictures[picture].seed
        offered = {
            # On the CPU whatever the device: the same seed gives the same noise everywhere.
            "generator": torch.Generator("cpu").manual_seed(seed),
            "num_inference_steps": request.steps,
            "guidance_scale": self.guidance_in_force(request.guidance_scale),
            "output_type": "np",
            **({} if size is None else {"width": size[0], "height": size[1]}),
            **({} if request.image is None else _shown(request.image, size)),
        }
        accepted = inspect.signature(pipeline.__call__).parameters
        return {name: value for name, value in offered.items() if name in accepted}

    @contextlib.contextmanager
    def _changed(self, request: DrawRequest) -> Iterator[None]:
        """Apply a request's LoRAs to the whole model, while it is drawn."""
        if not request.loras:
            yield
            return
        if self._loras is None:
            raise UserError("model_flag_unsupported", flag="--lora")
        self._loras.load(request.loras)
        with self._loras.uniform(request.loras):
            yield


def _shown(image: ImageInput, size: _Size) -> dict[str, Any]:
    """Show a picture to go on from, and its mask, in the size of what is drawn."""
    shape = (image.width, image.height)
    wanted = size or shape
    picture = Image.frombytes("RGB", shape, image.rgb)
    shown = {
        "image": ImageOps.fit(picture, wanted, Image.Resampling.LANCZOS),
        "strength": image.strength,
    }
    if image.mask is None:
        return shown
    mask = Image.frombytes("L", shape, image.mask)
    return {**shown, "mask_image": ImageOps.fit(mask, wanted, Image.Resampling.NEAREST)}


@contextlib.contextmanager
def _scheduled(pipeline: Any, asked: str | None, arguments: dict[str, Any]) -> Iterator[None]:
    """Lend a pipeline another scheduler for one picture, and say to its call what that needs."""
    own = getattr(pipeline, "scheduler", None)
    if asked is None or asked == type(own).__name__:
        yield
        return
    recipe = SCHEDULERS.get(asked)
    known = {each.__name__ for each in getattr(own, "compatibles", ())}
    if recipe is None or recipe.class_name not in known:
        raise UserError("scheduler_unusable", value=asked)
    scheduler, options = new_scheduler(own, asked)
    accepted = inspect.signature(pipeline.__call__).parameters
    arguments |= {name: value for name, value in options.items() if name in accepted}
    borrowed(pipeline, scheduler)
    try:
        yield
    finally:
        borrowed(pipeline, own)


def _counted(request: DrawRequest, on_step: OnStep) -> OnStep:
    """Count the steps that are taken: a picture to go on from makes the first ones needless."""
    if request.image is None:
        return on_step
    total = max(1, int(request.steps * request.image.strength))

    def told(report: StepReport) -> None:
        on_step(StepReport(min(report.step, total), total, report.latents))

    return told


def _pixels(output: Any) -> Pixels:  # a pipeline output class of one of many
    """Take the one picture out of a pipeline's output, as 8-bit RGB."""
    images = getattr(output, "images", None)
    if not isinstance(images, np.ndarray) or images.ndim != _PICTURES_DIMS:
        raise UserError("model_draws_no_pictures")
    if any(getattr(output, "nsfw_content_detected", None) or ()):
        raise UserError("model_withheld")
    return to_pixels(images[0])
