"""The shipped enlarger beats Lanczos, keeps to the asked size, and shows no seams."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from worker.engine import enlarge
from worker.engine.enlarge import FACTOR, FOLDER, Enlarger, EnlargerNetwork

SIDE = 512


@pytest.fixture(scope="module")
def enlarger():
    torch.set_num_threads(1)
    return Enlarger.load()


@pytest.fixture(scope="module")
def drawing():
    """Draw what no training picture shows, at the size that it is to come back to."""
    canvas = Image.new("RGB", (4 * SIDE, 4 * SIDE), (240, 225, 190))
    draw = ImageDraw.Draw(canvas)
    draw.polygon([(300, 1700), (1000, 260), (1740, 1640)], fill=(150, 40, 90))
    draw.ellipse((560, 720, 1300, 1460), fill=(30, 120, 130), outline=(10, 20, 40), width=40)
    draw.line((120, 300, 1900, 1000), fill=(250, 250, 250), width=56)
    draw.rounded_rectangle((1250, 250, 1850, 560), 90, fill=(250, 180, 30))
    draw.arc((200, 1200, 1000, 1980), 20, 300, fill=(60, 60, 60), width=36)
    return canvas.resize((SIDE, SIDE), Image.Resampling.BOX)


def psnr(made, true):
    error = np.square(np.asarray(made, np.float64) - np.asarray(true, np.float64)).mean()
    return 10 * np.log10(255**2 / error)


def small(drawing, side=SIDE // FACTOR):
    return np.asarray(drawing.resize((side, side), Image.Resampling.BOX))


def test_it_comes_nearer_to_the_truth_than_lanczos(enlarger, drawing):
    """By a decibel at least, on a drawing of neither its artwork nor its makers'."""
    given = small(drawing)
    plain = Image.fromarray(given).resize((SIDE, SIDE), Image.Resampling.LANCZOS)

    made = enlarger.enlarge(given, SIDE)

    assert psnr(made, drawing) > psnr(plain, drawing) + 1.0


@pytest.mark.parametrize(
    ("height", "width", "side", "expected"),
    [
        pytest.param(32, 32, 128, (128, 128), id="four times"),
        pytest.param(16, 16, 128, (128, 128), id="eight times"),
        pytest.param(33, 20, 101, (101, 61), id="odd"),
        pytest.param(20, 40, 80, (40, 80), id="wide"),
        pytest.param(60, 60, 70, (70, 70), id="hardly larger"),
        pytest.param(60, 30, 30, (30, 15), id="smaller"),
        pytest.param(24, 24, 24, (24, 24), id="as it is"),
        pytest.param(1, 1, 4, (4, 4), id="one pixel"),
        pytest.param(200, 1, 10, (10, 1), id="a line, smaller"),
    ],
)
def test_the_longer_side_is_exactly_the_asked_one(enlarger, height, width, side, expected):
    given = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)

    made = enlarger.enlarge(given, side)

    assert made.shape == (*expected, 3)
    assert made.dtype == np.uint8


def test_the_same_picture_always_gives_the_same_result(enlarger, drawing):
    given = small(drawing, 32)

    first, again = (enlarger.enlarge(given, 128) for _ in range(2))

    assert np.array_equal(first, again)


def test_tiles_leave_no_seam(enlarger, drawing, monkeypatch):
    """Each tile sees as far around it as the network can look."""
    given = small(drawing, 100)
    monkeypatch.setattr(enlarge, "TILE", 1000)
    whole = enlarger.enlarge(given, 400)

    monkeypatch.setattr(enlarge, "TILE", 40)
    tiled = enlarger.enlarge(given, 400)

    # Convolutions of other shapes sum in another order, which may move a value's rounding.
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_a_result_depends_on_no_more_than_the_tiles_overlap():
    """The reach that the overlap is made of is the network's own."""
    network = EnlargerNetwork(4, 2).eval()
    pixels = torch.rand(1, 3, 41, 41, requires_grad=True)

    network(pixels)[0, :, 80:84, 80:84].sum().backward()

    seen = pixels.grad[0].abs().sum(0) > 0
    assert seen.any(1).nonzero().min() >= 20 - network.reach
    assert seen.any(0).nonzero().max() <= 20 + network.reach


def test_plain_colours_stay_what_they_are(enlarger):
    """White is white at the edges too, where convolutions see what is not there."""
    for colour in ((255, 255, 255), (15, 30, 95), (220, 30, 35)):
        given = np.full((24, 24, 3), colour, np.uint8)

        made = enlarger.enlarge(given, 96)

        assert np.abs(made.astype(int) - colour).max() <= 3


def test_the_shipped_network_is_small():
    """Three megabytes are what it may cost a clone."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(OSError, match="config"):
        Enlarger.load(tmp_path)


def at_each_pause(pieces):
    """What comes of each piece: nothing, but for the last one."""
    made = yield from pieces
    yield made


@pytest.mark.parametrize(
    ("height", "width", "side", "pauses"),
    [
        pytest.param(16, 16, 64, 0, id="one tile"),
        pytest.param(40, 60, 240, 3 * 2 - 1, id="two rows of three"),
        pytest.param(16, 16, 256, 1 + 4 * 4 - 1, id="two passes"),
        pytest.param(60, 60, 60, 0, id="nothing to do"),
    ],
)
def test_it_can_be_paused_between_any_two_tiles(enlarger, monkeypatch, height, width, side, pauses):
    """Whoever does something else meanwhile gets the same picture."""
    monkeypatch.setattr(enlarge, "TILE", 20)
    given = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    expected = enlarger.enlarge(given, side)

    *paused, made = at_each_pause(enlarger.enlarging(given, side))

    assert len(paused) == pauses
    assert np.array_equal(made, expected)
