"""Be the network: MiniLM as published, plainly written, under heads for our categories."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from moderation.train.manifest import OUTPUTS


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; MiniLM's, if nothing else is said."""

    width: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    vocabulary: int = 30522
    positions: int = 128
    """Of the 512 that MiniLM has: prompts are read in windows that are shorter."""


EPSILON = 1e-12
_DROPOUT = 0.1


class Block(nn.Module):
    """One layer of BERT: attention, then a feed-forward part, each with its norm after it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        self.heads = shape.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, EPSILON)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, EPSILON)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Read `x` (batch, length, width); `mask` is true where there is a token."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        x = self.norm1(x + self.dropout(self.out(mixed)))
        refined: Tensor = self.norm2(x + self.dropout(self.down(functional.gelu(self.up(x)))))
        return refined


class Screen(nn.Module):
    """Score a text: logits for each category, and for "unsafe", from the mean and the maximum."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, EPSILON)
        self.dropout = nn.Dropout(_DROPOUT)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.head = nn.Linear(2 * shape.width, len(OUTPUTS))

    def forward(self, ids: Tensor, attended: Tensor) -> Tensor:
        """Read token ids; `attended` is 1 where there is a token and 0 where there is padding."""
        x = self.words(ids) + self.places.weight[: ids.shape[1]]
        x = self.dropout(self.norm(x))
        mask = attended.bool()[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        weights = attended.to(x.dtype)[:, :, None]
        mean = (x * weights).sum(1) / weights.sum(1)
        highest = (x + (weights - 1) * 10_000.0).amax(1)
        logits: Tensor = self.head(self.dropout(torch.cat([mean, highest], 1)))
        return logits


def from_minilm(path: Path, shape: Shape) -> Screen:
    """Make the network with MiniLM's weights and an untrained head; the words stay as they are."""
    given = load_file(path)
    screen = Screen(shape)
    state = {
        # Every token is of type 0, so that type's embedding is part of each position's.
        "words.weight": given["embeddings.word_embeddings.weight"],
        "places.weight": given["embeddings.position_embeddings.weight"][: shape.positions]
        + given["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": given["embeddings.LayerNorm.weight"],
        "norm.bias": given["embeddings.LayerNorm.bias"],
        "head.weight": screen.head.weight.detach() * 0.1,
        "head.bias": screen.head.bias.detach() * 0.0 - 2.0,
    }
    for number in range(shape.layers):
        state |= _layer(given, number)
    screen.load_state_dict(state)
    screen.words.weight.requires_grad_(False)
    return screen


def _layer(given: dict[str, Tensor], number: int) -> dict[str, Tensor]:
    theirs, ours = f"encoder.layer.{number}", f"blocks.{number}"
    state: dict[str, Tensor] = {}
    for kind in ("weight", "bias"):
        parts = [
            given[f"{theirs}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")
        ]
        state |= {
            f"{ours}.qkv.{kind}": torch.cat(parts),
            f"{ours}.out.{kind}": given[f"{theirs}.attention.output.dense.{kind}"],
            f"{ours}.norm1.{kind}": given[f"{theirs}.attention.output.LayerNorm.{kind}"],
            f"{ours}.up.{kind}": given[f"{theirs}.intermediate.dense.{kind}"],
            f"{ours}.down.{kind}": given[f"{theirs}.output.dense.{kind}"],
            f"{ours}.norm2.{kind}": given[f"{theirs}.output.LayerNorm.{kind}"],
        }
    return state
