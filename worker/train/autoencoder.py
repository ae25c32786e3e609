"""Train the autoencoder that turns a scene into latents a factor of eight smaller, and back.

It is fully convolutional and learns from crops of a quarter of a scene, four for the price of one.
Its decoder learns on by itself afterwards: `worker.train.decoder`.
"""

import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, l1_loss, mse_loss

from worker.train import checkpoints
from worker.train.loops import Lesson, Loop
from worker.train.parallel import Team
from worker.train.parts import Autoencoder, autoencoder_block, new_autoencoder
from worker.train.schedules import Stopwatch

log = logging.getLogger(__name__)

Pictures = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""Pictures of 0 to 255, channels last."""

LATENT_CHANNELS = 4
"""What the stock inpainting pipeline asks of a denoiser that was not made for inpainting."""
FACTOR = 8
"""Pixels to a latent, each way."""
_WIDTH = 48
"""Of the encoder."""
_DRAWING_WIDTH, _DRAWING_BLOCKS = 32, (3, 2, 1, 1)
"""Of the decoder, which is run for every picture and preview: those of the shipped weights."""
_CROP = 64
BATCH = 12
_NOISE = 0.07
"""Added to latents in training, so that near latents decode to near pictures."""
_HELD_BACK = 64
"""Scenes kept for measuring."""
_LESSON = Lesson("autoencoder", peak=2e-3, clip=3.0, weight_decay=1e-4, save_every=250)


def build(teacher: Autoencoder | None = None) -> Autoencoder:
    """Build one with an initialisation from which it learns at once.

    With a teacher of half the factor its decoder begins as the teacher's, one stage longer.
    """
    width, blocks = _DRAWING_WIDTH, _DRAWING_BLOCKS
    if teacher is not None:
        width = teacher.config.decoder_block_out_channels[0]
        blocks = (*teacher.config.num_decoder_blocks, 1)
    model = new_autoencoder(
        encoder_block_out_channels=(_WIDTH,) * 4,
        decoder_block_out_channels=(width,) * 4,
        latent_channels=LATENT_CHANNELS,
        num_encoder_blocks=(0, 2, 3, 4),
        num_decoder_blocks=blocks,
        scaling_factor=1.0,
    )
    _initialise(model)
    if teacher is not None:
        _follow(model.decoder.layers, teacher.decoder.layers)
    return model.to(memory_format=torch.channels_last)


def load(folder: Path) -> Autoencoder:
    """Read an autoencoder in full precision."""
    model = new_autoencoder.from_pretrained(
        folder, torch_dtype=torch.float32, local_files_only=True
    )
    return model.eval().to(memory_format=torch.channels_last)


@torch.no_grad()
def _initialise(model: Autoencoder) -> None:
    """Start near the identity: with torch's own start it had learnt nothing after 100 steps."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                module.bias.zero_()
    for module in model.modules():
        if isinstance(module, autoencoder_block):
            *first, last = [part for part in module.conv if isinstance(part, nn.Conv2d)]
            for part in first:
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            last.weight.mul_(0.3)
    *_, last = [part for part in model.decoder.modules() if isinstance(part, nn.Conv2d)]
    last.weight.mul_(0.3)
    assert last.bias is not None
    last.bias.fill_(0.6)


@torch.no_grad()
def _follow(layers: nn.Sequential, taught: nn.Sequential) -> None:
    """Begin with what was taught, and a last stage that only repeats each pixel."""
    for layer, before in zip(layers, list(taught)[:-1], strict=False):
        layer.load_state_dict(before.state_dict())
    convolutions = [part for part in layers.modules() if isinstance(part, nn.Conv2d)]
    # One after the doubling, three in the last block, one that draws.
    repeating, _, _, polishing, drawing = convolutions[-5:]
    nn.init.dirac_(repeating.weight)
    nn.init.zeros_(polishing.weight)
    drawing.load_state_dict(taught[-1].state_dict())


def to_tensor(pictures: Pictures) -> Tensor:
    """Bring pictures of 0 to 255 to the range of -1 to 1, channels first."""
    pixels = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2)
    return pixels.to(memory_format=torch.channels_last).float() / 127.5 - 1


def factor_of(model: Autoencoder) -> int:
    """Reckon how many pixels there are to a latent, each way."""
    return int(2 ** (len(model.config.encoder_block_out_channels) - 1))


def train(
    team: Team,
    scenes: Path,
    folder: Path,
    watch: Stopwatch,
    teacher: Autoencoder | None = None,
) -> None:
    """Train on the pictures of a file until the plan is done; resume what was begun.

    With a teacher of a smaller factor it learns that one's latents, of pictures made as much
    smaller, and to draw them at the full size: so an earlier denoiser can go on at more pixels.
    """
    torch.manual_seed(0)
    pictures = np.load(scenes, mmap_mode="r")
    model = build(teacher)
    loop = Loop(_LESSON, model, team, watch, folder)
    measured = measured_of(pictures)

    def saved() -> None:
        log.info("autoencoder: PSNR %.2f dB", psnr(model, measured))

    loop.run(lambda share: _loss(model, crops(pictures, loop.chance()), share, teacher), saved)
    if team.is_leader:
        scale = _scale_of(model, measured)
        scale = scale if teacher is None else teacher.config.scaling_factor
        model.register_to_config(scaling_factor=scale)
        save(model, folder / "autoencoder")


def save(model: Autoencoder, folder: Path) -> None:
    """Write an autoencoder."""
    with checkpoints.whole(folder) as partial:
        model.save_pretrained(partial)


def measured_of(pictures: Pictures) -> Tensor:
    """Give the scenes that are kept for measuring."""
    return to_tensor(pictures[:_HELD_BACK])


def crops(pictures: Pictures, chance: np.random.Generator, count: int = BATCH) -> Tensor:
    """Cut what one step learns from."""
    room = pictures.shape[1] - _CROP + 1
    chosen = chance.integers(_HELD_BACK, len(pictures), 2 * count)
    corners = chance.integers(0, room, (2 * count, 2))
    cut = [
        pictures[index, top : top + _CROP, left : left + _CROP]
        for index, (top, left) in zip(chosen, corners, strict=True)
    ]
    # Of every two, the one with more to see in it: flat ground is learnt soon enough.
    pairs = zip(cut[::2], cut[1::2], strict=True)
    return to_tensor(np.stack([max(pair, key=_contrast) for pair in pairs]))


def _contrast(crop: Pictures) -> float:
    return float(crop[::4, ::4].std())


def _loss(model: Autoencoder, pixels: Tensor, share: float, teacher: Autoencoder | None) -> Tensor:
    lesson = None if teacher is None else latents_of(teacher, pixels)
    with rounded(share):
        latents: Tensor = model.encode(pixels).latents
        noisy = latents.float() if lesson is None else lesson
        noisy = noisy + _NOISE * torch.randn(latents.shape)
        drawn: Tensor = model.decode(noisy).sample
    latents = latents.float()
    regular = 0.02 * _drift(latents) if lesson is None else mse_loss(latents, lesson)
    return unlikeness(drawn.float(), pixels) + regular


def rounded(share: float) -> torch.autocast:
    """Reckon in half precision but for the last steps: those settle the flat colours."""
    return torch.autocast("cpu", torch.bfloat16, enabled=share < 0.93)  # noqa: PLR2004


def unlikeness(drawn: Tensor, pixels: Tensor) -> Tensor:
    """Measure how far what was drawn is from the pictures, edges in particular."""
    edges = l1_loss(drawn.diff(dim=3), pixels.diff(dim=3)) + l1_loss(
        drawn.diff(dim=2), pixels.diff(dim=2)
    )
    error = drawn - pixels
    return error.abs().mean() + 2 * error.square().mean() + 0.5 * edges


def _drift(latents: Tensor) -> Tensor:
    """Measure how far each channel is from a mean of 0 and a spread of 1, as noise has them."""
    mean, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    return mean.square().sum() + (spread - 1).square().sum()


@torch.no_grad()
def latents_of(teacher: Autoencoder, pixels: Tensor) -> Tensor:
    """Encode as a teacher does, whose factor may be smaller: it is given smaller pictures."""
    latents: Tensor = teacher.encode(avg_pool2d(pixels, FACTOR // factor_of(teacher))).latents
    return latents


@torch.no_grad()
def psnr(model: Autoencoder, pixels: Tensor) -> float:
    """Measure how near the pictures come back, in decibels, as the mean over the pictures."""
    drawn = model.decode(model.encode(pixels).latents).sample.clamp(-1, 1)
    errors = ((drawn - pixels) / 2).square().mean((1, 2, 3))
    return float((-10 * errors.log10()).mean())


@torch.no_grad()
def _scale_of(model: Autoencoder, pixels: Tensor) -> float:
    return float(1 / model.encode(pixels).latents.std())
