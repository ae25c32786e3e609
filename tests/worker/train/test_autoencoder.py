"""The autoencoder begins where it learns at once, and its decoder learns on by itself."""

import numpy as np
import pytest
import torch

from worker.train import autoencoder, decoder
from worker.train.parallel import Team
from worker.train.parts import new_autoencoder
from worker.train.schedules import Stopwatch


class Steps(Stopwatch):
    """A watch that leaves time for so many steps."""

    def tick(self, steps_done=0):
        return 0.5 if steps_done < 2 else 1.0


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A file of plain pictures, more than are held back."""
    path = tmp_path_factory.mktemp("scenes") / "scenes.npy"
    colours = np.random.default_rng(0).integers(0, 256, (8, 1, 1, 3), dtype=np.uint8)
    np.save(path, np.broadcast_to(colours, (8, 128, 128, 3)))
    return path


def smaller():
    """An autoencoder of a factor of four, as the earlier model had."""
    torch.manual_seed(0)
    widths = {"encoder_block_out_channels": (16,) * 3, "decoder_block_out_channels": (16,) * 3}
    blocks = {"num_encoder_blocks": (1, 1, 1), "num_decoder_blocks": (2, 1, 1)}
    return new_autoencoder(**widths, **blocks, scaling_factor=1.25)


def test_a_teachers_pictures_are_drawn_at_twice_the_side():
    """Before any training, inside the border: each of its pixels is repeated."""
    teacher = smaller()
    model = autoencoder.build(teacher)
    latents = torch.randn(1, 4, 8, 8)

    with torch.no_grad():
        small, large = teacher.decode(latents).sample, model.decode(latents).sample

    assert small.shape[-1] * 2 == large.shape[-1] == 64
    pooled = torch.nn.functional.avg_pool2d(large, 2)
    assert (pooled - small).abs().mean() < small.std() / 2


def test_a_taught_autoencoder_keeps_its_teachers_scale(scenes, tmp_path, monkeypatch):
    """Or the earlier denoiser would see other latents."""
    monkeypatch.setattr(autoencoder, "_HELD_BACK", 2)

    autoencoder.train(Team(), scenes, tmp_path, Steps(), smaller())

    model = autoencoder.load(tmp_path / "autoencoder")

    assert autoencoder.factor_of(model) == autoencoder.FACTOR == 8
    assert model.config.scaling_factor == 1.25


@pytest.mark.parametrize("teacher", [None, smaller()], ids=["its own latents", "a teacher's"])
def test_the_decoder_learns_while_the_encoder_keeps_still(scenes, tmp_path, monkeypatch, teacher):
    """What was learnt of its latents stays true."""
    monkeypatch.setattr(autoencoder, "_HELD_BACK", 2)
    autoencoder.train(Team(), scenes, tmp_path, Steps(), teacher)

    decoder.train(Team(), scenes, tmp_path, Steps(), teacher)

    before, after = (autoencoder.load(tmp_path / name) for name in ("autoencoder", "vae"))
    pairs = zip(before.named_parameters(), after.named_parameters(), strict=True)
    moved = {name for (name, was), (_, now) in pairs if not torch.equal(was, now)}
    assert moved == {name for name, _ in after.named_parameters() if name.startswith("decoder")}
    assert after.config.scaling_factor == before.config.scaling_factor
