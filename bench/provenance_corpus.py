"""Make the fixed pictures that marks are measured on: 14 photographs, 10 drawn by rule.

The photographs lie in the wheels of scikit-image and scikit-learn, openly licensed (NASA's
Hubble field, pictures given to the public domain, two under CC BY); nothing is downloaded. They
are smaller than the marked pictures and are enlarged, so they are smoother than a camera's own.
"""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE = 1024
Picture = NDArray[np.uint8]

_SKIMAGE = ("skimage", "data")
_SKLEARN = ("sklearn", "datasets/images")
PHOTOGRAPHS: dict[str, tuple[tuple[str, str], str]] = {
    "astronaut": (_SKIMAGE, "astronaut.png"),
    "brick": (_SKIMAGE, "brick.png"),
    "camera": (_SKIMAGE, "camera.png"),
    "cat": (_SKIMAGE, "chelsea.png"),
    "china": (_SKLEARN, "china.jpg"),
    "coffee": (_SKIMAGE, "coffee.png"),
    "coins": (_SKIMAGE, "coins.png"),
    "flower": (_SKLEARN, "flower.jpg"),
    "galaxies": (_SKIMAGE, "hubble_deep_field.jpg"),
    "grass": (_SKIMAGE, "grass.png"),
    "gravel": (_SKIMAGE, "gravel.png"),
    "moon": (_SKIMAGE, "moon.png"),
    "retina": (_SKIMAGE, "retina.jpg"),
    "rocket": (_SKIMAGE, "rocket.jpg"),
}


def pictures(side: int = SIDE) -> Iterator[tuple[str, Picture]]:
    """Yield every picture of the corpus with its name, always in the same order.

    Raises:
        FileNotFoundError: the packages of the extra `bench` are not installed.
    """
    for name, (package, file) in PHOTOGRAPHS.items():
        yield name, square(Image.open(_folder(*package) / file), side)
    for name, draw in DRAWN.items():
        yield name, square(draw(), side)


def drawn(side: int = SIDE) -> Iterator[tuple[str, Picture]]:
    """Yield the pictures that need no package: those drawn by rule."""
    for name, draw in DRAWN.items():
        yield name, square(draw(), side)


def _folder(package: str, folder: str) -> Path:
    # Found, not imported: of a hundred megabytes of code only the pictures are wanted.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{package}: install the extra `bench`")
    return Path(spec.submodule_search_locations[0]) / folder


def square(image: Image.Image, side: int) -> Picture:
    """Cut the middle out and bring it to a side."""
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    square = image.convert("RGB").crop((left, top, left + short, top + short))
    return np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _noise(seed: int, exponent: float) -> NDArray[np.float64]:
    """Make a field whose amplitudes fall with frequency, between 0 and 1."""
    steps = np.fft.fftfreq(SIDE)
    distance = np.hypot(steps[:, None], steps[None, :])
    distance[0, 0] = 1
    white = np.fft.fft2(_random(seed).normal(size=(SIDE, SIDE)))
    field = np.fft.ifft2(white / distance**exponent).real
    low, high = np.percentile(field, (0.5, 99.5))
    return np.clip((field - low) / (high - low), 0, 1)


def _coloured(field: NDArray[np.float64], stops: list[tuple[int, int, int]]) -> Image.Image:
    places = np.linspace(0, 1, len(stops))
    channels = [np.interp(field, places, [stop[each] for stop in stops]) for each in range(3)]
    return Image.fromarray(np.stack(channels, axis=-1).round().astype(np.uint8))


def _clouds() -> Image.Image:
    return _coloured(_noise(1, 1.9), [(60, 110, 190), (140, 180, 225), (245, 246, 250)])


def _hills() -> Image.Image:
    """Draw ridges behind each other, paler with distance, rough up close."""
    rows = np.arange(SIDE)[:, None]
    canvas = np.repeat(np.linspace((250, 205, 160), (170, 195, 225), SIDE)[:, None], SIDE, axis=1)
    for depth in range(6):
        ridge = 330 + 110 * depth + 190 * (_noise(20 + depth, 1.7)[500] - 0.5)
        rough = (_noise(40 + depth, 1.1) - 0.5) * (10 + 14 * depth)
        tone = np.array((150, 165, 185)) * (1 - depth / 7) + np.array((25, 40, 30)) * depth / 7
        canvas = np.where((rows > ridge[None])[..., None], tone + rough[..., None], canvas)
    return Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))


def _bokeh() -> Image.Image:
    image = _coloured(np.tile(np.linspace(0, 1, SIDE), (SIDE, 1)), [(20, 12, 40), (60, 30, 50)])
    random, glow = _random(3), Image.new("RGB", (SIDE, SIDE))
    brush = ImageDraw.Draw(glow)
    for _ in range(60):
        x, y, radius = (*random.integers(0, SIDE, 2).tolist(), int(random.integers(12, 70)))
        colour = tuple(random.integers(60, 230, 3).tolist())
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    blurred = glow.filter(ImageFilter.GaussianBlur(5))
    total = np.asarray(image, np.int64) + np.asarray(blurred, np.int64)
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))


def _plasma() -> Image.Image:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    field = np.sin(9 * x) + np.sin(7 * y + 2) + np.sin(11 * np.hypot(x - 0.4, y - 0.6))
    return _coloured((field + 3) / 6, [(40, 0, 80), (230, 80, 60), (250, 220, 120), (30, 120, 160)])


def _sunset() -> Image.Image:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    image = _coloured(y, [(40, 40, 100), (230, 120, 80), (250, 200, 110), (60, 40, 60)])
    sun = np.clip((0.09 - np.hypot(x - 0.5, y - 0.55)) * 200, 0, 1)[..., None]
    mixed = np.asarray(image) * (1 - sun) + np.array((255, 240, 200)) * sun
    return Image.fromarray(mixed.astype(np.uint8))


def _city() -> Image.Image:
    image = _coloured(
        np.linspace(0, 1, SIDE)[:, None].repeat(SIDE, 1), [(12, 14, 40), (70, 50, 90)]
    )
    brush, random = ImageDraw.Draw(image), _random(5)
    for left in range(0, SIDE, 64):
        top = int(random.integers(250, 700))
        brush.rectangle((left, top, left + 60, SIDE), fill=(18, 18, 28))
        for y in range(top + 12, SIDE - 12, 22):
            for x in range(left + 8, left + 54, 16):
                if random.random() < 0.45:
                    warm = int(random.integers(170, 255))
                    brush.rectangle((x, y, x + 8, y + 11), fill=(warm, warm - 30, 110))
    return image


def _glass() -> Image.Image:
    """Draw panes of coloured glass, each with a grain of its own, and lead between them."""
    random = _random(7)
    points, colours = random.uniform(0, SIDE, (70, 2)), random.integers(30, 240, (70, 3))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    distances = np.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1])
    nearest = np.partition(distances, 1, axis=-1)
    panes = colours[distances.argmin(axis=-1)] * (0.75 + 0.5 * _noise(8, 1.0))[..., None]
    panes[nearest[..., 1] - nearest[..., 0] < 7] = 20
    return Image.fromarray(np.clip(panes, 0, 255).astype(np.uint8))


def _cartoon() -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), (120, 190, 240))
    brush = ImageDraw.Draw(image)
    brush.rectangle((0, 700, SIDE, SIDE), fill=(110, 180, 80))
    brush.ellipse((760, 90, 920, 250), fill=(255, 220, 60))
    brush.rectangle((240, 480, 580, 800), fill=(210, 90, 70), outline=(40, 20, 20), width=8)
    brush.polygon([(200, 480), (410, 280), (620, 480)], fill=(120, 60, 50))
    brush.rectangle((370, 640, 450, 800), fill=(90, 60, 40))
    brush.rectangle((740, 560, 790, 820), fill=(110, 70, 40))
    brush.ellipse((640, 380, 890, 640), fill=(50, 140, 60), outline=(20, 70, 30), width=8)
    return image


def _poster() -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), (200, 60, 50))
    brush = ImageDraw.Draw(image)
    brush.rectangle((70, 70, 954, 954), outline=(245, 230, 200), width=10)
    for row, (words, size) in enumerate((("EASEL", 220), ("paints what", 110), ("you say", 110))):
        font = ImageFont.load_default(size)
        brush.text((120, 150 + 250 * row), words, font=font, fill=(245, 230, 200))
    return image


def _line_art() -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), "white")
    brush, random = ImageDraw.Draw(image), _random(9)
    for _ in range(26):
        corners = random.integers(40, SIDE - 40, (4, 2))
        brush.line([tuple(corner) for corner in corners.tolist()], fill="black", width=4)
        x, y, radius = (*random.integers(100, 900, 2).tolist(), int(random.integers(20, 120)))
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), outline="black", width=4)
    return image


DRAWN: dict[str, Callable[[], Image.Image]] = {
    "bokeh": _bokeh,
    "cartoon": _cartoon,
    "city": _city,
    "clouds": _clouds,
    "glass": _glass,
    "hills": _hills,
    "line_art": _line_art,
    "plasma": _plasma,
    "poster": _poster,
    "sunset": _sunset,
}
