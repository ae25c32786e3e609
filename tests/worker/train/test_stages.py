"""One command goes from an empty folder to a measured pipeline, however often it is stopped."""

import json
from dataclasses import replace

import pytest
import torch

from tests.worker.train.drawn_artwork import drawn_artwork
from worker.engine.weights import weights_sha256
from worker.train import autoencoder, evaluate, evaluation_sheet, latents, scenery, stages
from worker.train.artwork import Artwork
from worker.train.budgets import TINY, Length
from worker.train.concepts import CONCEPTS
from worker.train.loops import Loop
from worker.train.shapes import SHAPES

pytestmark = [
    # Their ways to say that half precision and an old default are meant.
    pytest.mark.filterwarnings("ignore::FutureWarning:diffusers"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

# The plain shapes are in every vocabulary: where one is a concept, too, it has to be taught.
TAUGHT = [each for at, each in enumerate(CONCEPTS) if at < 10 or each.name in SHAPES]
STEPS = Length(steps=3)
MINIATURE = replace(
    TINY,
    captions=200,
    scenes=12,
    autoencoder=STEPS,
    decoder=STEPS,
    text=STEPS,
    denoiser=STEPS,
    shards=2,
    shard_size=16,
    harder_from=1,
    asked=1,
    drawing_steps=1,
)


class Stopped(BaseException):
    """What no code of ours catches."""


@pytest.fixture(scope="module", autouse=True)
def small_world(tmp_path_factory):
    """No font, few concepts, little to measure with."""
    font = tmp_path_factory.mktemp("artwork") / "font"
    with pytest.MonkeyPatch.context() as patch:
        for module in (stages, evaluate):
            patch.setattr(module, "fetch_font", lambda _folder: font)
        patch.setattr(
            Artwork, "load", lambda *_given: drawn_artwork([each.name for each in TAUGHT])
        )
        patch.setattr(stages, "CONCEPTS", tuple(TAUGHT))
        patch.setattr(stages, "FURTHER_CONCEPTS", ())
        patch.setattr(autoencoder, "_HELD_BACK", 4)
        patch.setattr(evaluate, "_TIMED", 1)
        patch.setattr(evaluation_sheet, "FURTHER", ("two dogs on the grass",))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run from an empty folder to its end."""
    plan = stages.Plan(tmp_path_factory.mktemp("whole") / "train", MINIATURE)
    stages.run(plan)
    return plan.folder


def stop_at(patch, place, name, call):
    """Stop the run when a function is called for the nth time."""
    real, calls = getattr(place, name), []

    def stopping(*given, **named):
        calls.append(name)
        if len(calls) == call:
            raise Stopped
        return real(*given, **named)

    patch.setattr(place, name, stopping)


def test_one_run_makes_every_part_and_measures_it(whole):
    """From nothing at all to figures and samples of the weights that were exported."""
    report = json.loads((whole / "evaluation.json").read_text("utf-8"))

    assert report["detail"]["model_sha256"] == weights_sha256(whole / "pipeline")
    assert report["detail"]["is_complete"]
    assert report["check_true_top1"] == 1.0
    assert (whole / "samples.png").is_file()
    for lesson in ("autoencoder", "decoder", "text_encoder", "denoiser"):
        assert torch.load(whole / f"{lesson}.pt")["step"] == 3
    assert not list(whole.glob("*.partial"))


def test_the_exported_weights_are_the_running_average(whole):
    """Not the last ones, which still move."""
    from diffusers import UNet2DConditionModel

    state = torch.load(whole / "denoiser.pt")
    made = UNet2DConditionModel.from_pretrained(whole / "pipeline" / "unet").state_dict()

    for name, weight in made.items():
        assert torch.equal(weight, state["average"][f"unet.{name}"].half())
    assert any(
        not torch.equal(state["average"][name], weight) for name, weight in state["model"].items()
    )


def test_a_run_that_is_stopped_in_every_stage_comes_to_the_same_end(whole, tmp_path):
    """Bit by bit: what was half done is done again or gone on with, and nothing twice."""
    plan = stages.Plan(tmp_path / "train", MINIATURE)
    stops = [
        (stages, "train_tokenizer", 1),
        (scenery, "compose", 6),
        (Loop, "_advance", 3),  # The autoencoder's third step,
        (Loop, "_advance", 4),  # once it is done again the decoder's,
        (latents, "compose", 20),
        (Loop, "_advance", 3),  # the text encoder's,
        (Loop, "_advance", 4),  # and the denoiser's.
        (stages.export, "write_profile", 1),
        (evaluate.Painter, "draw", 3),
    ]

    for stop in stops:
        with pytest.MonkeyPatch.context() as patch:
            stop_at(patch, *stop)
            with pytest.raises(Stopped):
                stages.run(plan)
    stages.run(plan)

    assert weights_sha256(plan.folder / "pipeline") == weights_sha256(whole / "pipeline")
    figures = ("single_top1", "background", "shuffled_top1", "n")
    made, expected = (
        json.loads((folder / "evaluation.json").read_text("utf-8"))
        for folder in (plan.folder, whole)
    )
    assert [made[key] for key in figures] == [expected[key] for key in figures]


def test_a_run_that_is_done_does_nothing_more(whole, monkeypatch):
    """Neither a step nor a picture."""
    monkeypatch.setattr(Loop, "_advance", None)
    monkeypatch.setattr(evaluate, "run", None)
    before = weights_sha256(whole / "pipeline")

    stages.run(stages.Plan(whole, MINIATURE))

    assert weights_sha256(whole / "pipeline") == before


def test_a_folder_of_another_run_is_refused(whole):
    """Checkpoints of two plans make no model; what is there stays."""
    before = (whole / "plan.json").read_text("utf-8")
    other = replace(MINIATURE, name="shipped")

    with pytest.raises(stages.OtherRun, match="name another folder"):
        stages.run(stages.Plan(whole, other))

    assert (whole / "plan.json").read_text("utf-8") == before
