"""Fit how the parts' logits blend into probabilities, on sources that no part had seen."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from moderation.classifiers.base import UNSAFE
from moderation.classifiers.screen_files import Blend
from moderation.train.manifest import OUTPUTS, UNTAUGHT
from moderation.train.rows import Row

_STEPS = 400
_RATE = 0.05
_DECAY = 1e-3
_FEWEST = 12
"""Positives that a fit needs; with fewer the plain mean of network and n-grams is used."""

PLAIN = Blend(network=0.8, ngrams=0.3, constant=0.0, window_discount=1.0)
"""What is used before, or without, a fit; also where a fit begins."""

Floats = NDArray[np.float32]


def fit_blends(rows: Sequence[Row], logits: Floats) -> dict[str, Blend]:
    """Fit every output's blend; `logits` is row by part by output."""
    importance = _importance(rows)
    return {
        name: _fitted(rows, logits[:, :, at], importance, name) for at, name in enumerate(OUTPUTS)
    }


def _importance(rows: Sequence[Row]) -> Floats:
    """Let each source count by the root of its size: no set is the world."""
    sizes: dict[tuple[str, int | None], int] = {}
    for row in rows:
        key = (row.source, row.label)
        sizes[key] = sizes.get(key, 0) + 1
    return np.array([sizes[row.source, row.label] ** -0.5 for row in rows], np.float32)


def _fitted(rows: Sequence[Row], logits: Floats, importance: Floats, name: str) -> Blend:
    targets = np.array([_target(row, name) for row in rows], np.float32)
    known = np.array([name == UNSAFE or name not in row.doubtful for row in rows])
    if name in UNTAUGHT or (targets[known] > 0.5).sum() < _FEWEST:  # noqa: PLR2004 - more likely than not.
        return PLAIN
    x = torch.from_numpy(logits[known])
    y = torch.from_numpy(targets[known])
    weights = torch.from_numpy(importance[known])
    first = torch.tensor([PLAIN.network, PLAIN.ngrams, PLAIN.window_discount])
    raw = torch.log(torch.expm1(first)).requires_grad_()
    constant = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.Adam([raw, constant], lr=_RATE)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        network, ngrams, discount = functional.softplus(raw)
        whole = x[:, 0] * network + x[:, 1] * ngrams
        window = x[:, 2] * network + x[:, 3] * ngrams - discount
        sums = torch.maximum(whole, window) + constant
        losses = functional.binary_cross_entropy_with_logits(sums, y, reduction="none")
        loss = (losses * weights).sum() / weights.sum()
        loss += _DECAY * (raw - torch.log(torch.expm1(first))).square().sum()
        loss.backward()  # type: ignore[no-untyped-call]  # torch publishes no type.
        optimizer.step()
    network, ngrams, discount = functional.softplus(raw).tolist()
    return Blend(
        network=round(network, 4),
        ngrams=round(ngrams, 4),
        constant=round(float(constant.detach()), 4),
        window_discount=round(discount, 4),
    )


def _target(row: Row, name: str) -> float:
    return row.unsafe if name == UNSAFE or name in row.positive else 0.0
