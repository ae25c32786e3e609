"""What is posted is large enough, keeps its shape, and still tiles where it was drawn to."""

import numpy as np
import pytest

from worker.engine.enlarging import Enlarging
from worker.engine.messages import ImageInput


@pytest.fixture
def enlarging():
    return Enlarging("cpu")


def noise(height, width):
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "post_size", "expected"),
    [
        ((64, 64), 512, (512, 512)),
        ((64, 96), 512, (512, 768)),
        ((60, 100), 512, (512, 853)),
        ((512, 512), 512, (512, 512)),
        ((600, 900), 512, (600, 900)),
    ],
)
@pytest.mark.parametrize("is_tile", [False, True])
def test_the_shorter_side_is_what_is_posted(enlarging, size, post_size, expected, is_tile):
    made = enlarging.for_post(noise(*size), post_size, is_tile=is_tile)

    assert made.shape == (*expected, 3)


def test_what_is_large_enough_is_left_as_it_is(enlarging):
    pixels = noise(512, 600)

    assert enlarging.for_post(pixels, 512) is pixels


@pytest.mark.parametrize("is_tile", [False, True])
@pytest.mark.parametrize("factor", [2, 4])
def test_what_somebody_brought_is_enlarged_as_often_as_asked(enlarging, factor, is_tile):
    pixels = noise(30, 50)
    image = ImageInput(rgb=pixels.tobytes(), width=50, height=30)

    assert enlarging.upscaled(image, factor, is_tile=is_tile).shape == (30 * factor, 50 * factor, 3)


@pytest.mark.parametrize("shape", [(64, 64), (48, 80)])
def test_a_tile_has_no_edge_that_enlarging_could_find(enlarging, shape):
    """Moved around before, it is the same as moved around afterwards; else its edges show."""
    pixels = noise(*shape)
    scale = 512 // min(shape) if 512 % min(shape) == 0 else 4
    post_size = scale * min(shape)
    moved = np.roll(pixels, (16, 16), axis=(0, 1))

    tiles = enlarging.for_post(pixels, post_size, is_tile=True)
    tiles_moved = enlarging.for_post(moved, post_size, is_tile=True)
    plain_moved = enlarging.for_post(moved, post_size)

    back = np.roll(tiles_moved, (-16 * scale, -16 * scale), axis=(0, 1))
    plain_back = np.roll(plain_moved, (-16 * scale, -16 * scale), axis=(0, 1))
    assert np.abs(back.astype(int) - tiles).max() <= 1
    assert np.abs(plain_back.astype(int) - tiles).max() > 20, "the edges that this is about"
