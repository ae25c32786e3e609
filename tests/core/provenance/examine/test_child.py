"""Strangers' files are decoded by the one decoder of their type, first frame only, or refused."""

import io

import pytest
from PIL import Image

from core.contracts.provenance import Problem
from core.provenance.examine import child
from core.provenance.examine.answers import Head, LayQuestion, Question
from core.provenance.mark.base import Detected, Effort
from tests.core.provenance.png import SIGNATURE, chunk, header

RED, BLUE = (250, 10, 10), (10, 10, 250)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def problem_of(data, media_type):
    with pytest.raises(child._Unreadable) as refused:
        child.decoded(data, media_type)
    return refused.value.problem


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_what_moves_is_looked_at(kind):
    data = saved(
        Image.new("RGB", (20, 10), RED),
        kind,
        save_all=True,
        append_images=[Image.new("RGB", (20, 10), BLUE)],
        **({} if kind == "GIF" else {"lossless": True} if kind == "WEBP" else {}),
    )

    red, _, blue = child.decoded(data, f"image/{kind.lower()}").getpixel((5, 5))

    assert (red > 200, blue < 100) == (True, True)


def test_picture_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.new("RGB", (40, 20), RED), "JPEG", exif=exif)

    assert child.decoded(data, "image/jpeg").size == (20, 40)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_pixel_becomes_colours(mode):
    data = saved(Image.new(mode, (12, 9)), "PNG")

    decoded = child.decoded(data, "image/png")

    assert (decoded.mode, decoded.size) == ("RGB", (12, 9))


def test_file_is_not_what_another_decoder_makes_of_it():
    """Told to be a PNG by its first bytes, it is tried as nothing else."""
    assert problem_of(saved(Image.new("RGB", (9, 9)), "BMP"), "image/png") == Problem.HEADER_BROKEN


def test_size_in_the_header_is_held_before_anything_unfolds():
    data = SIGNATURE + header(20_000, 20_000) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")

    assert problem_of(data, "image/png") == Problem.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_spoilt_file_is_refused_or_decoded_and_never_raises_more(kind):
    """Turn over a byte here and there: decoders raise a dozen kinds of error at that."""
    noise = Image.effect_noise((64, 64), 60).convert("RGB")
    data = saved(noise, kind)

    outcomes = set()
    for at in range(12, len(data), max(1, len(data) // 60)):
        spoilt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        try:
            outcomes.add(child.decoded(spoilt, f"image/{kind.lower()}").mode)
        except child._Unreadable as error:
            outcomes.add(error.problem)

    assert outcomes <= {"RGB", *Problem}
    assert len(outcomes) > 1 or kind == "GIF"


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (63, 700), (90, 9000)])
def test_speck_or_stroke_says_nothing_and_raises_nothing(size):
    """It is what is left of a picture when it is laid over a thumbnail that would be empty."""
    thumbnail = saved(Image.effect_noise((320, 200), 50).convert("RGB"), "WEBP")
    examiner = child._Examiner(Image.new("RGB", size, RED), _Finder(None, (0, 0)))
    lay = LayQuestion(thumbnail=thumbnail, width=1024, height=640, is_by_mark=False)

    assert examiner.answer(Question(do="look")).seen.width == size[0]
    assert examiner.answer(Question(do="search")).mark is None
    assert examiner.answer(Question(do="lay", lay=lay)).fitting.fit == "unclear"


class _Finder:
    """A method that finds its mark in a part of a certain size alone."""

    def __init__(self, found, size):
        self._found, self._size = found, size

    def detect(self, pixels, effort=Effort.FULL):
        return self._found if pixels.shape[:2] == self._size else None


@pytest.mark.parametrize(
    ("is_mirrored", "x"),
    [pytest.param(False, -432, id="plain"), pytest.param(True, -432, id="mirrored")],
)
def test_mark_in_the_middle_of_a_large_picture_tells_the_whole_pictures_place(is_mirrored, x):
    """The part begins (3200 - 1536) / 2 = 832 pixels in, 416 marked ones at scale 2."""
    found = Detected("ab" * 8, "fake", 1, 2.0, is_mirrored, 9.0, (-16.0, 0.0), 256)
    picture = Image.new("RGB", (3200, 3200))
    examiner = child._Examiner(picture, _Finder(found, (1536, 1536)))

    mark = examiner.answer(Question(do="glance")).mark

    assert mark.origin == (x, -416)


def test_reader_of_marks_has_every_key_it_is_given():
    keys = ((1, "11" * 32), (2, "22" * 32))

    marker = child.marker_of(Head(media_type="image/png", size_bytes=0, mark_keys=keys))

    assert [key.version for key in marker._readers[0]._keys.versions] == [1, 2]
    assert child.marker_of(Head(media_type="image/png", size_bytes=0))._readers == ()
