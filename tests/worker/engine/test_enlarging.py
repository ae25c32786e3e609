"""What is posted is large enough, keeps its shape, and still tiles where it was drawn to."""

import numpy as np
import pytest

from worker.engine.enlarging import Enlarging
from worker.engine.messages import ImageInput
from worker.engine.pixels import at_once


@pytest.fixture
def enlarging():
    return Enlarging("cpu")


def noise(height, width):
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "post_size", "expected"),
    [
        ((16, 16), 64, (64, 64)),
        ((16, 24), 64, (64, 96)),
        ((15, 25), 64, (64, 107)),
        ((64, 64), 64, (64, 64)),
        ((70, 90), 64, (70, 90)),
    ],
)
@pytest.mark.parametrize("is_tile", [False, True])
def test_the_shorter_side_is_what_is_posted(enlarging, size, post_size, expected, is_tile):
    made = at_once(enlarging.for_post(noise(*size), post_size, is_tile=is_tile))

    assert made.shape == (*expected, 3)


def test_what_is_large_enough_is_left_as_it_is(enlarging):
    pixels = noise(64, 70)

    assert at_once(enlarging.for_post(pixels, 64)) is pixels


@pytest.mark.parametrize("is_tile", [False, True])
@pytest.mark.parametrize("factor", [2, 4])
def test_what_somebody_brought_is_enlarged_as_often_as_asked(enlarging, factor, is_tile):
    pixels = noise(15, 25)
    image = ImageInput(rgb=pixels.tobytes(), width=25, height=15)

    made = at_once(enlarging.upscaled(image, factor, is_tile=is_tile))

    assert made.shape == (15 * factor, 25 * factor, 3)


@pytest.mark.parametrize("shape", [(32, 32), (24, 40)])
def test_a_tile_has_no_edge_that_enlarging_could_find(enlarging, shape):
    """Moved around before, it is the same as moved around afterwards; else its edges show."""
    pixels = noise(*shape)
    scale = 4  # Once through the network, which looks less far around itself than is added.
    post_size = scale * min(shape)
    moved = np.roll(pixels, (10, 10), axis=(0, 1))

    tiles = at_once(enlarging.for_post(pixels, post_size, is_tile=True))
    tiles_moved = at_once(enlarging.for_post(moved, post_size, is_tile=True))
    plain_moved = at_once(enlarging.for_post(moved, post_size))

    back = np.roll(tiles_moved, (-10 * scale, -10 * scale), axis=(0, 1))
    plain_back = np.roll(plain_moved, (-10 * scale, -10 * scale), axis=(0, 1))
    assert np.abs(back.astype(int) - tiles).max() <= 1
    assert np.abs(plain_back.astype(int) - tiles).max() > 20, "the edges that this is about"
