"""Fit the linear n-gram model on the rows that the network learns from."""

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from moderation.classifiers.ngrams import BUCKETS, NGramModel, buckets_of
from moderation.train.fitting import loss_of
from moderation.train.manifest import OUTPUTS
from moderation.train.rows import Row
from moderation.train.variation import surroundings, varied

_EPOCHS = 4
_BATCH = 128
_RATE = 0.15
_LIMIT = 127


def fit_ngrams(rows: Sequence[Row], seed: int = 7) -> NGramModel:
    """Fit by Adagrad, which moves the weights of rare n-grams faster than those of frequent."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - no secret.
    table = nn.EmbeddingBag(BUCKETS, len(OUTPUTS), mode="sum", sparse=True)
    nn.init.zeros_(table.weight)
    bias = nn.Parameter(torch.full((len(OUTPUTS),), -2.0))
    # Gradients are made, not given: nothing to check.
    torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]  # torch
    optimizer = torch.optim.Adagrad([*table.parameters(), bias], lr=_RATE)
    around = surroundings(rows)
    for _ in range(_EPOCHS):
        anew = [varied(row, around, chance) for row in rows]
        chance.shuffle(anew)
        for at in range(0, len(anew), _BATCH):
            batch = anew[at : at + _BATCH]
            optimizer.zero_grad()
            loss = loss_of(_forward(table, batch) + bias, batch)
            loss.backward()  # type: ignore[no-untyped-call]  # torch publishes no type.
            optimizer.step()
    weights = table.weight.detach().numpy()
    scale = np.maximum(np.abs(weights).max(0), 1e-8) / _LIMIT
    quantised = np.rint(weights / scale).astype(np.int8)
    return NGramModel(quantised, scale.astype(np.float32), bias.detach().numpy())


def _forward(table: nn.EmbeddingBag, batch: Sequence[Row]) -> torch.Tensor:
    found = [buckets_of(row.text) for row in batch]
    offsets = np.cumsum([0, *map(len, found[:-1])])
    shares = [np.full(len(places), 1 / max(1, len(places)) ** 0.5) for places in found]
    logits: torch.Tensor = table(
        torch.from_numpy(np.concatenate(found)),
        torch.from_numpy(offsets),
        per_sample_weights=torch.from_numpy(np.concatenate(shares)).float(),
    )
    return logits
