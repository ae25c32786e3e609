"""The pictures of the font are cut as they are drawn."""

import numpy as np
import pytest
from PIL import Image

from worker.train.artwork import FONT_NAME, Artwork, find_font
from worker.train.concepts import CONCEPTS

needs_font = pytest.mark.skipif(
    find_font() is None, reason=f"{FONT_NAME} is not installed (fonts-noto-color-emoji)"
)


@pytest.fixture(scope="module")
def artwork():
    """The shipped list's pictures."""
    return Artwork.load(concepts=CONCEPTS)


@needs_font
def test_every_concept_has_a_picture_of_its_own(artwork):
    """A character that the font lacks would be drawn as an empty box."""
    pictures = {artwork.picture(concept.name, 24).tobytes() for concept in CONCEPTS}

    assert len(pictures) == len(CONCEPTS)


@needs_font
def test_a_picture_is_a_square_without_dark_edges(artwork):
    """On white, a soft edge lies between the picture's own colour and white."""
    heart = artwork.picture("heart", 96)
    canvas = Image.new("RGB", heart.size, "white")

    canvas.paste(heart, (0, 0), heart)

    pixels = np.asarray(canvas).astype(int)
    assert heart.size == (96, 96)
    assert heart.mode == "RGBA"
    assert pixels[..., 0].min() > 150


@needs_font
def test_a_tint_repaints_and_keeps_light_and_shade(artwork):
    """A blue heart is blue all over, and not flat."""
    heart = np.asarray(artwork.picture("heart", 96, "blue")).astype(int)

    solid = heart[heart[..., 3] > 200]

    assert (solid[:, 2] >= solid[:, 0]).mean() > 0.95
    assert solid[:, 2].std() > 5


def test_artwork_that_is_missing_says_what_to_install(tmp_path, monkeypatch):
    """Nobody should have to look for the package's name."""
    monkeypatch.setattr("worker.train.artwork.INSTALLED", tmp_path / "usr")

    with pytest.raises(FileNotFoundError, match="fonts-noto-color-emoji"):
        Artwork.load(tmp_path)
