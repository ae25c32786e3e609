"""Measure whether the batching engine draws what diffusers draws, bit for bit where it says so.

The stock pipelines are asked one request after another; the engine gets the same requests while
others are under way. A table of all schedulers tells whether company, or a stop half way, changes
a single bit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.catalog import SHIPPED_MODELS
from core.prompts import weigh
from worker.engine import batch
from worker.engine.drawing import Drawing
from worker.engine.families.base import BUCKETS, NO_PADDING
from worker.engine.families.side_by_side import SideBySide, available_parts
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.messages import DrawRequest, ImageInput, ModelSource, PictureOrder, Start
from worker.engine.pixels import Pixels, to_pixels
from worker.engine.schedulers import SCHEDULERS, new_scheduler

MODEL = ModelSource(source=str(SHIPPED_MODELS / "easel-small"))
FIXED = BUCKETS[-1]
JOIN_EVERY = 2
"""Steps between two requests that join."""


def ask(prompt: str, seed: int = 7, **fields: Any) -> DrawRequest:
    """Ask for one picture."""
    order = PictureOrder(parts=weigh(prompt), seed=seed)
    defaults = {"request_id": f"{prompt}-{seed}", "model": MODEL, "steps": 4}
    return DrawRequest(pictures=(order,), **{**defaults, **fields})


def picture(width: int, height: int, strength: float, *, is_masked: bool = False) -> ImageInput:
    """Make a picture to go on from: random colours, and a mask over its middle."""
    random = np.random.default_rng(11)
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[height // 4 : -height // 4, width // 4 : -width // 4] = 255
    return ImageInput(
        rgb=random.integers(0, 256, (height, width, 3), dtype=np.uint8).tobytes(),
        width=width,
        height=height,
        strength=strength,
        mask=mask.tobytes() if is_masked else None,
    )


def stock(family: StableDiffusion, request: DrawRequest) -> Pixels:
    """Draw a request's first picture with diffusers' own pipeline for it, alone."""
    loaded, image, order = family.pipeline, request.image, request.pictures[0]
    text_class, image_class, mask_class = family.pipelines
    scheduler, options = new_scheduler(loaded.scheduler, request.scheduler)
    kit_class = text_class if image is None else image_class if image.mask is None else mask_class
    pipeline = kit_class(**{**loaded.components, "scheduler": scheduler}, **_options(loaded))
    pipeline.set_progress_bar_config(disable=True)
    size = {"width": family.key(request).width, "height": family.key(request).height}
    arguments: dict[str, Any] = {
        "prompt": order.parts[0].text,
        "negative_prompt": request.negative or None,
        "num_inference_steps": request.steps,
        "guidance_scale": family.guidance_in_force(request.guidance_scale),
        "generator": torch.Generator("cpu").manual_seed(order.seed),
        "output_type": "np",
        **options,
    }
    if image is not None:
        frame = Image.frombytes("RGB", (image.width, image.height), image.rgb)
        arguments |= {"image": frame, "strength": image.strength}
        if image.mask is not None:
            mask = Image.frombytes("L", (image.width, image.height), image.mask)
            arguments |= {"mask_image": mask}
    if image is None or image.mask is not None:
        arguments |= size
    return to_pixels(pipeline(**arguments).images[0])


def in_company(
    family: StableDiffusion, requests: Sequence[DrawRequest], bucket: int = NO_PADDING
) -> list[Pixels]:
    """Draw requests that join one after another while those before them are under way."""
    waiting = list(enumerate(requests))
    drawn: dict[int, Pixels] = {}
    under_way: dict[int, Drawing] = {}
    steps = 0
    while waiting or under_way:
        if waiting and steps % JOIN_EVERY == 0:
            place, request = waiting.pop(0)
            under_way[place] = family.begin(request, 0)
        if under_way:
            batch.step(family, list(under_way.values()), bucket)
        steps += 1
        for place in [place for place, drawing in under_way.items() if drawing.is_done]:
            (drawn[place],) = family.decode([under_way.pop(place)])
    return [drawn[place] for place in range(len(requests))]


def finished(family: StableDiffusion, drawing: Drawing, bucket: int) -> torch.Tensor:
    """Take a drawing to its end, alone."""
    while not drawing.is_done:
        batch.step(family, [drawing], bucket)
    return drawing.latents


def difference(ours: Pixels, theirs: Pixels) -> tuple[float, int]:
    """Compare two pictures: the share of 8-bit values that differ, and by how much at most."""
    apart = np.abs(ours.astype(int) - theirs)
    return float((apart > 0).mean()), int(apart.max())


def difference_share(rounds: int = 3) -> dict[str, object]:
    """Measure everything on the shipped model.

    Returns:
        The largest share of values of a picture that differ from the stock pipeline's, the
        largest difference, and for each scheduler whether company and a stop change no bit.
    """
    family = shipped_family()
    compared = [each for seed in range(rounds) for each in _compared(family, seed)]
    return {
        "pictures": len(compared),
        "max_8bit_diff_share": max(share for share, _ in compared),
        "max_8bit_diff": max(most for _, most in compared),
        "bitwise_reproducible": {name: is_reproducible(family, name) for name in SCHEDULERS},
        "bitwise_resume": {name: is_resumed(family, name) for name in SCHEDULERS},
    }


def shipped_family() -> StableDiffusion:
    """Load the shipped model, on all cores of this CPU."""
    from worker.engine.pipelines import load, prepare

    start = Start(model=MODEL, device="cpu")
    prepare(start)
    side_by_side = SideBySide(available_parts(start.cpu_threads))
    return StableDiffusion(load(MODEL, start).pipeline, MODEL, side_by_side=side_by_side)


def mixed(width: int, height: int, seed: int = 0) -> list[DrawRequest]:
    """Ask for a text, a distilled-like text, a picture and a mask, each drawn another way."""
    return [
        ask("a red apple on a blue background", seed, steps=9),
        ask(
            "a blue car", seed + 1, steps=6, guidance_scale=1.0,
            scheduler="EulerAncestralDiscreteScheduler",
        ),
        ask(
            "a green tree", seed + 2, steps=8, scheduler="HeunDiscreteScheduler",
            image=picture(width, height, 0.6),
        ),
        ask(
            "a cat", seed + 3, steps=7, negative="red",
            scheduler="DPMSolverMultistepScheduler",
            image=picture(width, height, 0.8, is_masked=True),
        ),
    ]  # fmt: skip


def is_reproducible(family: StableDiffusion, scheduler: str) -> bool:
    """Tell whether a picture's bits are the same alone and in changing company."""
    key = family.key(ask("any"))
    wanted = ask("a red apple", 3, steps=5, scheduler=scheduler, is_reproducible=True)
    alone = finished(family, family.begin(wanted, 0), FIXED)
    drawing = family.begin(wanted, 0)
    company = [family.begin(each, 0) for each in mixed(key.width, key.height, 40)]
    while not drawing.is_done:
        # At another place among others at each step, as they come and go.
        company = [each for each in company if not each.is_done]
        at = drawing.index % (len(company) + 1)
        batch.step(family, [*company[:at], drawing, *company[at:]], FIXED)
        company = company[1:] + company[:1]
    return torch.equal(alone, drawing.latents)


def is_resumed(family: StableDiffusion, scheduler: str) -> bool:
    """Tell whether a picture that was stopped at each of its steps comes out bit for bit."""
    wanted = ask("a red apple", 3, steps=5, scheduler=scheduler)
    through = finished(family, family.begin(wanted, 0), NO_PADDING)
    drawing = family.begin(wanted, 0)
    while not drawing.is_done:
        batch.step(family, [drawing])
        drawing = family.thaw(wanted, 0, family.freeze(drawing))
    return torch.equal(through, drawing.latents)


def _compared(family: StableDiffusion, seed: int) -> list[tuple[float, int]]:
    key = family.key(ask("any"))
    requests = mixed(key.width, key.height, 10 * seed)
    drawn = in_company(family, requests)
    return [difference(*pair) for pair in zip(drawn, map_stock(family, requests), strict=True)]


def map_stock(family: StableDiffusion, requests: Sequence[DrawRequest]) -> list[Pixels]:
    """Draw requests one after another with the stock pipelines."""
    return [stock(family, request) for request in requests]


def _options(loaded: Any) -> dict[str, bool]:
    """Choose what a second pipeline around the same weights is told."""
    if "force_zeros_for_empty_prompt" in loaded.config:
        zeros = loaded.config["force_zeros_for_empty_prompt"]
        return {"force_zeros_for_empty_prompt": zeros, "add_watermarker": False}
    return {"requires_safety_checker": False}
