"""Do the recipe's stages one after another, each only if what it makes is not there yet."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from moderation.classifiers.ngrams import NGramModel
from moderation.classifiers.screen_files import MANIFEST, NGRAMS, Blend
from moderation.classifiers.text import EaselScreen
from moderation.train import evaluation
from moderation.train.calibration import PLAIN, Floats, fit_blends
from moderation.train.card import write_card
from moderation.train.corpus import FOLDS, gather
from moderation.train.export import describe, export
from moderation.train.fitting import Lesson, fit, load_tokenizer
from moderation.train.manifest import OUTPUTS, load_manifest
from moderation.train.minilm import MiniLM
from moderation.train.network import Screen, Shape, from_minilm
from moderation.train.ngrams_fitting import fit_ngrams
from moderation.train.phrases import FOLDER as PHRASES
from moderation.train.reporting import as_tables
from moderation.train.rows import Row, held_out, learnable, read_rows, share, write_rows
from moderation.train.variation import surroundings

log = logging.getLogger(__name__)

FINAL = "final"
"""The run that learns from every source: the one that is shipped."""

CARD = "README.md"

_SHORTEST_PIECE = 4
_OPENED_PART = 8
"""One row in so many is also scored behind a long opening."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of the recipe reads, makes and keeps."""

    data: Path
    minilm: MiniLM
    out: Path
    date: str = "unfinished"
    lesson: Lesson = field(default_factory=Lesson)
    final_epochs: int = 2
    """The folds learn for one; the screen that is shipped for longer."""
    runs: int = 2
    """Networks that learn apart, with other seeds; what is kept is the mean of their weights."""
    shape: Shape = field(default_factory=Shape)
    phrases: Path = PHRASES
    ship: Path | None = None
    """Where the finished screen is copied to."""
    folds: Sequence[str] = FOLDS


def run(plan: Plan) -> None:
    """Gather, train the folds and the final screen, calibrate, measure, describe."""
    rows = _rows(plan)
    for fold in (*plan.folds, FINAL):
        train(plan, fold, rows)
    tested = {fold: unseen(rows, fold) for fold in plan.folds}
    logits = {fold: _scored(plan, fold, tested[fold]) for fold in plan.folds}
    blends = _calibrated(plan, tested, logits)
    manifest = describe(plan.out / FINAL, blends, plan.date)
    log.info("version %s", manifest.version)
    for fold in plan.folds:
        describe(plan.out / fold, blends, f"fold-{fold}")
    report = evaluation.measure(plan.out, tested, logits, blends)
    (plan.out / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    write_card(plan.out / FINAL / CARD, manifest, load_manifest(), as_tables(report))
    if plan.ship:
        plan.ship.mkdir(parents=True, exist_ok=True)
        for name in (*manifest.files, MANIFEST, CARD):
            shutil.copyfile(plan.out / FINAL / name, plan.ship / name)


def _rows(plan: Plan) -> list[Row]:
    path = plan.out / "rows.jsonl"
    if not path.is_file():
        pieces = _pieces(load_tokenizer(plan.minilm.tokenizer))
        write_rows(path, gather(load_manifest(), plan.data, pieces, plan.phrases))
    return read_rows(path)


def _pieces(tokenizer: Tokenizer) -> list[str]:
    """List the vocabulary's longer word pieces, for token soup."""
    bare = {piece.removeprefix("##") for piece in tokenizer.get_vocab()}
    return sorted(
        piece
        for piece in bare
        if piece.isascii() and piece.isalpha() and len(piece) >= _SHORTEST_PIECE
    )


def train(plan: Plan, fold: str, rows: Sequence[Row]) -> None:
    """Train one fold, or the final screen, and write its folder with plain blends."""
    folder = plan.out / fold
    if (folder / MANIFEST).is_file():
        log.info("%s: done before", fold)
        return
    known = learnable(rows, None if fold == FINAL else fold)
    log.info("%s: learns from %d rows", fold, len(known))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / NGRAMS).is_file():
        fit_ngrams(known).save(folder / NGRAMS)
    screen = _taught(plan, fold, known)
    blends = dict.fromkeys(OUTPUTS, PLAIN)
    export(folder, screen, NGramModel.load(folder / NGRAMS), plan.minilm.tokenizer, blends)


def _taught(plan: Plan, fold: str, rows: Sequence[Row]) -> Screen:
    """Teach some networks and take the mean of their weights (a "model soup", arXiv 2203.05482).

    On sources that neither had seen, the mean of two was better than each: recall of Nibbler .48
    instead of .41 and .47, of Six-CD .85 instead of .78 and .80, at 3 % of real traffic.
    """
    tokenizer = load_tokenizer(plan.minilm.tokenizer)
    epochs = plan.final_epochs if fold == FINAL else plan.lesson.epochs
    learnt = []
    for number in range(plan.runs):
        # Every second one keeps the words' places: two that differ more have a better mean.
        seed, keeps_words = plan.lesson.seed + number, number % 2 == 1
        lesson = replace(plan.lesson, epochs=epochs, seed=seed, keeps_words=keeps_words)
        torch.manual_seed(seed)
        screen = from_minilm(plan.minilm.weights, plan.shape)
        fit(screen, rows, lesson, tokenizer, plan.out / f"{fold}-{number}.pt")
        learnt.append(screen.state_dict())
    screen.load_state_dict(mean_of(learnt))
    return screen


def mean_of(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Take the mean of networks' weights, each by its name."""
    return {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(first.dtype)
        for name, first in states[0].items()
    }


def unseen(rows: Sequence[Row], fold: str) -> list[Row]:
    """List what a fold is tested on: what it was not shown, and what no fold was (in fold a)."""
    never = [row for row in rows if row.weight == 0 and not row.folds] if fold == "a" else []
    held = held_out(rows, fold)
    return [*held, *never, *_opened(held)]


def _opened(rows: Sequence[Row]) -> list[Row]:
    """Put some rows behind a long harmless opening, so that windows are calibrated too."""
    openings = surroundings([]).openings
    return [
        replace(
            row,
            text=f"{openings[share(row.text, len(openings))].lower()} {row.text}",
            source=f"{row.source}+opening",
        )
        for row in rows
        if share(row.text, _OPENED_PART, "opened") == 0
    ]


def _scored(plan: Plan, fold: str, rows: Sequence[Row]) -> Floats:
    path = plan.out / fold / "logits.npy"
    if not path.is_file():
        log.info("%s: scores %d unseen rows", fold, len(rows))
        np.save(path, EaselScreen(plan.out / fold).logits([row.text for row in rows]))
    scored: Floats = np.load(path)
    return scored


def _calibrated(
    plan: Plan, tested: Mapping[str, Sequence[Row]], logits: Mapping[str, Floats]
) -> dict[str, Blend]:
    """Fit on image prompts and what is close to them; texts for chat models are only measured."""
    usable = {fold: [row.weight > 0 for row in rows] for fold, rows in tested.items()}
    rows = [
        row
        for fold in plan.folds
        for row, is_usable in zip(tested[fold], usable[fold], strict=True)
        if is_usable
    ]
    return fit_blends(rows, np.concatenate([logits[fold][usable[fold]] for fold in plan.folds]))
