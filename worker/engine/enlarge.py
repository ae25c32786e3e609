"""Enlarge pictures with the small network that Easel ships, for posting and for `upscale`."""

import json
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import interpolate

from core.catalog import SHIPPED_MODELS
from worker.engine.pixels import Pieces, Pixels, at_once

FOLDER = SHIPPED_MODELS / "easel-enlarge"
"""The shipped network."""

FACTOR = 4
"""Times that one pass of the network enlarges."""

LEAST = 1.3
"""The least factor that the network is used for: below it Lanczos shows no difference."""

TILE = 160
"""Pixels a side that go through the network at once, so that memory is bounded: about 80 MB."""

_SAFETY = 2
"""Pixels that a tile overlaps its neighbours beyond what the network can see."""


class EnlargerNetwork(nn.Module):
    """Add to a bicubic enlargement what convolutions at the small size say that it lacks."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.reach = 2 * depth + 2
        """Pixels of the small picture, each way, that a result depends on."""
        self.head = _convolution(3, width)
        self.body = nn.Sequential(*(_Residual(width) for _ in range(depth)))
        self.tail = _convolution(width, 3 * FACTOR**2)
        nn.init.normal_(self.tail.weight, std=0.002)
        self.shuffle = nn.PixelShuffle(FACTOR)

    def forward(self, pixels: Tensor) -> Tensor:
        """Enlarge a batch of pictures with values from 0 to 1."""
        features = self.body(self.head(pixels))
        base = interpolate(pixels, scale_factor=FACTOR, mode="bicubic", align_corners=False)
        lacking: Tensor = self.shuffle(self.tail(features))
        return base + lacking


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = _convolution(width, width)
        # Begin as the identity, nearly: a network of these learns at once.
        nn.init.normal_(self.second.weight, std=0.005)

    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = self.second(torch.relu(self.first(features)))
        return features + changed


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """Continue a picture's edge beyond it: with zeros there, flat ground is no longer flat."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate")


class Enlarger:
    """Bring pictures to a larger size: the same picture always gives the same result."""

    def __init__(self, network: EnlargerNetwork, device: str = "cpu") -> None:
        self._network = network.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's types know no memory format here.
        self._device = device

    @classmethod
    def load(cls, folder: Path | None = None, device: str = "cpu") -> Self:
        """Read a network from its folder; None: the shipped one.

        Raises:
            OSError: the folder or its files are not there.
        """
        folder = FOLDER if folder is None else folder
        config = json.loads((folder / "config.json").read_text("utf-8"))
        network = EnlargerNetwork(config["width"], config["depth"])
        weights = load_file(folder / "model.safetensors")
        network.load_state_dict({name: weight.float() for name, weight in weights.items()})
        return cls(network, device)

    def enlarge(self, rgb: Pixels, side: int) -> Pixels:
        """Bring a picture's longer side to so many pixels, at one go."""
        return at_once(self.enlarging(rgb, side))

    def enlarging(self, rgb: Pixels, side: int) -> Pieces:
        """Bring a picture's longer side to so many pixels, a tile at a time.

        The network passes over it until it is large enough, and Lanczos takes it to the exact
        size. A picture that is to become smaller, or hardly larger, sees Lanczos alone.
        """
        height, width, _ = rgb.shape
        scale = side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if scale >= LEAST:
            rgb = yield from self._passed(rgb)
            while max(rgb.shape) * LEAST <= side:
                yield
                rgb = yield from self._passed(rgb)
        if (rgb.shape[1], rgb.shape[0]) == size:
            return rgb
        return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))

    def _passed(self, rgb: Pixels) -> Pieces:
        """Send a picture through the network, in tiles that overlap by all that it can see."""
        height, width, _ = rgb.shape
        enlarged = np.empty((height * FACTOR, width * FACTOR, 3), np.uint8)
        margin = self._network.reach + _SAFETY
        corners = [(top, left) for top in range(0, height, TILE) for left in range(0, width, TILE)]
        for tile, (top, left) in enumerate(corners):
            if tile:
                yield
            bottom, right = min(top + TILE, height), min(left + TILE, width)
            above, before = max(top - margin, 0), max(left - margin, 0)
            seen = rgb[above : bottom + margin, before : right + margin]
            made = self._through(seen)[
                (top - above) * FACTOR : (bottom - above) * FACTOR,
                (left - before) * FACTOR : (right - before) * FACTOR,
            ]
            enlarged[top * FACTOR : bottom * FACTOR, left * FACTOR : right * FACTOR] = made
        return enlarged

    @torch.inference_mode()
    def _through(self, rgb: Pixels) -> Pixels:
        pixels = torch.from_numpy(rgb.copy()).to(self._device)
        batch = (pixels.permute(2, 0, 1)[None].float() / 255).contiguous(
            memory_format=torch.channels_last
        )
        made = self._network(batch)[0].clamp(0, 1).mul(255).round().byte()
        return np.asarray(made.permute(1, 2, 0).cpu().numpy())
