"""Raw pixels become a picture large enough to post, with words for those who can not see it."""

import pytest

from worker.encode import ALT_TEXT_MAX, alt_text, picture_of
from worker.engine.messages import PictureDrawn


def drawn(width, height):
    pixels = bytes(range(256)) * 3 * width * height
    return PictureDrawn(
        request_id="r",
        picture=0,
        width=width,
        height=height,
        rgb=pixels[: width * height * 3],
        seed=1,
        duration_s=0.5,
    )


@pytest.mark.parametrize(
    ("size", "posted"),
    [
        pytest.param((128, 128), (512, 512), id="the shipped model"),
        pytest.param((48, 96), (512, 1024), id="the shorter side counts"),
        pytest.param((512, 512), (512, 512), id="large enough"),
        pytest.param((768, 1376), (768, 1376), id="larger"),
    ],
)
def test_small_pictures_are_enlarged(size, posted):
    """The shorter side is at least what is posted; nothing is ever made smaller."""
    assert picture_of(drawn(*size), 512).size == posted


def test_a_picture_that_is_large_enough_keeps_its_pixels():
    """Bit for bit what the engine drew."""
    picture = drawn(16, 8)

    assert picture_of(picture, 8).tobytes() == picture.rgb


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        pytest.param("a red apple", "AI-generated picture: a red apple", id="plain"),
        pytest.param("a\n cat  nap", "AI-generated picture: a cat nap", id="one line"),
        pytest.param(
            "a cat::2 snow:: rain::-1",
            "AI-generated picture: a cat, snow",
            id="only what is wanted",
        ),
    ],
)
def test_alt_text_is_the_words_that_called_for_it(prompt, text):
    """Without weights, and it says first what it is."""
    assert alt_text(prompt) == text


def test_alt_text_fits_where_it_is_posted():
    """A long prompt is cut and shows that it was."""
    text = alt_text("word " * 1000)

    assert len(text) == ALT_TEXT_MAX
    assert text.endswith("…")
