"""Train the denoiser, and the text encoder with it, on the latents of the scenes."""

import logging
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from worker.train.autoencoder import LATENT_CHANNELS
from worker.train.latents import SIDE, Examples
from worker.train.loops import Lesson, Loop
from worker.train.parallel import Team
from worker.train.parts import (
    Denoiser,
    Scheduler,
    TextEncoder,
    new_denoiser,
    new_scheduler,
    plain_attention,
)
from worker.train.schedules import Stopwatch
from worker.train.text_pretraining import WIDTH

log = logging.getLogger(__name__)

_WIDTHS = (64, 128, 160)
"""At 16, 8 and 4 latents a side; the text is attended to at 8 and, in the middle block, at 4."""
_BATCH = 14
_DEAF = 0.1
"""How many captions are dropped, which is what guidance needs."""
_EVENNESS = 0.5
"""1: all times alike; 0: none at all of the last, nearly noiseless times.

The text decides at high noise: with another's caption the loss at t = 850 was six times as high,
at t = 300 only a seventh higher.
"""
_LESSON = Lesson("denoiser", peak=1.2e-3, decay=0.999, log_every=50, save_every=250)


def build() -> Denoiser:
    """Build the denoiser.

    The pooled text also goes to the time embedding (`addition_embed_type`): together with the
    text encoder's pre-training that is what made it heed the text.
    """
    model = new_denoiser(
        sample_size=SIDE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        use_linear_projection=True,
        addition_embed_type="text",
        addition_embed_type_num_heads=5,
    )
    return model.to(memory_format=torch.channels_last)


def load(folder: Path) -> Denoiser:
    """Read a denoiser in full precision."""
    model = new_denoiser.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    return model.to(memory_format=torch.channels_last)


def build_scheduler() -> Scheduler:
    """Build the noise schedule: it ends in all but pure noise, so that flat colours come out."""
    return new_scheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
        steps_offset=0,
    )


def train(
    team: Team,
    examples: Examples,
    silence: Tensor,
    models: tuple[Denoiser, TextEncoder],
    folder: Path,
    watch: Stopwatch,
) -> Loop:
    """Train until the plan is done; resume what was begun.

    `silence` are the tokens of no caption at all, as one row.
    """
    torch.manual_seed(0)
    unet, encoder = models
    # At these lengths the fused attention's backward pass took 14 % of a step.
    unet.set_attn_processor(plain_attention())
    kept = build_scheduler().alphas_cumprod.float()
    loop = Loop(_LESSON, nn.ModuleDict({"unet": unet, "text": encoder}), team, watch, folder)

    def loss(_share: float) -> Tensor:
        chosen = torch.randint(len(examples), (_BATCH,))
        clean = examples.latents[chosen].float().contiguous(memory_format=torch.channels_last)
        deaf = torch.rand(_BATCH, 1) < _DEAF
        tokens = torch.where(deaf, silence, examples.tokens[chosen])
        times = _times()
        noise = torch.randn(clean.shape)
        signal = kept[times].view(-1, 1, 1, 1)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        velocity = signal.sqrt() * noise - (1 - signal).sqrt() * clean
        with torch.autocast("cpu", torch.bfloat16):
            guess = unet(noisy, times, encoder(tokens).last_hidden_state).sample
        return mse_loss(guess.float(), velocity)

    loop.run(loss)
    return loop


def _times() -> Tensor:
    """Draw one time from each of as many equal shares, late times more often."""
    draw = (torch.randperm(_BATCH) + torch.rand(_BATCH)) / _BATCH
    slope = 1 - _EVENNESS
    # The inverse of the cumulative density a s + (1 - a) s^2, where a is the evenness.
    share = (-_EVENNESS + (_EVENNESS**2 + 4 * slope * draw).sqrt()) / (2 * slope)
    return (share * 1000).long().clamp(0, 999)
