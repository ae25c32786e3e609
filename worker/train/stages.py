"""Do the stages of the recipe one after another, each only if what it makes is not there yet.

A stage that was stopped, in whatever way, goes on from its last checkpoint; one that keeps none
begins anew, and makes the same again. What it makes is there whole or not at all.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import nn

from worker.train import (
    autoencoder,
    checkpoints,
    decoder,
    denoiser,
    evaluate,
    export,
    latents,
    text_pretraining,
)
from worker.train.artwork import Artwork, fetch_font
from worker.train.budgets import Budget
from worker.train.concepts import CONCEPTS, FURTHER_CONCEPTS, HARDER, TrainedConcept
from worker.train.parallel import Team, run_together
from worker.train.parts import Autoencoder, Denoiser, TextEncoder
from worker.train.scenery import render
from worker.train.scenes import Stock, compose
from worker.train.tokenizer import load_tokenizer, train_tokenizer

log = logging.getLogger(__name__)


class OtherRun(Exception):
    """The folder holds the checkpoints of a run that was planned otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of the recipe is to do."""

    folder: Path
    budget: Budget
    until: float | None = None
    """When the denoiser is to be done, in seconds since the epoch; goes before its budget."""
    start: Path | None = None
    """A pipeline to go on from."""
    weights: Path | None = None
    """How often each concept is drawn in scenes that are yet to be encoded: a JSON object."""
    all_concepts: bool = False

    @property
    def concepts(self) -> tuple[TrainedConcept, ...]:
        """What is taught."""
        return (*CONCEPTS, *FURTHER_CONCEPTS) if self.all_concepts else CONCEPTS

    def stock(self) -> Stock:
        """Gather what scenes are made of."""
        weights = json.loads(self.weights.read_text("utf-8")) if self.weights else {}
        return Stock(Artwork.load(self.folder / "artwork"), self.concepts, weights)


def run(plan: Plan) -> None:
    """Do every stage that is not yet done, to the evaluation of the exported pipeline.

    Raises:
        OtherRun: The folder was begun with another budget, or with a pipeline, or without one.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    _claim(plan)
    fetch_font(plan.folder / "artwork")
    for stage in _FROM_A_PIPELINE if plan.start else _FROM_NOTHING:
        if stage.makes and (plan.folder / stage.makes).exists():
            log.info("%s: done before", stage.name)
        else:
            log.info("%s: begins", stage.name)
            stage.do(plan)


def _claim(plan: Plan) -> None:
    """Write down how the folder was begun: checkpoints of two plans make no run."""
    planned = {
        "budget": plan.budget.name,
        "from": str(plan.start.resolve()) if plan.start else None,
        "all_concepts": plan.all_concepts,
    }
    path = plan.folder / "plan.json"
    if not path.is_file():
        path.write_text(json.dumps(planned, indent=2) + "\n", "utf-8")
    elif (before := json.loads(path.read_text("utf-8"))) != planned:
        raise OtherRun(f"{plan.folder} was begun with {before}, not {planned}: name another folder")


def export_pipeline(plan: Plan) -> None:
    """Write the averaged weights, as far as they have come, as a pipeline."""
    state = checkpoints.load(plan.folder / "denoiser.pt")
    if state is None:
        raise FileNotFoundError(plan.folder / "denoiser.pt")
    unet, encoder = _models(plan)
    nn.ModuleDict({"unet": unet, "text": encoder}).load_state_dict(state["average"])
    coder = autoencoder.load(plan.folder / "vae")
    tokenizer = load_tokenizer(_part(plan, "tokenizer"))
    target = plan.folder / "pipeline"
    export.save_pipeline((unet, encoder), coder, tokenizer, plan.concepts, target)
    log.info("the pipeline is in %s", target)


def _evaluate(plan: Plan) -> None:
    """Measure the pipeline, unless these very weights were measured already."""
    pipeline, report = plan.folder / "pipeline", plan.folder / "evaluation.json"
    if evaluate.is_measured(pipeline, report):
        log.info("evaluate the pipeline: done before")
        return
    evaluate.run(
        evaluate.Request(
            model=pipeline,
            seeds=plan.budget.seeds,
            concepts=plan.budget.asked,
            steps=plan.budget.drawing_steps,
            sheet=plan.folder / "samples.png",
            report=report,
            artwork=plan.folder / "artwork",
        )
    )


def _train_tokenizer(plan: Plan) -> None:
    """Learn from the captions of both lists, so that a longer run keeps the tokens."""
    concepts = (*CONCEPTS, *FURTHER_CONCEPTS)
    stock = Stock(Artwork.load(plan.folder / "artwork"), concepts)
    captions = [compose(stock, seed).caption for seed in range(plan.budget.captions)]
    words = [word for concept in concepts for word in (*concept.words, concept.plural)]
    # Three times, because a pair of bytes must occur twice to be learnt.
    train_tokenizer(captions + words * 3, plan.folder / "tokenizer")


def _render_scenes(plan: Plan) -> None:
    render(plan.stock(), range(plan.budget.scenes), plan.folder / "scenes.npy")


def _together(plan: Plan, work: Callable[[Plan, Team], None]) -> None:
    run_together(partial(_logged, plan, work), plan.budget.processes)


def _logged(plan: Plan, work: Callable[[Plan, Team], None], team: Team) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # New weights are the same in every process, and whatever stages the run has come through.
    torch.manual_seed(0)
    work(plan, team)


def _train_autoencoder(plan: Plan, team: Team) -> None:
    teacher, scenes = _teacher(plan), plan.folder / "scenes.npy"
    if teacher is None or not _is_as_large(teacher):
        autoencoder.train(team, scenes, plan.folder, plan.budget.autoencoder.watch(), teacher)
    elif team.is_leader:
        autoencoder.save(teacher, plan.folder / "autoencoder")


def _train_decoder(plan: Plan, team: Team) -> None:
    teacher, scenes = _teacher(plan), plan.folder / "scenes.npy"
    if teacher is None or not _is_as_large(teacher):
        decoder.train(team, scenes, plan.folder, plan.budget.decoder.watch(), teacher)
    elif team.is_leader:
        autoencoder.save(teacher, plan.folder / "vae")


def _teacher(plan: Plan) -> Autoencoder | None:
    return autoencoder.load(plan.start / "vae") if plan.start else None


def _is_as_large(teacher: Autoencoder) -> bool:
    """Whether there is nothing to learn from it: it is kept as it is."""
    return autoencoder.factor_of(teacher) == autoencoder.FACTOR


def _encode(plan: Plan, team: Team) -> None:
    """Encode what the denoiser learns from; the last shards show more of what is hard to learn."""
    coder, stock, budget = autoencoder.load(_part(plan, "vae")), plan.stock(), plan.budget
    later = stock if plan.weights else replace(stock, weights=HARDER)
    parts = (
        (range(min(budget.harder_from, budget.shards)), stock),
        (range(budget.harder_from, budget.shards), later),
    )
    for numbers, shown in parts:
        shards = latents.Shards(numbers, budget.shard_size)
        latents.encode(team, shown, coder, plan.folder / "latents", shards)


def _train_text_encoder(plan: Plan, team: Team) -> None:
    tokenizer = load_tokenizer(_part(plan, "tokenizer"))
    examples = latents.load(plan.folder / "latents", tokenizer)
    watch = plan.budget.text.watch()
    encoder = (
        text_pretraining.load(plan.start / "text_encoder")
        if plan.start
        else text_pretraining.build(tokenizer)
    )
    is_taught = plan.start is not None
    text_pretraining.train(team, examples, encoder, plan.folder, watch, is_taught=is_taught)


def _train_denoiser(plan: Plan, team: Team) -> None:
    tokenizer = load_tokenizer(_part(plan, "tokenizer"))
    examples = latents.load(plan.folder / "latents", tokenizer)
    silence = latents.tokens_of([""], tokenizer)
    watch = plan.budget.denoiser.watch(plan.until)
    denoiser.train(team, examples, silence, _models(plan), plan.folder, watch)


def _models(plan: Plan) -> tuple[Denoiser, TextEncoder]:
    """Begin with the weights of a pipeline, or with a new denoiser."""
    encoder = text_pretraining.load(plan.folder / "text_encoder")
    return denoiser.load(plan.start / "unet") if plan.start else denoiser.build(), encoder


def _part(plan: Plan, name: str) -> Path:
    return (plan.start or plan.folder) / name


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    do: Callable[[Plan], None]
    makes: str = ""
    """What is there once it is done; nothing where the stage itself sees what is left to do."""


def _in_team(work: Callable[[Plan, Team], None]) -> Callable[[Plan], None]:
    return partial(_together, work=work)


_RENDERING = _Stage("render scenes", _render_scenes, "scenes.npy")
_CODING = (
    _Stage("train the autoencoder", _in_team(_train_autoencoder), "autoencoder"),
    _Stage("train its decoder", _in_team(_train_decoder), "vae"),
)
_TEACHING = (
    _Stage("encode scenes", _in_team(_encode)),
    _Stage("pre-train the text encoder", _in_team(_train_text_encoder), "text_encoder"),
    _Stage("train the denoiser", _in_team(_train_denoiser)),
    _Stage("export the pipeline", export_pipeline),
    _Stage("evaluate the pipeline", _evaluate),
)
_FROM_NOTHING = (
    _Stage("train the tokenizer", _train_tokenizer, "tokenizer"),
    _RENDERING,
    *_CODING,
    *_TEACHING,
)
_FROM_A_PIPELINE = (_RENDERING, *_CODING, *_TEACHING)
