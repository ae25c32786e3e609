"""A picture is laid over its thumbnail and told from any other, whatever was done to it."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from core.provenance.examine.align import Geometry, Original
from core.provenance.examine.fitting import fit

SIDE, PERIOD = 640, 256


def _painting(seed):
    """Draw overlapping shapes, so that every part has some structure of its own."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (SIDE, SIDE), tuple(random.integers(40, 220, 3).tolist()))
    brush = ImageDraw.Draw(image)
    for _ in range(220):
        x, y, size = [*random.integers(0, SIDE, 2).tolist(), int(random.integers(8, 60))]
        colour = tuple(random.integers(10, 245, 3).tolist())
        draw = brush.ellipse if random.random() < 0.5 else brush.rectangle
        draw((x, y, x + size, y + size), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _sky(top, bottom):
    share = np.linspace(0, 1, SIDE)[:, None, None]
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    return Image.fromarray(rows.repeat(SIDE, axis=1).astype(np.uint8))


def _original(image):
    small, out = image.copy(), io.BytesIO()
    small.thumbnail((320, 320))
    small.save(out, "WEBP", quality=75)
    return Original(Image.open(out).convert("RGB"), *image.size)


def _jpeg(image, quality=60):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def _at(scale=1.0, left=0.0, top=0.0, *, is_mirrored=False):
    """Say what a mark would: the place is known but for whole periods."""
    return Geometry(scale, scale, is_mirrored, (left % PERIOD, top % PERIOD), PERIOD)


@pytest.fixture(scope="module")
def painting():
    return _painting(1)


@pytest.fixture(scope="module")
def original(painting):
    return _original(painting)


def test_compressed_picture_is_the_same_and_nothing_else(painting, original):
    found = fit(_jpeg(painting, 40), original, _at())

    assert found.fit == "same"
    assert (found.is_resized, found.is_mirrored, found.is_recoloured) == (False, False, False)
    assert (found.kept, found.placed, found.region) == (None, None, None)


@pytest.mark.parametrize("scale", [0.3, 0.5, 1.5])
def test_resized_picture_is_told_with_its_scale(painting, original, scale):
    side = round(SIDE * scale)

    found = fit(_jpeg(painting.resize((side, side))), original, _at(scale))

    assert (found.fit, found.is_resized) == ("same", True)
    assert found.scale == pytest.approx(scale, rel=0.01)
    assert found.kept is None


def test_cut_out_is_placed_to_a_hundredth(painting, original):
    found = fit(_jpeg(painting.crop((200, 90, 560, 420))), original, _at(1, 200, 90))

    kept = [found.kept.left, found.kept.top, found.kept.width, found.kept.height]
    assert kept == pytest.approx([200 / 640, 90 / 640, 360 / 640, 330 / 640], abs=0.01)
    assert found.placed is None


def test_mirrored_cut_out_keeps_the_originals_side(painting, original):
    """What is kept is told in the original, that is not mirrored."""
    piece = ImageOps.mirror(painting.crop((0, 0, 300, 640)))

    found = fit(_jpeg(piece), original, _at(1, 0, 0, is_mirrored=True))

    assert (found.fit, found.is_mirrored) == ("same", True)
    assert [found.kept.left, found.kept.width] == pytest.approx([0, 300 / 640], abs=0.01)


def test_bars_are_told_from_the_picture(painting, original):
    framed = Image.new("RGB", (SIDE, SIDE + 160), "black")
    framed.paste(painting, (0, 80))

    found = fit(_jpeg(framed), original, _at(1, 0, -80))

    placed = [found.placed.left, found.placed.top, found.placed.width, found.placed.height]
    assert placed == pytest.approx([0, 0.1, 1, 0.8], abs=0.01)
    assert found.region is None


def test_banner_over_the_picture_is_an_edit(painting, original):
    painted = painting.copy()
    painted.paste("white", (0, 0, SIDE, 70))

    found = fit(_jpeg(painted), original, _at())

    assert (found.fit, found.placed) == ("same", None)
    assert [found.region.top, found.region.width] == pytest.approx([0, 1], abs=0.03)
    assert found.region.height == pytest.approx(70 / 640, abs=0.04)


def test_several_changes_at_once_are_all_told(painting, original):
    """Painted over, cut, made brighter, halved, mirrored and compressed."""
    edited = painting.copy()
    edited.paste(_painting(9).crop((0, 0, 128, 128)), (300, 320))
    edited = edited.crop((100, 100, 640, 640)).point(lambda value: round(value * 0.8))
    edited = _jpeg(ImageOps.mirror(edited.resize((270, 270))))

    found = fit(edited, original, _at(0.5, 100, 100, is_mirrored=True))

    assert (found.fit, found.is_resized, found.is_mirrored) == ("same", True, True)
    assert found.is_recoloured
    assert found.kept.left == pytest.approx(100 / 640, abs=0.01)
    # The patch began at 300 - 100 of 540 from the left, and is 128 wide; then it was mirrored.
    assert found.region.left == pytest.approx(1 - 328 / 540, abs=0.05)
    assert found.region.width == pytest.approx(128 / 540, abs=0.06)


def test_whole_picture_is_found_without_a_mark(painting, original):
    found = fit(_jpeg(painting.resize((400, 400))), original, None)

    assert (found.fit, found.is_resized) == ("same", True)


def test_cut_out_is_found_without_a_mark(painting, original):
    found = fit(_jpeg(painting.crop((100, 50, 500, 450))), original, None)

    assert found.fit == "same"
    assert found.kept.left == pytest.approx(100 / 640, abs=0.02)


def test_squeezed_picture_is_found_though_a_mark_tells_one_scale(painting, original):
    squeezed = painting.resize((SIDE, round(SIDE * 0.9)))

    found = fit(_jpeg(squeezed), original, _at(0.9**0.5))

    assert (found.fit, found.is_resized) == ("same", True)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_other_picture_is_another(original, seed):
    assert fit(_painting(seed), original, _at()).fit == "other"
    assert fit(_painting(seed).crop((40, 80, 500, 560)), original, _at(1, 40, 80)).fit == "other"


def test_more_new_than_old_is_not_the_same(painting, original):
    mixed = _painting(5)
    mixed.paste(painting.crop((0, 0, 180, SIDE)), (0, 0))

    assert fit(_jpeg(mixed), original, _at()).fit != "same"


def test_sky_is_known_by_its_light(painting):
    sky = _sky((40, 60, 150), (250, 200, 120))

    assert fit(_jpeg(sky), _original(sky), _at()).fit == "same"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(((60, 40, 30), (255, 150, 140)), id="in-other-colours"),
        pytest.param(((250, 200, 120), (40, 60, 150)), id="upside-down"),
    ],
)
def test_another_sky_is_never_the_same(other):
    """Two gradients go together but for their colours, which prove nothing."""
    original = _original(_sky((40, 60, 150), (250, 200, 120)))

    assert fit(_sky(*other), original, _at()).fit != "same"


def test_empty_picture_says_nothing(painting):
    blank = Image.new("RGB", (SIDE, SIDE), (128, 128, 128))

    assert fit(blank, _original(blank), _at()).fit == "unclear"


def test_scrap_is_too_little_to_tell_by(painting, original):
    scrap = painting.crop((300, 300, 364, 364))

    assert fit(scrap, original, _at(1, 300, 300)).fit == "unclear"
