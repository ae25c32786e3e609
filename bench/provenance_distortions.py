"""Do to pictures what platforms and people do to them."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Picture = NDArray[np.uint8]
Distortion = Callable[[Picture], Picture]


def encoded(pixels: Picture, kind: str, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(pixels: Picture, share: float) -> Picture:
    height, width = (round(side * share) for side in pixels.shape[:2])
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def jpeg(quality: int) -> Distortion:
    return lambda pixels: encoded(pixels, "JPEG", quality)


def cut(share: float) -> Distortion:
    """Cut off a share of the area, more on one side than on the other."""

    def crop(pixels: Picture) -> Picture:
        height, width = (round(side * (1 - share) ** 0.5) for side in pixels.shape[:2])
        top, left = (pixels.shape[0] - height) * 2 // 3 + 1, (pixels.shape[1] - width) // 3
        return pixels[top : top + height, left : left + width]

    return crop


def screenshot(pixels: Picture) -> Picture:
    """Show at 83 % on a screen, take a little less than all of it, send as JPEG."""
    shown = resized(pixels, 0.83)
    return encoded(shown[13:-9, 7:-21], "JPEG", 80)


def preview(longest: int, quality: int) -> Distortion:
    def shrink(pixels: Picture) -> Picture:
        return encoded(resized(pixels, min(1.0, longest / max(pixels.shape))), "WEBP", quality)

    return shrink


def _turned(pixels: Picture) -> Picture:
    turned = Image.fromarray(pixels).rotate(2, Image.Resampling.BICUBIC)
    return np.asarray(turned)[24:-24, 24:-24]


def _noisy(pixels: Picture) -> Picture:
    noise = np.random.default_rng(1).normal(0, 8, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def _bannered(pixels: Picture) -> Picture:
    banner = np.full((pixels.shape[0] // 6, pixels.shape[1], 3), 250, np.uint8)
    return encoded(np.concatenate([banner, pixels]), "JPEG", 80)


def _blurred(pixels: Picture) -> Picture:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2)))


PROMISED: dict[str, tuple[Distortion, int]] = {
    "none": (lambda pixels: pixels, 24),
    "jpeg 90": (jpeg(90), 23),
    "jpeg 70": (jpeg(70), 23),
    "jpeg 50": (jpeg(50), 23),
    "webp 80": (lambda pixels: encoded(pixels, "WEBP", 80), 23),
    "resize 50 %": (lambda pixels: resized(pixels, 0.5), 24),
    "crop 25 %": (cut(0.25), 23),
    "crop 50 %": (cut(0.5), 22),
    "screenshot-like resample": (screenshot, 23),
    "550 px webp preview": (preview(550, 80), 22),
    "horizontal flip": (lambda pixels: np.ascontiguousarray(pixels[:, ::-1]), 22),
}
"""Each with how many of 24 must still be read."""

BEYOND: dict[str, Distortion] = {
    "jpeg 30": jpeg(30),
    "400 px webp 70 preview": preview(400, 70),
    "resize 70 %, then jpeg 60": lambda pixels: encoded(resized(pixels, 0.7), "JPEG", 60),
    "resize 30 %": lambda pixels: resized(pixels, 0.3),
    "crop 75 %": cut(0.75),
    "banner on top, jpeg 80": _bannered,
    "brighter by a fifth": lambda pixels: np.clip(pixels * 1.2, 0, 255).astype(np.uint8),
    "noise of 8 levels": _noisy,
    "blur of 2 px": _blurred,
    "turned by 2 degrees": _turned,
}
"""Nothing was promised of these; they show where it ends."""
