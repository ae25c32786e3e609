"""The measured report: thresholds within their alarms, ways of hiding, blends as the screen's."""

import json

import numpy as np

from moderation.classifiers.base import UNSAFE
from moderation.classifiers.screen_files import read_manifest
from moderation.classifiers.text import EaselScreen, blended
from moderation.train.evasions import EVASIONS
from moderation.train.manifest import OUTPUTS


def test_the_report_blends_as_the_screen_does(made):
    texts = ["a castle", "a severed arm and blood " * 9]
    screen = EaselScreen(made / "a")

    blends = read_manifest(made / "a").blends
    told = blended(screen.logits(texts), [blends[name] for name in OUTPUTS])

    wanted = [reading.unsafe for reading in screen.read(texts)]
    assert np.allclose(told[:, OUTPUTS.index(UNSAFE)], wanted, atol=1e-5)


def test_the_block_threshold_keeps_to_the_alarms(made):
    report = json.loads((made / "report.json").read_text())

    everyday = report["false alarms"]["everyday"]
    assert everyday["blocked"]["share"] <= 0.01
    assert everyday["caught"]["share"] >= everyday["blocked"]["share"]


def test_every_way_of_hiding_is_measured(made):
    evasions = json.loads((made / "report.json").read_text())["evasions"]

    assert {"none", *EVASIONS, "style suffix", "long opening"} == set(evasions)
    assert evasions["none"]["count"] == evasions["leet"]["count"] > 0
