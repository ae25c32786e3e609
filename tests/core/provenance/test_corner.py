"""Words in the corner are as high as asked, readable on any ground, and nowhere else."""

import pytest
from PIL import Image, ImageChops

from core.provenance.corner import HEIGHT_SHARE, WORDS, WORDS_CN, with_corner


def _ink(image) -> tuple[int, int, int, int]:
    """Find where the light strokes are on a black picture."""
    return image.convert("L").point(lambda value: 255 if value > 200 else 0).getbbox()


@pytest.mark.parametrize("words", [WORDS, WORDS_CN])
@pytest.mark.parametrize("size", [(512, 512), (1024, 576), (700, 1400)])
def test_letters_are_a_twentieth_of_the_short_side(words, size):
    marked = with_corner(Image.new("RGB", size), words)

    left, top, right, bottom = _ink(marked)

    assert bottom - top >= HEIGHT_SHARE * min(size)
    assert bottom - top <= HEIGHT_SHARE * min(size) * 1.3
    assert left > size[0] / 2
    assert top > size[1] * 0.8
    assert (right, bottom) < size


@pytest.mark.parametrize("ground", ["white", "black", (128, 128, 128)])
def test_letters_stand_out_on_any_ground(ground):
    """Light strokes on a dark plate, whatever lies below."""
    plate = (
        with_corner(Image.new("RGB", (512, 512), ground)).crop((480, 470, 512, 512)).convert("L")
    )

    darkest, lightest = plate.getextrema()

    assert lightest - darkest >= 100


def test_nothing_else_changes():
    """And not the picture that was handed in."""
    image = Image.effect_noise((512, 512), 40).convert("RGB")
    before = image.tobytes()

    changed = ImageChops.difference(with_corner(image), image).getbbox()

    assert image.tobytes() == before
    assert changed[0] > 400
    assert changed[1] > 400


def test_chinese_signs_are_not_the_same_sign():
    """Drawn as strokes of our own: 生 and 成 differ from each other and from an empty box."""
    latin, chinese = (with_corner(Image.new("RGB", (512, 512)), each) for each in (WORDS, WORDS_CN))

    assert _ink(chinese)[0] < _ink(latin)[0] - 40
    box = _ink(chinese)
    height = box[3] - box[1]
    last = chinese.crop((box[2] - height, box[1], box[2], box[3]))
    before = chinese.crop((box[2] - 2 * height - 6, box[1], box[2] - height - 6, box[3]))
    assert ImageChops.difference(last, before).getbbox() is not None


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(8, 8), (40, 300), (96, 64)])
def test_small_pictures_and_all_modes_are_taken(mode, size):
    marked = with_corner(Image.new(mode, size), WORDS_CN)

    assert (marked.mode, marked.size) == (mode, size)
