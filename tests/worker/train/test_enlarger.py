"""The enlarger's recipe makes honest pairs, learns from them and says what it gained."""

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from worker.engine.enlarge import Enlarger
from worker.train import enlarger
from worker.train.enlarger import Pairs, held_out_pairs, measure, save, train
from worker.train.enlarger_artwork import MissingTool, VectorArtwork, is_held_out
from worker.train.enlarger_scenes import LARGE, large_scene, shrunk
from worker.train.scenes import SIZE
from worker.train.schedules import Stopwatch

FAMILIES = ("apple", "crown", "cat", "flamingo", "bus")


class DrawnVectors:
    """Drawings that need no renderer."""

    taught = ("apple", "cat", "bus")
    held_out = ("crown", "flamingo")

    def picture(self, name, size):
        picture = Image.new("RGBA", (size, size))
        place = FAMILIES.index(name)
        ImageDraw.Draw(picture).ellipse(
            (place * 9, 0, size - 1, size - 1 - place * 7), fill=(40 * place, 200 - 40 * place, 90)
        )
        return picture


class Ticking:
    """A clock that a step takes one second of."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


@pytest.fixture
def small_recipe(monkeypatch):
    monkeypatch.setattr(enlarger, "WIDTH", 8)
    monkeypatch.setattr(enlarger, "DEPTH", 1)


def test_a_scene_is_the_same_for_the_same_seed_and_shrinks_to_the_models_size():
    first, again = (large_scene(DrawnVectors(), DrawnVectors.taught, 3) for _ in range(2))

    assert np.array_equal(first, again)
    assert first.size == (LARGE, LARGE)
    assert shrunk(first).size == (SIZE, SIZE)


def test_families_are_held_out_whole():
    """Drawings whose names end alike look alike."""
    assert is_held_out("grinning-cat") == is_held_out("crying-cat") == is_held_out("cat")
    assert {is_held_out(name) for name in FAMILIES} == {True, False}


def test_the_recipe_resumes_and_gives_a_network_that_can_be_loaded(small_recipe, tmp_path):
    """Three steps, then as many again from the checkpoint."""
    pairs = Pairs.prepare(tmp_path, DrawnVectors(), autoencoder=None, scenes=2)
    train(tmp_path, pairs, Stopwatch(minutes=0.05, clock=Ticking()))
    begun = torch.load(tmp_path / "enlarger.pt")["step"]

    network = train(tmp_path, pairs, Stopwatch(minutes=0.1, clock=Ticking()))
    save(network, tmp_path / "made")

    assert torch.load(tmp_path / "enlarger.pt")["step"] > begun > 0
    assert json.loads((tmp_path / "made" / "config.json").read_text("utf-8"))["factor"] == 4
    made = Enlarger.load(tmp_path / "made").enlarge(np.zeros((8, 8, 3), np.uint8), 32)
    assert made.shape == (32, 32, 3)


def test_an_untrained_network_gains_next_to_nothing(small_recipe):
    """The measure is of the network: one that adds nothing is the bicubic enlargement."""
    network = enlarger.EnlargerNetwork(8, 1)
    torch.nn.init.zeros_(network.tail.weight)
    torch.nn.init.zeros_(network.tail.bias)

    figures = measure(Enlarger(network), held_out_pairs(DrawnVectors(), autoencoder=None, count=2))

    assert set(figures) == {"enlarger_psnr_db", "enlarger_lanczos_db", "enlarger_psnr_gain_db"}
    assert abs(figures["enlarger_psnr_gain_db"]) < 0.7


def test_another_package_than_the_recipes_is_refused(tmp_path):
    """What it learns from is what its card names."""
    (tmp_path / "iconify-json-noto-1.2.9.tgz").write_bytes(b"something else")

    with pytest.raises(ValueError, match="is not @iconify-json/noto"):
        VectorArtwork.load(tmp_path)


def test_a_missing_tool_is_named(tmp_path, monkeypatch):
    """Only training needs npm and the renderer, so a machine may well lack them."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MissingTool, match="npm"):
        VectorArtwork.load(tmp_path)

    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(MissingTool, match="resvg-py"):
        VectorArtwork({}, (128, 128))
