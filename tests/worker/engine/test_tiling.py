"""`--tile` makes the edges of that one picture meet."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import UserError
from tests.worker.engines import SHIPPED, request_for, unwatched
from worker.engine.tiling import tiled
from worker.engine.whole import Whole


def seams(pixels) -> tuple[float, float]:
    """Measure how far the colours jump across the left-right and the top-bottom edge."""
    values = pixels.astype(np.float64)
    return (
        float(np.abs(values[:, 0] - values[:, -1]).mean()),
        float(np.abs(values[0] - values[-1]).mean()),
    )


def test_edges_meet_only_where_asked(shipped):
    """The jump across the top-bottom edge of a gradient all but vanishes; the next draw has it."""
    plain = request_for("a cat on a red to blue gradient", steps=12, guidance_scale=4.0)
    tile = plain.model_copy(update={"is_tile": True})

    def draw(request):
        return Whole(shipped.pipeline, SHIPPED).draw(request, 0, lambda _report: None)

    before, tiles, after = draw(plain), draw(tile), draw(plain)

    assert seams(before)[1] > 100, "a gradient from red to blue has an edge to lose"
    assert seams(tiles)[1] < seams(before)[1] / 4
    assert seams(tiles)[0] < 20
    assert np.array_equal(before, after), "nothing of the tiling stays behind"


def repeated(drawn) -> np.ndarray:
    """Lay a posted picture two by two."""
    pixels = np.frombuffer(drawn.rgb, np.uint8).reshape(drawn.height, drawn.width, 3)
    return np.tile(pixels.astype(np.float64), (2, 2, 1))


def jumps(pixels, axis) -> tuple[float, float]:
    """Measure how far colours jump at the seam of a two by two repeat, and inside at the most."""
    lines = np.abs(np.diff(pixels, axis=axis)).mean(axis=(1 - axis, 2))
    seam = len(lines) // 2
    return float(lines[seam]), float(np.delete(lines, seam).max())


def test_a_posted_tile_repeats_without_a_seam(engine):
    """Drawn and enlarged by the engine as for posting: the seam is no edge among the others."""
    plain = request_for(
        "a cat on a red to blue gradient", steps=12, guidance_scale=4.0, enlarge_to=512
    )
    tile = plain.model_copy(update={"is_tile": True, "request_id": "tile"})

    before, after = (
        repeated(engine.draw(request, unwatched).pictures[0]) for request in (plain, tile)
    )

    assert before.shape == after.shape == (1024, 1024, 3)
    seam, inside = jumps(before, 0)
    assert seam > 10 * inside, "a gradient from red to blue has a seam to lose"
    for axis in (0, 1):
        seam, inside = jumps(after, axis)
        assert seam < inside


def test_a_model_without_convolutions_to_wrap_says_so():
    """A transformer can not tile this way, and the person is told which flag it was."""
    with pytest.raises(UserError) as refused, tiled(SimpleNamespace(transformer=object())):
        pass

    assert (refused.value.code, refused.value.facts) == (
        "model_flag_unsupported",
        {"flag": "--tile"},
    )
