"""Mounted methods, on tiny networks with the mouths of TrustMark's and Pixel Seal's."""

import numpy as np
import pytest
from PIL import Image

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkState
from core.errors import UserError
from core.provenance.mark.base import Effort
from core.provenance.mark.marker import load_marker
from tests.core.provenance.mark import networks

MARK_ID = VerifyId("0123456789abcdef")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Both methods' files in one folder."""
    folder = tmp_path_factory.mktemp("weights")
    networks.embedder(folder / "encoder_Q.onnx", 100, 0.004, is_whole=True)
    networks.reader(folder / "decoder_Q.onnx", 100, has_presence=False)
    networks.embedder(folder / "embedder.onnx", 256, 0.001, is_whole=False)
    networks.reader(folder / "detector.onnx", 256, has_presence=True)
    return folder


@pytest.fixture(scope="module")
def smooth():
    """A picture that is not square, with nothing in it that the patterns have."""
    y, x = np.mgrid[0:320, 0:480]
    return np.stack([60 + x / 4, 80 + y / 4, 200 - x / 5], axis=-1).astype(np.uint8)


METHODS = [pytest.param("trustmark", id="trustmark"), pytest.param("pixelseal", id="pixelseal")]


@pytest.mark.parametrize("backend", METHODS)
def test_a_mounted_method_writes_and_reads_an_id(tmp_path, weights, smooth, backend):
    """At the size of the picture; mirrored, too, and made smaller."""
    marker = load_marker(tmp_path, backend=backend, weights=weights)

    embedded = marker.embed(smooth, MARK_ID)

    assert embedded.facts.state is MarkState.MARKED
    assert (embedded.facts.backend, embedded.facts.key_version) == (backend, 1)
    assert embedded.pixels.shape == smooth.shape
    assert np.abs(embedded.pixels.astype(int) - smooth).max() < 60
    smaller = np.asarray(Image.fromarray(embedded.pixels).resize((400, 267)))
    for pixels in (embedded.pixels, embedded.pixels[:, ::-1], smaller):
        found = marker.detect(pixels, Effort.QUICK)
        assert (found.mark_id, found.backend) == (MARK_ID, backend)
    assert marker.detect(smooth, Effort.QUICK) is None


@pytest.mark.parametrize("backend", METHODS)
def test_a_mounted_method_writes_the_same_again(tmp_path, weights, smooth, backend):
    """By the facts alone, and by no others."""
    marker = load_marker(tmp_path, backend=backend, weights=weights)
    embedded = marker.embed(smooth, MARK_ID)

    again = marker.embed_as(smooth, embedded.facts)

    assert (again == embedded.pixels).all()
    with pytest.raises(ValueError):
        marker.embed_as(smooth, embedded.facts.model_copy(update={"key_version": 3}))


def test_pictures_too_small_for_the_networks_come_back(tmp_path, weights, smooth):
    """They would be enlarged, marked, and made small again."""
    marker = load_marker(tmp_path, backend="trustmark", weights=weights)

    embedded = marker.embed(smooth[:200], MARK_ID)

    assert embedded.facts.state is MarkState.TOO_SMALL
    assert embedded.pixels.shape == (200, 480, 3)


def test_a_mark_that_cannot_be_read_at_once_is_weak(tmp_path, weights, smooth):
    """Stripes of the patterns' own width drown them."""
    marker = load_marker(tmp_path, backend="pixelseal", weights=weights)
    random = np.random.default_rng(3)
    loud = np.kron(random.integers(0, 256, (32, 32)), np.ones((10, 15)))
    pixels = loud[..., None].repeat(3, 2).astype(np.uint8)

    assert marker.embed(pixels, MARK_ID).facts.state is MarkState.WEAK


def test_what_writes_can_change_and_everything_is_still_read(tmp_path, weights, smooth, picture):
    """Our own method first, then what is mounted; turned off or not."""
    own = load_marker(tmp_path, backend="easel.ss64").embed(picture, MARK_ID).pixels
    theirs = load_marker(tmp_path, backend="trustmark", weights=weights).embed(smooth, MARK_ID)

    for backend in ("pixelseal", "easel.ss64", "off"):
        marker = load_marker(tmp_path, backend=backend, weights=weights)
        assert marker.detect(own, Effort.QUICK).backend == "easel.ss64"
        assert marker.detect(theirs.pixels, Effort.QUICK).backend == "trustmark"


def test_another_key_reads_nothing(tmp_path, weights, smooth):
    """The networks are public; the key is what vouches."""
    marked = load_marker(tmp_path / "a", backend="trustmark", weights=weights)
    other = load_marker(tmp_path / "b", backend="trustmark", weights=weights)

    assert other.detect(marked.embed(smooth, MARK_ID).pixels, Effort.QUICK) is None


def test_a_method_without_weights_ends_the_start(tmp_path):
    """Nothing was mounted."""
    with pytest.raises(UserError) as refusal:
        load_marker(tmp_path, backend="pixelseal")

    assert refusal.value.facts == {"file": "embedder.onnx", "reason": "missing"}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(lambda path: path.unlink(), "missing", id="no file"),
        pytest.param(lambda path: path.write_bytes(b"rubbish"), "file", id="no network"),
        pytest.param(
            lambda path: networks.reader(path, 100, has_presence=False), "inputs", id="another's"
        ),
    ],
)
def test_weights_that_do_not_fit_end_the_start(tmp_path, weights, spoil, reason):
    """Rather than post without marks, or by another method."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for file in weights.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    spoil(folder / "encoder_Q.onnx")

    with pytest.raises(UserError) as refusal:
        load_marker(tmp_path, backend="trustmark", weights=folder)

    assert refusal.value.code == "mark_weights_unusable"
    assert refusal.value.facts == {"file": "encoder_Q.onnx", "reason": reason}
