"""The enlarger's folder keeps what its card promises."""

import hashlib
import json
import re

from worker.engine.enlarge import FOLDER, Enlarger
from worker.train.enlarger_artwork import SHA256

CARD = (FOLDER / "README.md").read_text("utf-8")


def test_the_card_names_the_weights_and_their_artwork_by_hash():
    """What is shipped is what was measured, and made of what it says."""
    found = hashlib.sha256((FOLDER / "model.safetensors").read_bytes()).hexdigest()

    assert f"`model.safetensors` | `{found}`" in CARD
    assert SHA256 in CARD


def test_the_card_says_how_many_weights_there_are():
    """Counted, not remembered."""
    network = Enlarger.load()._network

    assert f"{sum(weight.numel() for weight in network.parameters()):,} weights" in CARD


def test_the_card_claims_a_gain_over_lanczos():
    """Each row's gain is its own difference."""
    rows = re.findall(r"\| ([\d.]+) dB \| ([\d.]+) dB \| ([\d.]+) dB \|", CARD)

    assert len(rows) == 2
    for made, plain, gain in rows:
        assert abs(float(made) - float(plain) - float(gain)) < 0.011
    assert float(rows[0][2]) >= 1


def test_the_folder_is_small_and_holds_no_code():
    """Weights, their shape, a card and a notice."""
    assert {path.name for path in FOLDER.iterdir()} == {
        "README.md",
        "NOTICE",
        "config.json",
        "model.safetensors",
    }
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000
    assert set(json.loads((FOLDER / "config.json").read_text("utf-8"))) == {
        "width",
        "depth",
        "factor",
    }
    assert "Google Inc." in (FOLDER / "NOTICE").read_text("utf-8")
