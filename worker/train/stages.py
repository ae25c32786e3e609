"""Do the stages of the recipe one after another, each only if what it makes is not there yet."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import nn

from worker.train import autoencoder, checkpoints, denoiser, export, latents, text_pretraining
from worker.train.artwork import Artwork, fetch_font
from worker.train.concepts import CONCEPTS, FURTHER_CONCEPTS
from worker.train.parallel import Team, run_together
from worker.train.parts import Denoiser, TextEncoder
from worker.train.scenery import render
from worker.train.scenes import Stock, compose
from worker.train.schedules import Stopwatch
from worker.train.tokenizer import load_tokenizer, train_tokenizer

log = logging.getLogger(__name__)

_AUTOENCODER_SCENES = 16_000
_TOKENIZER_SCENES = 6_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of the recipe is to do."""

    folder: Path
    processes: int = 2
    minutes: float | None = 120
    """For the denoiser."""
    until: float | None = None
    """When the denoiser is to be done, in seconds since the epoch; goes before the minutes."""
    autoencoder_minutes: float = 10
    text_minutes: float = 4
    shards: int = 16
    start: Path | None = None
    """A pipeline to go on from."""
    weights: Path | None = None
    """How often each concept is drawn in scenes that are yet to be encoded: a JSON object."""
    all_concepts: bool = False

    def stock(self) -> Stock:
        """Gather what scenes are made of."""
        concepts = (*CONCEPTS, *FURTHER_CONCEPTS) if self.all_concepts else CONCEPTS
        weights = json.loads(self.weights.read_text("utf-8")) if self.weights else {}
        return Stock(Artwork.load(self.folder / "artwork"), concepts, weights)


def run(plan: Plan) -> None:
    """Do every stage that is not yet done, and export the pipeline."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    fetch_font(plan.folder / "artwork")
    for stage in _FROM_A_PIPELINE if plan.start else _FROM_NOTHING:
        if stage.makes and (plan.folder / stage.makes).exists():
            log.info("%s: done before", stage.name)
        else:
            log.info("%s: begins", stage.name)
            stage.do(plan)


def export_pipeline(plan: Plan) -> None:
    """Write the averaged weights, as far as they have come, as a pipeline."""
    state = checkpoints.load(plan.folder / "denoiser.pt")
    if state is None:
        raise FileNotFoundError(plan.folder / "denoiser.pt")
    unet, encoder = _models(plan)
    nn.ModuleDict({"unet": unet, "text": encoder}).load_state_dict(state["average"])
    coder = autoencoder.load(plan.folder / "vae")
    tokenizer = load_tokenizer(_part(plan, "tokenizer"))
    export.save_pipeline(unet, encoder, coder, tokenizer, plan.folder / "pipeline")


def _train_tokenizer(plan: Plan) -> None:
    """Learn from the captions of both lists, so that a longer run keeps the tokens."""
    concepts = (*CONCEPTS, *FURTHER_CONCEPTS)
    stock = Stock(Artwork.load(plan.folder / "artwork"), concepts)
    captions = [compose(stock, seed).caption for seed in range(_TOKENIZER_SCENES)]
    words = [word for concept in concepts for word in (*concept.words, concept.plural)]
    # Three times, because a pair of bytes must occur twice to be learnt.
    train_tokenizer(captions + words * 3, plan.folder / "tokenizer")


def _render_scenes(plan: Plan) -> None:
    render(plan.stock(), range(_AUTOENCODER_SCENES), plan.folder / "scenes.npy")


def _together(plan: Plan, work: Callable[[Plan, Team], None]) -> None:
    run_together(partial(_logged, plan, work), plan.processes)


def _logged(plan: Plan, work: Callable[[Plan, Team], None], team: Team) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work(plan, team)


def _train_autoencoder(plan: Plan, team: Team) -> None:
    watch = Stopwatch(minutes=plan.autoencoder_minutes)
    teacher = autoencoder.load(plan.start / "vae") if plan.start else None
    if teacher is not None and autoencoder.factor_of(teacher) == autoencoder.FACTOR:
        teacher.save_pretrained(plan.folder / "vae")
        return
    autoencoder.train(team, plan.folder / "scenes.npy", plan.folder, watch, teacher)


def _encode(plan: Plan, team: Team) -> None:
    coder = autoencoder.load(_part(plan, "vae"))
    latents.encode(team, plan.stock(), coder, plan.folder / "latents", shards=plan.shards)


def _train_text_encoder(plan: Plan, team: Team) -> None:
    tokenizer = load_tokenizer(_part(plan, "tokenizer"))
    examples = latents.load(plan.folder / "latents", tokenizer)
    watch = Stopwatch(minutes=plan.text_minutes)
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
    watch = Stopwatch(minutes=plan.minutes, until=plan.until)
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
_CODING = _Stage("train the autoencoder", _in_team(_train_autoencoder), "vae")
_TEACHING = (
    _Stage("encode scenes", _in_team(_encode)),
    _Stage("pre-train the text encoder", _in_team(_train_text_encoder), "text_encoder"),
    _Stage("train the denoiser", _in_team(_train_denoiser)),
    _Stage("export the pipeline", export_pipeline),
)
_FROM_NOTHING = (
    _Stage("train the tokenizer", _train_tokenizer, "tokenizer"),
    _RENDERING,
    _CODING,
    *_TEACHING,
)
_FROM_A_PIPELINE = (_RENDERING, _CODING, *_TEACHING)
