"""Scenes are what their captions say, and keep to the rules."""

import numpy as np
import pytest

from tests.worker.train.drawn_artwork import NAMES, drawn_artwork
from worker.train.backgrounds import PLACES, SIZE
from worker.train.colours import COLOURS, SYNONYMS
from worker.train.concepts import CONCEPTS, TAUGHT_BEFORE
from worker.train.scenes import LEFT, RIGHT, Stock, compose, draw_shape, is_held_out, place
from worker.train.shapes import SHAPES

MANY = 3000


def stock(**options):
    return Stock(drawn_artwork(), CONCEPTS[: len(NAMES)], **options)


@pytest.fixture(scope="module")
def scenes():
    """Many scenes, composed once."""
    return [compose(stock(), seed) for seed in range(MANY)]


def test_a_seed_gives_one_scene():
    """Nothing but seeds has to be kept."""
    one, again, other = (compose(stock(), seed) for seed in (7, 7, 8))

    assert one.caption == again.caption
    assert np.array_equal(one.picture, again.picture)
    assert one.caption != other.caption


def test_no_held_out_pair_is_ever_shown(scenes):
    """The pairs kept for testing are new to the model, whatever the caption's order."""
    pairs = {scene.names for scene in scenes if len(scene.names) == 2}
    counts = {(name, name) for name in NAMES}

    assert len(pairs) > 300
    assert not [p for p in pairs - counts if "" not in p and is_held_out(*p)]


def test_a_tenth_of_the_pairs_is_held_out_by_order():
    """One in ten, the same on every machine, not with its mirror image, never two old ones."""
    pairs = [
        (a.name, b.name)
        for a in CONCEPTS
        for b in CONCEPTS
        if not {a.name, b.name} <= TAUGHT_BEFORE
    ]

    held = {pair for pair in pairs if is_held_out(*pair)}

    assert 0.08 < len(held) / len(pairs) < 0.12
    assert sum((b, a) in held for a, b in held) < len(held) / 3
    assert not any(is_held_out(a, b) for a in TAUGHT_BEFORE for b in TAUGHT_BEFORE)


def test_the_caption_names_the_background(scenes):
    """A plain canvas is asked for by its colour, and white by saying nothing."""
    for scene in scenes:
        corner = scene.picture.getpixel((0, 0))
        words = [
            f" {w} " for n, rgb in COLOURS.items() if rgb == corner for w in SYNONYMS.get(n, (n,))
        ]
        if "gradient" in scene.caption or any(
            w in scene.caption for p in PLACES.values() for w in p
        ):
            continue
        if corner == COLOURS["white"]:
            assert "background" not in scene.caption or "white background" in scene.caption
        else:
            assert any(f"{w}background" in scene.caption for w in words), scene.caption


def test_shapes_can_be_seen(scenes):
    """No shape is painted in its background's own colour."""
    shown = [scene for scene in scenes if scene.names == ("",)]

    assert len(shown) > 100
    assert all(
        len(np.unique(np.asarray(scene.picture).reshape(-1, 3), axis=0)) > 1 for scene in shown
    )


def test_layouts_are_shared_out_as_planned(scenes):
    """Singles over a half, pairs over a third, a few counts; shapes about an eighth."""
    things = [name for scene in scenes for name in scene.names]
    pairs = sum(len(scene.names) == 2 for scene in scenes) / MANY

    assert 0.5 < sum(len(scene.names) == 1 for scene in scenes) / MANY < 0.62
    assert 0.33 < pairs < 0.43
    assert 0.09 < things.count("") / len(things) < 0.17


def test_weights_show_a_concept_more_often():
    """What a model draws worst can be shown to it more."""
    weighted = stock(weights={"apple": 50.0})

    shown = [name for seed in range(300) for name in compose(weighted, seed).names if name]

    assert shown.count("apple") > len(shown) / 2


@pytest.mark.parametrize("kind", SHAPES)
def test_each_shape_is_drawn_in_its_colour(kind):
    """In a square of the size that was asked for, and not all over it."""
    shape = draw_shape(kind, "teal", 96)

    alpha = np.asarray(shape)[..., 3]

    assert shape.size == (96, 96)
    assert 0.25 < (alpha > 127).mean() < 0.95
    assert {*map(tuple, np.asarray(shape)[alpha == 255][:, :3])} == {COLOURS["teal"]}


def test_a_picture_is_placed_by_its_middle():
    """The evaluation looks where the scenes put things."""
    scene = compose(stock(), 0)
    canvas = scene.picture.resize((SIZE, SIZE))

    place(canvas, draw_shape("square", "red", 56), LEFT)
    place(canvas, draw_shape("square", "blue", 56), RIGHT)

    assert canvas.getpixel(LEFT) == COLOURS["red"]
    assert canvas.getpixel(RIGHT) == COLOURS["blue"]
