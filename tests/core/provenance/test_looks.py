"""A picture's looks outlast what platforms do to it, and are the bits that other programs write."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.provenance.distance import MAX_DISTANCE, distance
from core.provenance.looks import looks_of, phash_of

SHEET = Path(__file__).resolve().parents[3] / "worker/models/easel-small/samples.png"
ALIKE = 40


@pytest.fixture(scope="module")
def drawn():
    """Pictures of the shipped model, cut out of its sample sheet."""
    sheet = Image.open(SHEET).convert("RGB")
    corners = [(3 + 99 * at, 3) for at in range(8)]
    return [
        sheet.crop((x, y, x + 96, y + 96)).resize((384, 384), Image.Resampling.BICUBIC)
        for x, y in corners
    ]


def encoded(image, kind, **options):
    held = io.BytesIO()
    image.save(held, kind, **options)
    return Image.open(held).convert("RGB")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda each: encoded(each, "JPEG", quality=50), id="jpeg 50"),
        pytest.param(lambda each: encoded(each, "WEBP", quality=80), id="webp 80"),
        pytest.param(lambda each: each.resize((192, 192)), id="half"),
        pytest.param(lambda each: each.filter(ImageFilter.GaussianBlur(2)), id="blur"),
        pytest.param(lambda each: each.resize((437, 437)).resize((350, 350)), id="screenshot"),
    ],
)
def test_a_picture_is_known_again_by_its_phash(drawn, change):
    for image in drawn:
        before, after = looks_of(image), looks_of(change(image))

        assert distance(before.phash, after.phash) <= ALIKE


def test_different_pictures_are_not_taken_for_one(drawn):
    looks = [looks_of(each) for each in drawn]
    pairs = [(one, other) for at, one in enumerate(looks) for other in looks[at + 1 :]]

    assert min(distance(one.phash, other.phash) for one, other in pairs) > ALIKE
    told = [pair for pair in pairs if min(each.pdq_quality for each in pair) >= 50]
    assert min(distance(one.pdq, other.pdq) for one, other in told) > MAX_DISTANCE


def test_the_bits_are_those_of_the_cosine_transform(drawn):
    """Computed here from its definition, number by number, as ImageHash's 16 by 16 hash is."""
    small = np.asarray(drawn[0].convert("L").resize((64, 64), Image.Resampling.LANCZOS), float)
    places = 2 * np.arange(64) + 1
    low = np.zeros((16, 16))
    for row in range(16):
        down = (small * np.cos(np.pi * row * places / 128)[:, None]).sum(axis=0)
        for column in range(16):
            low[row, column] = 4 * (down * np.cos(np.pi * column * places / 128)).sum()
    bits = "".join("1" if each else "0" for each in (low > np.median(low)).ravel())

    assert phash_of(drawn[0]) == f"{int(bits, 2):064x}"


def test_flat_pictures_of_any_grey_hash_alike_and_say_so():
    """Not to the noise of adding up: and their quality tells that the hashes say nothing."""
    looks = [looks_of(Image.new("RGB", (96, 64), (grey,) * 3)) for grey in (1, 77, 255)]

    assert len({each.phash for each in looks}) == 1
    assert [each.pdq_quality for each in looks] == [0, 0, 0]
