"""Fine-tune the network on rows; a run that is stopped goes on from its last checkpoint."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from moderation.classifiers.base import UNSAFE
from moderation.train.manifest import OUTPUTS, UNTAUGHT
from moderation.train.network import Screen
from moderation.train.rows import Row
from moderation.train.variation import surroundings, varied

log = logging.getLogger(__name__)

LONGEST = 48
"""Tokens read in training; longer prompts are cut, and read in windows when they are screened."""

_SMOOTHING = 0.02
_CATEGORY_SHARE = 0.12
"""What the loss of one category counts for beside that of "unsafe": most are off in most rows."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How the network is taught."""

    epochs: int = 1
    batch: int = 32
    peak: float = 1e-4
    head_peak: float = 2e-3
    warmup: float = 0.06
    averaged_from: float = 0.6
    """From this part of the way on, the weights' average is what is kept."""
    average_every: int = 20
    save_every: int = 150
    seed: int = 7
    keeps_words: bool = False
    """The embeddings of word pieces stay as MiniLM has them, so that words which no row has keep
    their place among those that rows have."""


State = dict[str, Any]  # Any: tensors, numbers and the optimiser's own nested state.


def fit(
    screen: Screen, rows: Sequence[Row], lesson: Lesson, tokenizer: Tokenizer, path: Path
) -> None:
    """Teach the network; its averaged weights are left in it, and in the checkpoint at `path`."""
    per_epoch = -(-len(rows) // lesson.batch)
    steps = lesson.epochs * per_epoch
    screen.words.weight.requires_grad_(not lesson.keeps_words)
    optimizer = _optimizer(screen, lesson)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda at: _rate(at, steps, lesson))
    averaged = torch.optim.swa_utils.AveragedModel(screen)
    parts: dict[str, Any] = {  # Any: four kinds of object with a state.
        "screen": screen,
        "optimizer": optimizer,
        "schedule": schedule,
        "averaged": averaged,
    }
    step = _resume(path, parts)
    screen.train()
    started = time.monotonic()
    done = 0
    while step < steps:
        batches = _epoch(rows, lesson, step // per_epoch)
        for batch in batches[step % per_epoch :]:
            loss = _step(screen, batch, tokenizer)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            step, done = step + 1, done + 1
            if step > lesson.averaged_from * steps and step % lesson.average_every == 0:
                averaged.update_parameters(screen)
            if step % lesson.save_every == 0 or step == steps:
                _save(path, parts, step)
                pace = (time.monotonic() - started) / done
                log.info("step %d of %d, loss %.4f, %.2f s a step", step, steps, loss, pace)
    screen.load_state_dict(averaged.module.state_dict())
    screen.eval()


def _optimizer(screen: Screen, lesson: Lesson) -> torch.optim.Optimizer:
    head = [*screen.head.parameters()]
    body = [p for name, p in screen.named_parameters() if p.requires_grad and "head" not in name]
    groups = [{"params": body, "lr": lesson.peak}, {"params": head, "lr": lesson.head_peak}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def _rate(step: int, steps: int, lesson: Lesson) -> float:
    """Rise, then fall in a straight line to a tenth."""
    rising = lesson.warmup * steps
    return min((step + 1) / max(1.0, rising), 0.1 + 0.9 * (steps - step) / max(1.0, steps - rising))


def _epoch(rows: Sequence[Row], lesson: Lesson, epoch: int) -> list[list[Row]]:
    """Vary each row, sort by length so that a batch wastes little, and mix the batches."""
    chance = random.Random(f"{lesson.seed} {epoch}")  # noqa: S311 - no secret.
    around = surroundings(rows)
    anew = [varied(row, around, chance) for row in rows]
    anew.sort(key=lambda row: (min(len(row.text), 6 * LONGEST) // 12, chance.random()))
    batches = [anew[at : at + lesson.batch] for at in range(0, len(anew), lesson.batch)]
    chance.shuffle(batches)
    return batches


def _step(screen: Screen, batch: Sequence[Row], tokenizer: Tokenizer) -> float:
    ids, attended = encode([row.text for row in batch], tokenizer)
    with torch.autocast("cpu", torch.bfloat16):
        logits = screen(ids, attended)
    loss = loss_of(logits.float(), batch)
    loss.backward()  # type: ignore[no-untyped-call]  # torch publishes no type.
    nn.utils.clip_grad_norm_([p for p in screen.parameters() if p.requires_grad], 1.0)
    return float(loss.detach())


def loss_of(logits: Tensor, batch: Sequence[Row]) -> Tensor:
    """Weigh each row's losses: "unsafe" in full, each category that is not in doubt a little."""
    targets, known = targets_of(batch)
    targets = targets * (1 - 2 * _SMOOTHING) + _SMOOTHING
    losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    weights = torch.tensor([row.weight for row in batch])
    total: Tensor = ((losses * known).sum(1) * weights).sum() / weights.sum()
    return total


def targets_of(batch: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Write down what each output should be, and how much it counts."""
    targets = torch.zeros(len(batch), len(OUTPUTS))
    known = torch.full((len(batch), len(OUTPUTS)), _CATEGORY_SHARE)
    for at, row in enumerate(batch):
        targets[at, OUTPUTS.index(UNSAFE)] = row.unsafe
        known[at, OUTPUTS.index(UNSAFE)] = 1.0
        for name in row.positive:
            targets[at, OUTPUTS.index(name)] = row.unsafe
            known[at, OUTPUTS.index(name)] = 3 * _CATEGORY_SHARE
        for name in (*row.doubtful, *UNTAUGHT):
            known[at, OUTPUTS.index(name)] = 0.0
    return targets, known


def encode(texts: Sequence[str], tokenizer: Tokenizer) -> tuple[Tensor, Tensor]:
    """Turn texts into padded token ids and the mask of those that count."""
    encodings = tokenizer.encode_batch(list(texts))
    longest = max(len(encoding.ids) for encoding in encodings)
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    attended = torch.zeros(len(texts), longest)
    for at, encoding in enumerate(encodings):
        ids[at, : len(encoding.ids)] = torch.tensor(encoding.ids)
        attended[at, : len(encoding.ids)] = 1
    return ids, attended


def load_tokenizer(path: Path, longest: int = LONGEST) -> Tokenizer:
    """Read MiniLM's tokenizer, without the padding its file asks for."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def predict(screen: Screen, texts: Sequence[str], tokenizer: Tokenizer, batch: int = 64) -> Tensor:
    """Score texts by the network alone: logits, in the order given."""
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    logits = torch.zeros(len(texts), len(OUTPUTS))
    screen.eval()
    for places in _chunks(order, batch):
        ids, attended = encode([texts[at] for at in places], tokenizer)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logits[places] = screen(ids, attended).float()
    return logits


def _chunks(items: Sequence[int], size: int) -> Iterator[list[int]]:
    for at in range(0, len(items), size):
        yield list(items[at : at + size])


def _save(path: Path, parts: State, step: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save(state | {"step": step}, partial)
    partial.replace(path)


def _resume(path: Path, parts: State) -> int:
    if not path.is_file():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])
