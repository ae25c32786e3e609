"""Blends are fitted so that what is told is what is true."""

import numpy as np
import pytest

from moderation.train.calibration import PLAIN, fit_blends
from moderation.train.manifest import OUTPUTS
from moderation.train.rows import Row


@pytest.fixture(scope="module")
def blends():
    """Network logits that are twice too sure, and n-grams that say nothing."""
    chance = np.random.default_rng(0)
    rows, logits = [], np.zeros((2000, 4, len(OUTPUTS)), np.float32)
    for at in range(2000):
        logit = chance.normal(0, 2)
        is_harmful = chance.random() < 1 / (1 + np.exp(-logit))
        named = ("gore_graphic",) if is_harmful else ()
        doubtful = () if at % 2 else ("violence_weapons",)
        rows.append(Row(str(at), float(is_harmful), "s", named, doubtful))
        logits[at, (0, 2)] = 2 * logit
        logits[at, (1, 3)] = chance.normal(0, 1, (2, len(OUTPUTS)))
    return fit_blends(rows, logits)


def test_what_is_too_sure_is_halved(blends):
    blend = blends["unsafe"]

    assert blend.network == pytest.approx(0.5, abs=0.07)
    assert blend.ngrams < 0.15
    assert abs(blend.constant) < 0.2


def test_an_output_without_examples_keeps_the_plain_blend(blends):
    assert blends["ip_brand"] == PLAIN
    assert blends["sexual_minors"] == PLAIN
    assert blends["gore_graphic"] != PLAIN
