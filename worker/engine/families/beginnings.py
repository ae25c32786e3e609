"""Begin a Stable Diffusion drawing from noise, from a picture, or inside a mask.

diffusers has one pipeline class for each of the three. All of them are built here around the same
weights, and their own methods prepare the latents, so that noise and encoder samples are drawn
from the generator in their order and with their rounding. Only the denoising loop is not theirs.
"""

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageOps

from worker.engine.drawing import BatchKey, Repaint
from worker.engine.messages import ImageInput

_ALL = 255
"""The mask of what is drawn anew."""


@dataclass(frozen=True, slots=True)
class Kits:
    """The three pipelines of one set of weights, each of a class of diffusers'."""

    text: Any
    image: Any
    inpaint: Any

    @classmethod
    def of(cls, pipeline: Any, text: type, image: type, inpaint: type) -> "Kits":
        """Build the three around the weights of a loaded one, whichever of them it is."""
        return cls(*(_kit(kit, pipeline) for kit in (text, image, inpaint)))


@dataclass(frozen=True, slots=True)
class Course:
    """What a drawing goes through, and where its random numbers come from."""

    device: torch.device
    scheduler: Any
    timesteps: torch.Tensor
    strength: float
    generator: torch.Generator
    width: int
    height: int
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a drawing begins with."""

    latents: torch.Tensor
    repaint: Repaint | None = None
    extra_channels: torch.Tensor | None = None


def first_step(scheduler: Any, steps: int, strength: float) -> int:
    """Count the steps that are skipped because a picture is noised only so far, and begin there.

    As the pipelines count, but at least one step is left: they fail where none is. The scheduler
    is told where it begins even from pure noise. SD 1 and 2's text pipeline leaves it to find its
    first timestep by value, and it begins a step too late where two timesteps round to one.
    """
    begin = min(steps - min(int(steps * strength), steps), steps - 1)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin * scheduler.order)
    return begin


def from_noise(kits: Kits, course: Course) -> Beginning:
    """Begin with noise alone."""
    kit = borrowed(kits.text, course.scheduler)
    return Beginning(
        kit.prepare_latents(
            1,
            kit.unet.config.in_channels,
            course.height,
            course.width,
            course.dtype,
            course.device,
            course.generator,
        )
    )


def from_picture(kits: Kits, course: Course, picture: ImageInput) -> Beginning:
    """Begin with a picture, noised as far as the first timestep is."""
    kit = borrowed(kits.image, course.scheduler)
    pixels = kit.image_processor.preprocess(fitted(picture, course))
    return Beginning(
        kit.prepare_latents(
            pixels,
            course.timesteps[:1],
            1,
            1,
            course.dtype,
            course.device,
            course.generator,
        )
    )


def inside_mask(kits: Kits, course: Course, picture: ImageInput | None) -> Beginning:
    """Begin with a picture of which only what the mask covers is drawn anew.

    Networks that were trained to inpaint are shown mask and picture beside the latents; they have
    no other way to draw, so without a mask, or even a picture, everything is drawn anew. Others
    have what is kept blended back after each step.
    """
    kit = borrowed(kits.inpaint, course.scheduler)
    size = {"height": course.height, "width": course.width}
    pixels = kit.image_processor.preprocess(fitted(picture, course), **size).float()
    mask = kit.mask_processor.preprocess(fitted_mask(picture, course), **size)
    is_trained = kit.unet.config.in_channels != kit.vae.config.latent_channels
    prepared = kit.prepare_latents(
        1,
        kit.vae.config.latent_channels,
        course.height,
        course.width,
        course.dtype,
        course.device,
        course.generator,
        image=pixels,
        timestep=course.timesteps[:1],
        is_strength_max=course.strength == 1.0,
        return_noise=True,
        return_image_latents=not is_trained,
    )
    # Even where it is not looked at, encoding the masked picture draws from the generator.
    latent_mask, masked = kit.prepare_mask_latents(
        mask,
        pixels * (mask < 0.5),  # noqa: PLR2004 - the processor has made it zeros and ones.
        1,
        course.height,
        course.width,
        course.dtype,
        course.device,
        course.generator,
        False,
    )
    if is_trained:
        return Beginning(prepared[0], extra_channels=torch.cat((latent_mask, masked), dim=1))
    latents, noise, kept = prepared
    return Beginning(latents, repaint=Repaint(kept, noise, latent_mask))


def _kit(kit_class: type, pipeline: Any) -> Any:
    """Build one pipeline around another one's components, as diffusers' own `from_pipe` does.

    That one would also cast all weights to fp32 unless told not to.
    """
    accepted = inspect.signature(kit_class.__init__).parameters  # type: ignore[misc] # of a class that is known
    options = {
        "requires_safety_checker": False,  # Whether one is there is the loaded pipeline's choice.
        "add_watermarker": False,
        "force_zeros_for_empty_prompt": pipeline.config.get("force_zeros_for_empty_prompt", True),
    }
    offered = {**pipeline.components, **options}
    return kit_class(**{name: value for name, value in offered.items() if name in accepted})


def borrowed(kit: Any, scheduler: Any) -> Any:
    """Let a kit prepare latents for this scheduler.

    Past the pipeline's own `__setattr__`, which would write the class into its configuration.
    """
    object.__setattr__(kit, "scheduler", scheduler)
    return kit


def fitted(picture: ImageInput | None, course: Course | BatchKey) -> Image.Image:
    """Make a picture of the drawing's size: its middle, where its shape is another."""
    size = (course.width, course.height)
    if picture is None:
        return Image.new("RGB", size)
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    if image.size == size:
        return image
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def fitted_mask(picture: ImageInput | None, course: Course | BatchKey) -> Image.Image:
    """Make a mask of the drawing's size; without one, everything is drawn anew."""
    size = (course.width, course.height)
    if picture is None or picture.mask is None:
        return Image.new("L", size, _ALL)
    mask = Image.frombytes("L", (picture.width, picture.height), picture.mask)
    return mask if mask.size == size else ImageOps.fit(mask, size, Image.Resampling.NEAREST)
