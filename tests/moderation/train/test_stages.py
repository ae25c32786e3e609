"""The recipe from end to end, on a network of a few neurons."""

import json
import logging

import numpy as np
import torch

from moderation.classifiers.screen_files import read_manifest
from moderation.classifiers.text import EaselScreen
from moderation.train.stages import mean_of, run


def test_the_recipe_makes_a_screen_that_loads_and_scores(made):
    screen = EaselScreen(made / "final")

    low, high = (reading.unsafe for reading in screen.read(["a castle", "a severed arm, blood"]))

    assert screen.version.startswith("2026.1.2-")
    assert low < high


def test_what_is_kept_is_the_mean_of_networks_that_learnt_apart(made):
    ones = [torch.load(made / f"final-{number}.pt")["averaged"] for number in (0, 1)]
    name = "module.head.weight"

    assert not torch.equal(ones[0][name], ones[1][name])
    mean = mean_of([{"head": one[name]} for one in ones])["head"]
    assert torch.allclose(mean, (ones[0][name] + ones[1][name]) / 2)


def test_every_fold_is_told_apart_from_what_is_shipped(made):
    versions = {fold: read_manifest(made / fold).version for fold in ("a", "b", "c")}

    assert all(version.startswith(f"fold-{fold}-") for fold, version in versions.items())


def test_the_report_counts_every_kind_of_row(made):
    report = json.loads((made / "report.json").read_text())

    assert report["false alarms"]["everyday"]["blocked"]["count"] > 0
    assert report["caught"]["overt_unsafe (source unseen)"]["caught"]["count"] > 0
    assert report["caught"]["advbench (chat)"]["caught"]["count"] > 0
    assert report["thresholds"]["review"] <= report["thresholds"]["block"]


def test_the_card_names_version_hashes_sources_and_losses(plan, made):
    card = (plan.ship / "README.md").read_text()

    manifest = read_manifest(plan.ship)
    assert manifest.version in card
    assert all(digest in card for digest in manifest.files.values())
    assert "| adversarial_nibbler | google-research-datasets" in card
    assert "| everyday |" in card


def test_a_second_run_makes_nothing_again(made, plan, caplog):
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*.onnx")}
    version = read_manifest(made / "final").version

    with caplog.at_level(logging.INFO):
        run(plan)

    assert {path: path.stat().st_mtime_ns for path in made.rglob("*.onnx")} == before
    assert read_manifest(made / "final").version == version
    assert sum("done before" in message for message in caplog.messages) == 4


def test_folds_are_scored_on_what_they_have_not_seen(made):
    counts = {fold: len(np.load(made / fold / "logits.npy")) for fold in ("a", "b", "c")}

    assert all(counts.values())
