"""The check reads pictures rightly, and notices when they show something else."""

import json

import numpy as np
import pytest
from PIL import Image

from core.catalog import SHIPPED_MODELS, Concept, Vocabulary, load_profile
from tests.worker.train.drawn_artwork import NAMES, drawn_artwork
from worker.train import evaluation_report
from worker.train.concepts import CONCEPTS
from worker.train.evaluate import Painter, evaluate, taught_to
from worker.train.evaluation import SHAPE_COLOURS, Check
from worker.train.evaluation_cases import (
    HELD_OUT,
    PAIR,
    SHAPE,
    SINGLE,
    Case,
    cases_for,
    true_picture,
)
from worker.train.evaluation_report import Evaluation, print_table
from worker.train.evaluation_scores import Reading, by_concept, read, scores, shuffled_top1
from worker.train.evaluation_sheet import draw_sheet
from worker.train.scenes import CENTRE, is_held_out

TAUGHT = [concept for concept in CONCEPTS if concept.name in NAMES]
CASES = cases_for(TAUGHT, 0, asked=TAUGHT)


@pytest.fixture(scope="module")
def artwork():
    return drawn_artwork()


@pytest.fixture(scope="module")
def check(artwork):
    return Check(artwork, NAMES)


class TruePainter:
    """Draws what it is asked for, as the true pictures have it."""

    def __init__(self, artwork, cases):
        self._by_prompt = {(case.prompt, case.seed): true_picture(case, artwork) for case in cases}

    def draw(self, prompts, seeds):
        return [self._by_prompt[key] for key in zip(prompts, seeds, strict=True)]

    def through_autoencoder(self, pictures, native_size):
        return pictures


def evaluation_of(seeds=1):
    profile = load_profile("easel-small").model_copy(
        update={"vocabulary": Vocabulary(concepts=tuple(Concept(name=name) for name in NAMES))}
    )
    return Evaluation(
        profile=profile,
        sha256="0" * 64,
        concepts=len(NAMES),
        asked=len(NAMES),
        seeds=seeds,
        steps=20,
        guidance_scale=4.0,
        seconds_per_image=0.5,
        processor_seconds_per_image=0.4,
    )


def test_true_pictures_are_read_without_a_mistake(artwork, check):
    """Else no figure would mean anything."""
    readings = [read(check, case, true_picture(case, artwork)) for case in CASES]

    measured = scores(readings, len(NAMES))

    assert {key: score.value for key, score in measured.items()} == dict.fromkeys(measured, 1.0)
    assert measured["single_top1"].count > len(NAMES)
    assert measured["single_top1"].chance == 1 / len(NAMES)


def test_pictures_of_other_things_are_read_as_those(artwork, check):
    """A model that draws the same well, whatever it is asked for, scores nothing."""
    single = next(case for case in CASES if case.kind == SINGLE)
    other = next(case for case in CASES if case.kind == SINGLE and case.things != single.things)

    reading = read(check, single, true_picture(other, artwork))

    assert reading.things[0][0] == other.things[0][0]
    assert scores([reading], len(NAMES))["single_top1"].value == 0


def test_a_pair_in_the_wrong_places_scores_nothing(artwork, check):
    """Composition is where, not only what."""
    pair = next(case for case in CASES if case.kind == PAIR)
    (first, here), (second, there) = pair.things
    swapped = Case(PAIR, pair.prompt, pair.background, 1, ((second, here), (first, there)))

    reading = read(check, pair, true_picture(swapped, artwork))

    assert scores([reading], len(NAMES))["pair_slot_top1"].value == 0


def test_shuffled_prompts_fall_to_chance(artwork, check):
    """The control of the whole: what was drawn must have to do with what was asked for."""
    readings = [read(check, case, true_picture(case, artwork)) for case in CASES]

    shuffled = shuffled_top1(readings, len(NAMES))

    assert abs(shuffled.value - shuffled.chance) < 0.02


def test_only_unseen_pairs_are_called_so():
    """A pair that training shows would make the composition look better than it is."""
    pairs = [case for case in CASES if case.kind in {PAIR, HELD_OUT}]

    held_out = [is_held_out(*(name for name, _ in case.things)) for case in pairs]

    assert held_out == [case.kind == HELD_OUT for case in pairs]
    assert 0 < sum(held_out) < len(pairs)


def test_shapes_are_asked_for_in_all_colours_but_their_grounds():
    """What can not be seen can not be read."""
    cases = [case for seed in range(9) for case in cases_for(TAUGHT, seed, asked=TAUGHT)]
    shapes = [case for case in cases if case.kind == SHAPE]

    assert {case.shape[1] for case in shapes} == set(SHAPE_COLOURS)
    assert all(case.shape[1] != case.background for case in shapes)


def test_every_seed_asks_anew_and_always_the_same():
    """Three seeds are three samples, and a figure can be measured again."""
    again, other = (cases_for(TAUGHT, seed, asked=TAUGHT) for seed in (0, 1))

    assert again == CASES
    assert {case.seed for case in other}.isdisjoint(case.seed for case in CASES)


def test_the_worst_concept_comes_first():
    """With what it was taken for, which tells what to teach next."""
    good, bad = NAMES[:2]
    case = {name: Case(SINGLE, name, "white", 0, ((name, CENTRE),)) for name in (good, bad)}
    seen = [(good, good), (bad, good), (bad, bad), (bad, good)]

    worst, best = by_concept(
        Reading(case[asked], "white", ((read_as, "z"),)) for asked, read_as in seen
    )

    assert (worst.concept, worst.count, worst.taken_for) == (bad, 3, (good,))
    assert worst.top1 == pytest.approx(1 / 3)
    assert (best.concept, best.single_top1) == (good, 1.0)


def test_an_evaluation_publishes_its_figures_with_bars(artwork, tmp_path, capsys):
    """Seed by seed, and it leaves the enlarger's figure where it is."""
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"enlarger_psnr_gain_db": 2.5, "single_top1": 0.1}), "utf-8")
    evaluation = evaluation_of(seeds=2)
    cases = [case for seed in (0, 1) for case in cases_for(TAUGHT, seed, asked=TAUGHT)]

    first = evaluate(TruePainter(artwork, cases), artwork, evaluation, TAUGHT, path)
    print_table(evaluation, path)

    record = json.loads(path.read_text("utf-8"))
    bars = {bar.key for bar in evaluation_report.BARS} - {"heldout_pair_slot_top1"}
    assert bars | {"enlarger_psnr_gain_db"} <= set(record)
    assert record["single_top1"] == record["check_true_top1"] == 1.0
    assert record["n"]["single_top1"] == 2 * sum(case.kind == SINGLE for case in first)
    assert record["detail"]["is_complete"]
    assert capsys.readouterr().out.count("holds") == len(bars)


def test_pairs_count_as_unseen_only_where_the_recipe_held_them_out(artwork, tmp_path):
    """Another training may have shown them, so nothing is claimed."""
    evaluation = evaluation_of()
    report = tmp_path / "model.json"

    drawn = evaluate(TruePainter(artwork, CASES), artwork, evaluation, TAUGHT, report)

    assert HELD_OUT not in {case.kind for case in drawn}
    assert "heldout_pair_slot_top1" not in evaluation.values()


def test_the_sheet_shows_every_concept_and_stays_small(artwork, tmp_path):
    """It lies in the repository beside the model."""
    pictures = {case: true_picture(case, artwork) for case in CASES}
    some = next(iter(pictures.values()))

    draw_sheet(lambda prompts, _seeds: [some] * len(prompts), pictures, tmp_path / "s.png")

    assert (tmp_path / "s.png").stat().st_size < 1_000_000
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.width > 900


def test_the_shipped_model_draws_one_picture_a_prompt_from_its_own_seed():
    """A picture is the same in any company, so that cases can be drawn in batches."""
    painter = Painter(SHIPPED_MODELS / "easel-small", steps=2, guidance_scale=4.0)

    together = painter.draw(["a cat", "a red circle"], [7, 8])
    (alone,) = painter.draw(["a red circle"], [8])

    assert together[0].shape == (128, 128, 3)
    assert np.abs(together[1].astype(int) - alone).max() <= 1
    assert painter.through_autoencoder(together, 64)[1].shape == (128, 128, 3)


def test_the_shipped_models_concepts_are_the_recipes():
    """The evaluation asks for what the vocabulary names."""
    assert {"apple", "robot"} <= {
        concept.name for concept in taught_to(load_profile("easel-small"))
    }


def test_a_model_in_training_is_asked_for_all_that_it_is_taught():
    """It has no vocabulary beside it yet."""
    profile = load_profile("easel-small").model_copy(update={"vocabulary": None})

    assert taught_to(profile) == CONCEPTS
