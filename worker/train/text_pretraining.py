"""Teach the text encoder what the words look like before there is a denoiser.

A throw-away head guesses each scene's latents, averaged over patches of 2 x 2, from its caption.
Minutes of it save the denoiser hours: without it 37,000 samples still gave blobs deaf to the text.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, mse_loss
from transformers import CLIPTextConfig

from worker.train import checkpoints
from worker.train.latents import Examples
from worker.train.loops import Lesson, Loop
from worker.train.parallel import Team
from worker.train.parts import TextEncoder, Tokenizer
from worker.train.schedules import Stopwatch
from worker.train.tokenizer import MAX_LENGTH

WIDTH = 160
_LAYERS, _HEADS = 3, 5
_QUERIES, _HIDDEN = 6, 640
_BATCH = 64
_LESSON = Lesson("text_encoder", peak=1.5e-3, log_every=100, save_every=500)

_TAUGHT_PEAK = 8e-4
_STILL = 0.35
"""How much of the time an encoder that is taught already keeps still."""


def build(tokenizer: Tokenizer) -> TextEncoder:
    """Build a text encoder for the tokenizer's words."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        max_position_embeddings=MAX_LENGTH,
        projection_dim=WIDTH,
        hidden_act="quick_gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = TextEncoder(config)
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            # Words start further apart than positions do.
            spread = 0.02 if module.num_embeddings == MAX_LENGTH else 0.05
            nn.init.normal_(module.weight, std=spread)
    return model


def load(folder: Path) -> TextEncoder:
    """Read a text encoder in full precision."""
    return TextEncoder.from_pretrained(folder, dtype=torch.float32, local_files_only=True)


class Head(nn.Module):
    """Guess a coarse picture from what the text encoder says of each token."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(_QUERIES, WIDTH) * 0.1)
        self.keys = nn.Linear(WIDTH, WIDTH)
        self.values = nn.Linear(WIDTH, WIDTH)
        self.guess = nn.Sequential(
            nn.Linear(_QUERIES * WIDTH, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, size)
        )

    def forward(self, states: Tensor) -> Tensor:
        """Let each query look at the tokens that concern it."""
        attention = self.queries @ self.keys(states).transpose(1, 2) / WIDTH**0.5
        seen = attention.softmax(-1) @ self.values(states)
        guess: Tensor = self.guess(seen.flatten(1))
        return guess


def train(
    team: Team,
    examples: Examples,
    encoder: TextEncoder,
    folder: Path,
    watch: Stopwatch,
    *,
    is_taught: bool = False,
) -> None:
    """Train on captions and latents until the plan is done; resume what was begun.

    An encoder that is taught already keeps still until the head can read it: new words then find
    their place among the old, and the denoiser that knows the old ones understands them.
    """
    torch.manual_seed(0)
    centred = examples.latents.float() - examples.latents.float().mean(0, keepdim=True)
    coarse = avg_pool2d(centred, 2)
    targets = (coarse / coarse.std()).flatten(1)
    head = Head(targets.shape[1])
    lesson = replace(_LESSON, peak=_TAUGHT_PEAK) if is_taught else _LESSON
    loop = Loop(lesson, nn.ModuleList([encoder, head]), team, watch, folder)
    end = examples.tokens[0, -1]

    def loss(share: float) -> Tensor:
        chosen = torch.randint(len(targets), (_BATCH,))
        tokens = _trimmed(examples.tokens[chosen], end)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.set_grad_enabled(not is_taught or share > _STILL):
                states = encoder(tokens).last_hidden_state
            guess = head(states)
        return mse_loss(guess.float(), targets[chosen])

    loop.run(loss)
    if team.is_leader:
        with checkpoints.whole(folder / "text_encoder") as partial:
            encoder.save_pretrained(partial)


def _trimmed(tokens: Tensor, end: Tensor) -> Tensor:
    """Cut off the columns that fill up even the longest caption: attention looks only back."""
    longest = int((tokens != end).sum(1).max()) + 1
    return tokens[:, :longest]
